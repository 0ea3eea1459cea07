"""The document and its page over HTTP."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    render_template,
    request,
    url_for,
)

from twopi_openapi.document import document
from twopi_openapi.marks import hidden
from twopi_openapi.page import listing

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class _Made(NamedTuple):
    document: dict[str, Any]
    etag: str


def openapi_blueprint(
    *,
    url_prefix: str = "/docs",
    name: str = "twopi_openapi",
    decorators: Sequence[Callable[..., Any]] = (),
    page: bool = True,
    **options: Any,
) -> Blueprint:
    """Return a blueprint with ``openapi.json`` and a page that shows it.

    The document is made by the first request and kept: register this blueprint with the
    others, in any order. The page needs no script and no other host, and obeys a strict
    Content-Security-Policy; with scripts it filters, and tries operations with a token
    that is kept in memory only. None of the three views is in the document.

    .. code-block:: python

        from flask import Flask
        from twopi_openapi import openapi_blueprint

        app = Flask("notes")
        app.register_blueprint(openapi_blueprint(title="Notes"))
        client = app.test_client()
        assert client.get("/docs/openapi.json").json["info"]["title"] == "Notes"
        assert client.get("/docs/").status_code == 200

    Args:
        url_prefix: Where to mount it.
        name: The blueprint's name; give another to a second one.
        decorators: Decorators of its views, such as one that asks for a token. The
            outermost last.
        page: Whether there is a page.
        **options: Arguments of `document`.
    """
    blueprint = Blueprint(
        name,
        __name__,
        url_prefix=url_prefix,
        template_folder="templates",
        static_folder="assets",
        static_url_path="/assets",
    )
    made: WeakKeyDictionary[Flask, _Made] = WeakKeyDictionary()
    lock = threading.Lock()

    def current() -> _Made:
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        with lock:
            if app not in made:
                said = document(app, **options)
                text = json.dumps(said, sort_keys=True)
                etag = hashlib.sha256(text.encode()).hexdigest()[:32]
                made[app] = _Made(said, etag)
            return made[app]

    def served() -> dict[str, Any]:
        """Return the document; behind a prefix its server is there."""
        said = current().document
        if options.get("servers") is None:
            said = said | {"servers": [{"url": request.root_path or "/"}]}
        return said

    def show_document() -> Response:
        response: Any = current_app.json.response(served())
        response.set_etag(f"{current().etag}{request.root_path}".replace("/", "-"))
        response.headers["Cache-Control"] = "no-cache"
        conditional: Response = response.make_conditional(request)
        return conditional

    def show_page() -> Response:
        said = served()
        response = Response(
            render_template(
                "twopi_openapi.html",
                document=said,
                groups=listing(said),
                server=said["servers"][0]["url"].rstrip("/"),
                asset=lambda file: url_for(f"{blueprint_name()}.static", filename=file),
                source=url_for(f"{blueprint_name()}.show_document"),
            ),
            mimetype="text/html",
        )
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-cache"
        return response

    def blueprint_name() -> str:
        return str(request.blueprint)

    views = {"openapi.json": show_document, **({"": show_page} if page else {})}
    for path, view in views.items():
        wrapped: Callable[..., Any] = view
        for decorate in decorators:
            wrapped = decorate(wrapped)
        blueprint.add_url_rule(f"/{path}", view.__name__, hidden(wrapped))
    return blueprint
