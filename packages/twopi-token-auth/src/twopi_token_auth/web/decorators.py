"""Decorators that take the token out of a request and ask for a good one.

They go on plain views, coroutine views, methods of a `flask.views.MethodView` and of a
flask-restful resource, and into ``decorators`` or ``method_decorators`` of those.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar, cast

from flask import Response, current_app, g, request

from twopi_token_auth import clock
from twopi_token_auth.app.request import carry_nothing, last_refusal
from twopi_token_auth.app.state import current_state
from twopi_token_auth.errors import TokenError
from twopi_token_auth.jose.claims import IAT_LEEWAY
from twopi_token_auth.jose.key_set import KeySet
from twopi_token_auth.web.protection import GUARDED, is_exempt
from twopi_token_auth.web.responses import (
    insufficient_scope,
    invalid_token,
    missing_token,
    stale_login,
)
from twopi_token_auth.web.token_in_request import find_token

ViewT = TypeVar("ViewT", bound=Callable[..., Any])

_PARSES = "__twopi_parses__"
_SCOPE = re.compile(r"[!#-\[\]-~]+")  # scope-token (RFC 6749 section 3.3)


class TokenLoader(Protocol):
    """What `parse_auth_header` asks of a token class, its own kind or another."""

    def load(self, token_string: str, secret: Any, /) -> Any:
        """Return the token, or None if *token_string* is no valid one."""


def parse_auth_header(
    token_cls: TokenLoader,
    auth_header: bool = True,
    query_string: bool = True,
    secret: str | bytes | KeySet | None = None,
    *,
    cookie: str | Literal[False] = False,
    load_user: Callable[[Any], Any] | None = None,
    required: bool = False,
    invalid: Literal["refuse", "anonymous"] = "refuse",
) -> Callable[[ViewT], ViewT]:
    """Take the token from ``Authorization: Bearer ...`` or else from ``?token=``.

    The view finds the token in ``g.token`` and its text in ``g.raw_token``; both are
    None for a request without a token, unless ``required=True`` or `auth_required`
    below answers it with 401. A token that is there and is not valid is answered with
    401 in any case. With ``invalid="anonymous"`` the view runs instead, as without a
    token, and ``g.token_error`` is the `TokenError` that says why.

    .. warning::
       A token in a query string ends up in logs and histories (RFC 9700 section
       4.3.2). Pass ``query_string=False``, or switch it off everywhere with
       ``TOKEN_AUTH_QUERY_STRING = False``, unless clients need it.

    Args:
        token_cls: A `ShortlivedTokenMixin`, or a class with a classmethod
            ``load(token_string, secret)``, which is called with exactly these two.
        auth_header: Look into the header.
        query_string: Look at the query string if the header has no token.
        secret: What to hand to ``load``; None means the application's keys.
        cookie: The name of a cookie to look at if neither has one. Set it HttpOnly,
            Secure and SameSite; where a page of another origin sends a request that
            is not safe (RFC 9110 section 9.2.1), the cookie does not count.
        load_user: Called with a valid token, also as a coroutine function; what it
            returns is ``g.user``. If that is None, for example for a user who has been
            deleted, the token is refused.
        required: Answer 401 without a token, as `auth_required` below would, in less
            time.
        invalid: What to do with a token that is not valid: ``"refuse"`` answers 401,
            ``"anonymous"`` goes on as without a token.

    Raises:
        TypeError: *token_cls* cannot load tokens, or *cookie* is not a name.
        ValueError: *invalid* is neither of the two.
    """
    _check_arguments(token_cls, cookie, invalid)
    cookie_name = cookie or None
    refuses = invalid == "refuse"
    marks = {_PARSES: True, GUARDED: True} if required else {_PARSES: True}

    def decorate(view: ViewT) -> ViewT:
        run = _make_synchronous(view)
        user_of = None if load_user is None else _make_synchronous(load_user)

        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            raw = find_token(
                auth_header=auth_header, query_string=query_string, cookie=cookie_name
            )
            carried = carry_nothing()
            if user_of is not None:
                carried["user"] = None
            if raw is not None:
                token = token_cls.load(raw, secret)
                error = last_refusal() if token is None else None
                if error is None and user_of is not None:
                    carried["user"] = user_of(token)
                    if carried["user"] is None:
                        error = TokenError("user", "The user of the token is unknown")
                if error is None:
                    carried["token"], carried["raw_token"] = token, raw
                else:
                    carried["token_error"] = error
            if carried["token"] is None and (
                required or (refuses and carried["token_error"] is not None)
            ):
                response = _refuse_without_token(wrapper)
                if response is not None:
                    return response
            return run(*args, **kwargs)

        vars(wrapper).update(marks)
        return cast(ViewT, wrapper)

    return decorate


def _check_arguments(token_cls: object, cookie: object, invalid: object) -> None:
    if cookie is not False and (type(cookie) is not str or not cookie):
        raise TypeError(f"cookie is {cookie!r}; it must be a name, or False for none")
    if not callable(getattr(token_cls, "load", None)):
        raise TypeError(
            f"{token_cls!r} is not a token class, as it has no method `load`; write "
            "@parse_auth_header(Token), with a class derived from ShortlivedTokenMixin"
        )
    if invalid not in {"refuse", "anonymous"}:
        raise ValueError(f"invalid is {invalid!r}; it must be 'refuse' or 'anonymous'")


def auth_required(
    view: None = None, /, *, fresh: timedelta | float | None = None
) -> Callable[[ViewT], ViewT]:
    """Answer 401 unless ``g.token`` is set; goes below `parse_auth_header`.

    The answer is ``{"_errors": [...]}`` with a ``WWW-Authenticate`` header that tells
    a missing token, an expired one and any other bad one apart (RFC 6750 section 3).
    Without `parse_auth_header` nobody gets in.

    Args:
        view: Nothing; for an error that names the missing parentheses.
        fresh: How long ago, in seconds or as a timedelta, the user may have logged in;
            None means any time. The token's attribute ``auth_time`` tells when that
            was, as an aware datetime: declare it as ``UnixTimestamp()`` in the schema,
            and carry it over when the token is renewed. Without it nobody gets in.
            The answer tells the client to log in again (RFC 9470 section 3).

    Raises:
        TypeError: The parentheses are missing.
        ValueError: *fresh* is no positive length of time.
    """
    if view is not None:
        raise TypeError("Write @auth_required(), with parentheses")
    if fresh is None:
        return _guard("auth_required", _refuse_without_token)
    seconds = fresh.total_seconds() if isinstance(fresh, timedelta) else fresh
    if not seconds > 0:
        raise ValueError(f"fresh is {fresh!r}; it must be more than 0 seconds")

    def refuse(asking: object) -> Response | None:
        response = _refuse_without_token(asking)
        token = g.get("token")
        if response is not None or token is None or _is_fresh(token, seconds):
            return response
        return stale_login(math.ceil(seconds))

    return _guard("auth_required", refuse)


def _is_fresh(token: Any, seconds: float) -> bool:
    logged_in = getattr(token, "auth_time", None)
    if not isinstance(logged_in, datetime) or logged_in.utcoffset() is None:
        return False
    age = clock.time() - logged_in.timestamp()
    leeway = current_state().settings.leeway
    return -max(leeway, IAT_LEEWAY) <= age <= seconds + leeway


def scopes_required(*scopes: str, any_of: bool = False) -> Callable[[ViewT], ViewT]:
    """Answer 403 unless the token has the *scopes*, and 401 unless there is one.

    The token's attribute ``scopes`` is a list, or a text with blanks between them.

    Args:
        scopes: What the view needs.
        any_of: One of them is enough.

    Raises:
        TypeError: A scope is not a string, or the parentheses are missing.
        ValueError: There is no scope, or one is none by RFC 6749 section 3.3.
    """
    if not all(isinstance(scope, str) for scope in scopes):
        raise TypeError(
            "Write the scopes one by one, as strings: "
            "@scopes_required('reports:read', 'reports:write')"
        )
    if not scopes or not all(_SCOPE.fullmatch(scope) for scope in scopes):
        raise ValueError(
            f"{scopes!r} must be one or more scopes of printable ASCII characters "
            'without blanks, " and \\'
        )

    def refuse(asking: object) -> Response | None:
        response = _refuse_without_token(asking)
        if response is not None or g.get("token") is None:
            return response
        granted = getattr(g.token, "scopes", None) or ()
        granted = granted.split() if isinstance(granted, str) else granted
        missing = [scope for scope in scopes if scope not in granted]
        if not missing or (any_of and len(missing) < len(scopes)):
            return None
        return insufficient_scope(missing, scopes, any_of=any_of)

    return _guard("scopes_required", refuse)


def _refuse_without_token(asking: object = None) -> Response | None:
    """Refuse the request if it has no token and needs one.

    A preflight request carries no credentials (Fetch standard, section 3.3.1), so that
    OPTIONS never needs a token.
    """
    carried = vars(g._get_current_object())  # noqa: SLF001 - one look-up for all
    if carried.get("token") is not None:
        return None
    if request.method == "OPTIONS" or is_exempt(asking):
        return None
    error: TokenError | None = carried.get("token_error")
    return missing_token() if error is None else invalid_token(error.code)


def _guard(
    name: str, refuse: Callable[[object], Response | None]
) -> Callable[[ViewT], ViewT]:
    def decorate(view: ViewT) -> ViewT:
        if getattr(view, _PARSES, False):
            raise TypeError(
                f"@{name}(...) is above @parse_auth_header(...) on {view.__name__}, "
                "where there is no token yet; write it below"
            )
        run = _make_synchronous(view)

        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            response = refuse(wrapper)
            return run(*args, **kwargs) if response is None else response

        setattr(wrapper, GUARDED, True)
        return cast(ViewT, wrapper)

    return decorate


def _make_synchronous(view: ViewT) -> ViewT:
    if not inspect.iscoroutinefunction(view):
        return view

    def run(*args: Any, **kwargs: Any) -> Any:
        return current_app.ensure_sync(view)(*args, **kwargs)

    return cast(ViewT, run)
