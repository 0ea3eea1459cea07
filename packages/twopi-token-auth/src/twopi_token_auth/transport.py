"""Where a request carries its token (RFC 6750 section 2)."""

from __future__ import annotations

import re

from flask import request

from twopi_token_auth.extension import current_state

_BEARER = re.compile(r"bearer +(\S+) *", re.ASCII | re.IGNORECASE)


def find_token(*, auth_header: bool, query_string: bool) -> str | None:
    """Return the token of the current request as the client wrote it, or None.

    The header beats the query string, of several ``?token=`` the first one counts.
    Another scheme, or more than one word after ``Bearer``, is no token.
    ``TOKEN_AUTH_QUERY_STRING = False`` switches the query string off everywhere.

    Args:
        auth_header: Look into the ``Authorization`` header.
        query_string: Look at the parameter ``token`` of the query string.
    """
    if auth_header:
        match = _BEARER.fullmatch(request.environ.get("HTTP_AUTHORIZATION", ""))
        if match is not None:
            return match[1]
    if query_string and request.environ.get("QUERY_STRING"):
        found = request.args.get("token")
        if found and current_state().settings.query_string:
            return found
    return None
