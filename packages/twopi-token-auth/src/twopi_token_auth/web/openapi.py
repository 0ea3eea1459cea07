"""Where the token goes, for an OpenAPI document."""

from __future__ import annotations

from typing import Literal


def security_schemes(
    *,
    auth_header: bool = True,
    query_string: bool = True,
    cookie: str | Literal[False] = False,
) -> dict[str, dict[str, str]]:
    """Return OpenAPI's Security Scheme Objects (3.0 and 3.1) by their names.

    They belong into ``components.securitySchemes``. An operation names one under
    ``security``: ``[{"bearer": []}]``, with its scopes in the list from 3.1 on;
    ``[{}, {"bearer": []}]`` where a token may be missing.

    >>> from twopi_token_auth import security_schemes
    >>> security_schemes(query_string=False)
    {'bearer': {'type': 'http', 'scheme': 'bearer', 'bearerFormat': 'JWT'}}

    The defaults are those of `parse_auth_header`: pass both the same arguments.

    Args:
        auth_header: ``bearer``, the token in ``Authorization: Bearer ...``.
        query_string: ``query``, the token in ``?token=``.
        cookie: ``cookie``, the token in the cookie of this name.
    """
    schemes = {}
    if auth_header:
        schemes["bearer"] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    if query_string:
        schemes["query"] = {"type": "apiKey", "in": "query", "name": "token"}
    if cookie is not False:
        schemes["cookie"] = {"type": "apiKey", "in": "cookie", "name": cookie}
    return schemes
