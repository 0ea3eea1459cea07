"""Decorators that take the token out of a request and ask for a good one.

They go on plain views, coroutine views, methods of a `flask.views.MethodView` and of a
flask-restful resource, and into ``decorators`` or ``method_decorators`` of those.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

from flask import Response, current_app, g

from twopi_token_auth.context import carry, refusal
from twopi_token_auth.responses import (
    insufficient_scope,
    invalid_token,
    missing_token,
)
from twopi_token_auth.transport import find_token

ViewT = TypeVar("ViewT", bound=Callable[..., Any])

_SCOPE = re.compile(r"[!#-\[\]-~]+")  # scope-token (RFC 6749 section 3.3)


class TokenLoader(Protocol):
    """What `parse_auth_header` asks of a token class, its own kind or another."""

    def load(self, token_string: str, secret: Any, /) -> Any:
        """Return the token, or None if *token_string* is no valid one."""


def parse_auth_header(
    token_cls: TokenLoader,
    auth_header: bool = True,
    query_string: bool = True,
    secret: str | bytes | None = None,
) -> Callable[[ViewT], ViewT]:
    """Take the token from ``Authorization: Bearer ...`` or else from ``?token=``.

    The view finds the token in ``g.token`` and its text in ``g.raw_token``; both are
    None without a token, and ``g.token`` is None for a bad one. The view runs in each
    case; add `auth_required` below to answer 401 instead.

    .. warning::
       A token in a query string ends up in logs and histories (RFC 9700 section
       4.3.2). Pass ``query_string=False``, or switch it off everywhere with
       ``TOKEN_AUTH_QUERY_STRING = False``, unless clients need it.

    Args:
        token_cls: A `ShortlivedTokenMixin`, or a class with a classmethod
            ``load(token_string, secret)``, which is called with exactly these two.
        auth_header: Look into the header.
        query_string: Look at the query string if the header has no token.
        secret: What to hand to ``load``; None means the application's ``SECRET_KEY``.

    Raises:
        TypeError: *token_cls* cannot load tokens.
    """
    if not callable(getattr(token_cls, "load", None)):
        raise TypeError(f"{token_cls!r} is no token class: it has no method `load`")

    def decorate(view: ViewT) -> ViewT:
        run = _make_synchronous(view)

        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            raw = find_token(auth_header=auth_header, query_string=query_string)
            carrier = carry(raw)
            if raw is not None:
                carrier.token = token_cls.load(raw, secret)
            return run(*args, **kwargs)

        return cast(ViewT, wrapper)

    return decorate


def auth_required() -> Callable[[ViewT], ViewT]:
    """Answer 401 unless ``g.token`` is set; goes below `parse_auth_header`.

    The answer is ``{"_errors": [...]}`` with a ``WWW-Authenticate`` header that tells
    a missing token, an expired one and any other bad one apart (RFC 6750 section 3).
    Without `parse_auth_header` nobody gets in.
    """
    return _guard(_refuse_without_token)


def scopes_required(*scopes: str, any_of: bool = False) -> Callable[[ViewT], ViewT]:
    """Answer 403 unless the token has the *scopes*, and 401 unless there is one.

    The token's attribute ``scopes`` is a list, or a text with blanks between them.

    Args:
        scopes: What the view needs.
        any_of: One of them is enough.

    Raises:
        ValueError: There is no scope, or one is none by RFC 6749 section 3.3.
    """
    if not scopes or not all(_SCOPE.fullmatch(scope) for scope in scopes):
        raise ValueError(
            f"{scopes!r} must be one or more scopes of printable ASCII characters "
            'without blanks, " and \\'
        )

    def refuse() -> Response | None:
        response = _refuse_without_token()
        if response is not None:
            return response
        granted = getattr(g.token, "scopes", None) or ()
        granted = granted.split() if isinstance(granted, str) else granted
        missing = [scope for scope in scopes if scope not in granted]
        if not missing or (any_of and len(missing) < len(scopes)):
            return None
        return insufficient_scope(missing, scopes, any_of=any_of)

    return _guard(refuse)


def _refuse_without_token() -> Response | None:
    if g.get("token") is not None:
        return None
    if g.get("raw_token") is None:
        return missing_token()
    return invalid_token(refusal())


def _guard(refuse: Callable[[], Response | None]) -> Callable[[ViewT], ViewT]:
    def decorate(view: ViewT) -> ViewT:
        run = _make_synchronous(view)

        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            response = refuse()
            return run(*args, **kwargs) if response is None else response

        return cast(ViewT, wrapper)

    return decorate


def _make_synchronous(view: ViewT) -> ViewT:
    if not inspect.iscoroutinefunction(view):
        return view

    def run(*args: Any, **kwargs: Any) -> Any:
        return current_app.ensure_sync(view)(*args, **kwargs)

    return cast(ViewT, run)
