"""What a request carries on `flask.g`: its token, or why that was refused, its user."""

from __future__ import annotations

from typing import Any

from flask import g, has_app_context
from werkzeug.local import LocalProxy

from twopi_token_auth.errors import TokenError

_LAST_REFUSAL = "_twopi_token_auth"


def carry_nothing() -> dict[str, Any]:
    """Reset what `g` carries, and return the attributes behind it.

    Flask keeps `g` from one request to the next if both have the same application
    context, as in tests: whatever an earlier request left there goes.
    """
    carried: dict[str, Any] = vars(g._get_current_object())  # noqa: SLF001 - one look-up
    carried["token"] = carried["raw_token"] = carried["token_error"] = None
    carried[_LAST_REFUSAL] = None
    return carried


def note_refusal(error: TokenError) -> None:
    """Remember *error* for `last_refusal`, as `load` returns None instead."""
    if has_app_context():
        setattr(g, _LAST_REFUSAL, error.with_traceback(None))


def last_refusal() -> TokenError:
    """Return why the last token was refused."""
    error: TokenError | None = g.get(_LAST_REFUSAL)
    return error or TokenError("claims", "The token class has refused the token")


def _current_token() -> Any:
    token = g.get("token") if has_app_context() else None
    if token is None:
        raise RuntimeError(
            "There is no valid token in this request; put @parse_auth_header(...) and "
            "@auth_required() on the view, in this order"
        )
    return token


current_token: Any = LocalProxy(_current_token)
"""The token of this request: ``g.token`` under a name that can be imported.

It is false, and raises RuntimeError when it is used, where there is no valid token.
"""
