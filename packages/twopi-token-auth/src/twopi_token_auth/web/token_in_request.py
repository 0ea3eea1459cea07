"""Where a request carries its token (RFC 6750 section 2)."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from twopi_token_auth.app.state import current_state

_SAFE = {"GET", "HEAD", "OPTIONS"}  # RFC 9110 section 9.2.1


def find_token(
    *, auth_header: bool, query_string: bool, cookie: str | None = None
) -> str | None:
    """Return the token of the current request as the client wrote it, or None.

    The header beats the query string, and that the cookie; of several ``?token=`` the
    first one counts. Another scheme, or more than one word after ``Bearer``, is no
    token. ``TOKEN_AUTH_QUERY_STRING = False`` switches the query string off everywhere.
    A cookie that another site makes the browser send along does not count where the
    request may change something.

    Args:
        auth_header: Look into the ``Authorization`` header.
        query_string: Look at the parameter ``token`` of the query string.
        cookie: The name of the cookie to look at, if any.
    """
    environ = request._get_current_object().environ  # type: ignore[attr-defined]  # noqa: SLF001
    if auth_header:
        header: str = environ.get("HTTP_AUTHORIZATION", "")
        scheme, _, rest = header.partition(" ")
        word = rest.strip(" ")
        if word and scheme.lower() == "bearer" and not (" " in word or "\t" in word):
            return word
    if query_string and environ.get("QUERY_STRING"):
        found = request.args.get("token")
        if found is not None and current_state().settings.query_string:
            return found
    if cookie is not None and "HTTP_COOKIE" in environ:
        found = request.cookies.get(cookie)
        if found and (request.method in _SAFE or not _comes_from_elsewhere()):
            return found
    return None


def _comes_from_elsewhere() -> bool:
    """Tell whether a browser says that a page of another origin sends this request.

    What is not a browser says nothing, and keeps no cookies for others to use.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != request.host.lower()
    except ValueError:
        return True
