"""The answers to a request without a token, or without one that is good enough.

Each is a `flask.Response`, which plain views, method views and the resources of
flask-restful can all return.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from flask import Response, current_app, jsonify

from twopi_token_auth.app.state import current_state
from twopi_token_auth.errors import TokenErrorCode

ERROR_BODY = "twopi_token_auth_error_body"


def missing_token() -> Response:
    """Answer 401 to a request without a token (RFC 6750 section 3.1: no error code)."""
    message = "A valid token is required to access this resource"
    return error_response(401, message, "missing")


def invalid_token(code: TokenErrorCode | None) -> Response:
    """Answer 401 to a bad token, telling an expired one apart so it can be renewed."""
    what = "has expired" if code == "expired" else "is not valid"
    return error_response(
        401,
        "The provided token was invalid.",
        code,
        error="invalid_token",
        error_description=f"The token {what}",
    )


def stale_login(max_age: int) -> Response:
    """Answer 401 to a login more than *max_age* seconds ago (RFC 9470 section 3)."""
    return error_response(
        401,
        "Please log in again to do this.",
        "stale_login",
        error="insufficient_user_authentication",
        error_description="A more recent login is required",
        max_age=str(max_age),
    )


def insufficient_scope(
    missing: Collection[str], required: Collection[str], *, any_of: bool
) -> Response:
    """Answer 403 to a good token that lacks *missing* of the scopes *required*."""
    verb = "has none of" if any_of and len(missing) > 1 else "lacks"
    noun = "scope" if len(missing) == 1 else "scopes"
    return error_response(
        403,
        f"The token {verb} the {noun} {', '.join(missing)}.",
        "scope",
        error="insufficient_scope",
        scope=" ".join(required),
    )


ErrorBody = Callable[[int, str, str | None], Any]
"""Takes the status of an error, its message, and why, as a code; returns the JSON body.

The codes are those of `TokenError` and `SessionError`, and ``missing``, ``scope``,
``stale_login`` and ``login``; None if there is nothing to add to the status.
"""


def json_error(status: int, message: str, code: str | None = None) -> Response:
    """Return the JSON response of an error, in the form that the application has."""
    make: ErrorBody | None = current_app.extensions.get(ERROR_BODY)
    body = {"_errors": [message]} if make is None else make(status, message, code)
    response = jsonify(body)
    response.status_code = status
    return response


def error_response(
    status: int, message: str, code: str | None = None, **challenge: str
) -> Response:
    """Return the JSON response of an error, with a challenge (RFC 6750 section 3)."""
    response = json_error(status, message, code)
    response.headers["WWW-Authenticate"] = _bearer(**challenge)
    response.headers["Cache-Control"] = "no-store"
    return response


def _bearer(**parameters: str) -> str:
    realm = current_state().settings.realm
    if realm is not None:
        escaped = realm.replace("\\", "\\\\").replace('"', '\\"')
        parameters = {"realm": escaped, **parameters}
    listed = ", ".join(f'{name}="{value}"' for name, value in parameters.items())
    return f"Bearer {listed}".rstrip()
