"""The answers to a request without a token, or without one that is good enough.

Each is a `flask.Response`, which plain views, method views and the resources of
flask-restful can all return.
"""

from __future__ import annotations

from collections.abc import Collection

from flask import Response, jsonify

from twopi_token_auth.app.state import current_state
from twopi_token_auth.errors import TokenErrorCode


def missing_token() -> Response:
    """Answer 401 to a request without a token (RFC 6750 section 3.1: no error code)."""
    return error_response(401, "A valid token is required to access this resource")


def invalid_token(code: TokenErrorCode | None) -> Response:
    """Answer 401 to a bad token, telling an expired one apart so it can be renewed."""
    what = "has expired" if code == "expired" else "is not valid"
    return error_response(
        401,
        "The provided token was invalid.",
        error="invalid_token",
        error_description=f"The token {what}",
    )


def stale_login(max_age: int) -> Response:
    """Answer 401 to a login more than *max_age* seconds ago (RFC 9470 section 3)."""
    return error_response(
        401,
        "Please log in again to do this.",
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
        error="insufficient_scope",
        scope=" ".join(required),
    )


def error_response(status: int, message: str, **challenge: str) -> Response:
    """Return the JSON answer of an error, with a challenge (RFC 6750 section 3)."""
    response = jsonify(_errors=[message])
    response.status_code = status
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
