"""The checks of the registered claims (RFC 7519 section 4.1), as PyJWT makes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import inf
from typing import Any

from twopi_token_auth.errors import TokenError


def check_claims(
    claims: Mapping[str, Any],
    *,
    now: float,
    leeway: float = 0,
    issuers: Collection[str] | None = None,
    audiences: Collection[str] | None = None,
    require: Collection[str] = (),
) -> tuple[float, float]:
    """Check when, from whom and for whom the token with these *claims* is valid.

    Args:
        claims: What `decode` returned.
        now: The time, in seconds since 1970.
        leeway: By how many seconds other clocks may be off.
        issuers: The accepted values of ``iss``; None accepts any, or none.
        audiences: The names of this service, one of which ``aud`` must contain;
            None refuses a token that names an audience.
        require: The claims that have to be there and not null.

    Returns:
        From when to when it is valid, in seconds since 1970; see `check_dates`.

    Raises:
        TokenError: ``expired``, ``not_yet_valid``, ``issuer``, ``audience``,
            ``missing_claim`` or ``claims``.
    """
    for name in require:
        if claims.get(name) is None:
            raise TokenError("missing_claim", f"The token has no {name}")
    start, end = -inf, inf
    if "iat" in claims:
        start = value if type(value := claims["iat"]) is int else _seconds(value, "iat")
    if "nbf" in claims:
        value = claims["nbf"]
        start = max(start, value if type(value) is int else _seconds(value, "nbf"))
    if "exp" in claims:
        end = value if type(value := claims["exp"]) is int else _seconds(value, "exp")
    check_dates(start, end, now, leeway)
    if issuers is not None:
        _check_issuer(claims, issuers)
    if audiences is not None or claims.get("aud"):
        _check_audience(claims, audiences or ())
    for name in ("sub", "jti"):
        if not isinstance(claims.get(name, ""), str):
            raise TokenError("claims", f"The {name} of the token is no text")
    return start, end


def check_dates(start: float, end: float, now: float, leeway: float) -> None:
    """Check that the time is within what `check_claims` returned.

    Raises:
        TokenError: ``expired`` or ``not_yet_valid``.
    """
    if start > now + leeway:
        raise TokenError("not_yet_valid", "The token is not valid yet")
    if end <= now - leeway:
        raise TokenError("expired", "The token has expired")


def _seconds(value: object, name: str) -> int:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return int(value)
        except (ValueError, OverflowError):
            pass
    raise TokenError("claims", f"The {name} of the token is no number") from None


def _check_issuer(claims: Mapping[str, Any], issuers: Collection[str]) -> None:
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or issuer not in issuers:
        raise TokenError("issuer", "The token is from somebody else")


def _check_audience(claims: Mapping[str, Any], audiences: Collection[str]) -> None:
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if (
        not audience
        or not isinstance(named, list)
        or not all(isinstance(name, str) for name in named)
        or not any(name in audiences for name in named)
    ):
        raise TokenError("audience", "The token is for somebody else")
