"""What a request carries on `flask.g`: ``token``, ``raw_token``, ``user``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import g, has_app_context
from werkzeug.local import LocalProxy

from twopi_token_auth.errors import TokenErrorCode

_REFUSAL = "_twopi_token_auth"


def carry(raw_token: str | None) -> dict[str, Any]:
    """Put *raw_token* on what `g` stands for, and return the attributes of that.

    Flask keeps it from one request to the next where both have the same application
    context, as in tests: whatever an earlier request left there goes.
    """
    carried: dict[str, Any] = vars(g._get_current_object())  # noqa: SLF001 - one look-up
    carried["raw_token"] = raw_token
    carried["token"] = carried[_REFUSAL] = None
    return carried


def carry_user(load_user: Callable[[Any], Any]) -> None:
    """Put the user of the token on `g`; without that user the token is none."""
    g.user = None if g.token is None else load_user(g.token)
    if g.user is None:
        g.token = None


def note_refusal(code: TokenErrorCode) -> None:
    """Remember why the last token was refused, to tell the client if it expired."""
    if has_app_context():
        setattr(g, _REFUSAL, code)


def refusal() -> TokenErrorCode | None:
    """Return why the last token was refused, if it was."""
    code: TokenErrorCode | None = g.get(_REFUSAL)
    return code


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
