"""A test client that speaks as somebody, and whose responses show themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from twopi_testing.exchange import Exchange

READ = 1_000_000
"""The longest body, in bytes, that a ``repr`` reads for the beginning of it."""


class _Shown(TestResponse):
    """A response whose ``repr`` shows method, URL, status and body."""

    def __repr__(self) -> str:
        empty = 0 if self.status_code in {204, 304} else READ + 1
        length = self.headers.get("Content-Length", empty, type=int)
        if length > READ and not self.is_sequence:
            return f"<{Exchange.of(self).heading}: (a stream)>"
        try:
            return f"<{Exchange.of(self)}>"
        except Exception:  # noqa: BLE001  a closed file; a repr must not raise
            return f"<{Exchange.of(self).heading}: (cannot be read)>"


class ApiClient(FlaskClient):
    """A Flask test client for APIs; all it adds is `as_` and readable responses.

    The ``repr`` of a response shows the request and the body, so a plain
    ``assert api.get("/things").status_code == 200`` that fails prints them. Set it as
    ``app.test_client_class``, or make one with `of`:

    >>> from flask import Flask
    >>> from twopi_testing import ApiClient
    >>> app = Flask(__name__)
    >>> app.get("/me")(lambda: {"name": "ann"}).__name__
    '<lambda>'
    >>> ApiClient.of(app).as_("a.b.c").get("/me")
    <GET /me answered 200 OK: {"name":"ann"}>
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._made_with = args, kwargs
        self._credentials: frozenset[str] = frozenset()
        self.response_wrapper = type("Response", (_Shown, self.response_wrapper), {})

    @classmethod
    def of(cls, app: Flask) -> Self:
        """Return a client of *app*, which is not changed."""
        return cls(app, app.response_class)

    def as_(self, credentials: str | Mapping[str, str] | None) -> Self:
        """Return another client, with cookies of its own, that sends *credentials*.

        This client, its cookies and its ``environ_base`` stay as they are. Headers
        that a request names itself win over these.

        Args:
            credentials: A bearer token (RFC 6750, section 2.1), or headers; None is
                nobody.

        Raises:
            ValueError: A header belongs to a body, which is not the client's.
        """
        if isinstance(credentials, str):
            credentials = {"Authorization": f"Bearer {credentials}"}
        args, kwargs = self._made_with
        other = type(self)(*args, **kwargs)
        base = self.environ_base.items()
        kept = {name: text for name, text in base if name not in self._credentials}
        sent = {_variable(name): text for name, text in (credentials or {}).items()}
        other.environ_base = {**kept, **sent}
        other._credentials = frozenset(sent)  # noqa: SLF001  the same class
        return other


def _variable(name: str) -> str:
    """Return the WSGI variable of a header (PEP 3333)."""
    variable = name.upper().replace("-", "_")
    if variable in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
        raise ValueError(f"{name} belongs to a body; give it with the request")
    return f"HTTP_{variable}"
