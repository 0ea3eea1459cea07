"""Two endpoints for load balancers and deployments: ``/healthz`` and ``/release``."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from twopi_release.file import get_release
from twopi_release.find import Release

if TYPE_CHECKING:
    from flask import Blueprint, Response

log = logging.getLogger(__name__)


def release_blueprint(
    release: str | Release | None = None,
    *,
    checks: Mapping[str, Callable[[], object]] | None = None,
    url_prefix: str | None = None,
    header: str | None = None,
) -> Blueprint:
    """Return a blueprint with ``GET /release`` and ``GET /healthz``.

    ``/release`` answers ``{"release": ...}``. ``/healthz`` runs the *checks* and
    answers ``{"status": "ok", "checks": {name: "ok"}}``; if one raises, it says
    ``"failed"`` for that one and for the status, with 503 and ``Retry-After: 1``.
    The exception goes to the log and never to the client. Neither is cached.

    Args:
        release: The release to report, a text or what `find_release` has found; the
            default is `get_release`, asked once, when this function is called: a
            process keeps the code it started with, also after a new
            ``version.txt`` has been deployed under it.
        checks: Functions that raise if the thing they are named after is down.
        url_prefix: Where to mount the two, for example ``"/internal"``.
        header: The name of a header that carries the release on each response of the
            application, for example ``"X-Release"``. Strangers see it too. What is not
            printable ASCII in the release is a ``?`` there.

    Raises:
        ModuleNotFoundError: Flask is missing; install ``twopi-release[flask]``.
    """
    from flask import Blueprint, jsonify

    running = get_release() if release is None else str(release)
    blueprint = Blueprint("twopi_release", __name__, url_prefix=url_prefix)

    @blueprint.get("/release")
    def show_release() -> Response:
        return jsonify(release=running)

    @blueprint.get("/healthz")
    def show_health() -> Response:
        states = {name: _state(name, check) for name, check in (checks or {}).items()}
        healthy = all(state == "ok" for state in states.values())
        response = jsonify(status="ok" if healthy else "failed", checks=states)
        if not healthy:
            response.status_code = 503
            response.headers["Retry-After"] = "1"
        return response

    @blueprint.after_request
    def forbid_caching(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return response

    if header is not None:
        text = re.sub(r"[^ -~]", "?", running)

        @blueprint.after_app_request
        def say_release(response: Response) -> Response:
            response.headers[header] = text
            return response

    return blueprint


def _state(name: str, check: Callable[[], object]) -> str:
    try:
        check()
    except Exception:
        log.exception("Health check %r failed", name)
        return "failed"
    return "ok"
