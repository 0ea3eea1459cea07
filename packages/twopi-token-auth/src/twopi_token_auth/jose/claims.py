"""The checks of the registered claims (RFC 7519 section 4.1), as PyJWT makes them.

Clocks of different hosts differ a little. A token that another host has just issued
must work here: ``iat`` may be 60 seconds ahead, as RFC 7519 gives no reason to reject
it at all, and ``nbf`` 5 seconds. ``exp`` is exact. A *leeway* above these widens them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import inf
from typing import Any

from twopi_token_auth.errors import TokenError

IAT_LEEWAY = 60
"""Seconds that ``iat`` may be ahead of our clock."""
NBF_LEEWAY = 5
"""Seconds that ``nbf`` may be ahead of our clock."""


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
        leeway: By how many seconds other clocks may be off; see above.
        issuers: The accepted values of ``iss``; None accepts any, or none.
        audiences: The names of this service, one of which ``aud`` must contain;
            None refuses a token that names an audience.
        require: The claims that have to be there and not null.

    Returns:
        From when to when it is accepted, in seconds since 1970; see `check_dates`.

    Raises:
        TokenError: ``expired``, ``not_yet_valid``, ``issuer``, ``audience``,
            ``missing_claim`` or ``claims``.
    """
    for name in require:
        if claims.get(name) is None:
            raise TokenError("missing_claim", f"The token has no {name}")
    start, end = -inf, inf
    if "iat" in claims:
        value = claims["iat"]
        value = value if type(value) is int else _seconds(value, "iat")
        start = value - max(leeway, IAT_LEEWAY)
    if "nbf" in claims:
        value = claims["nbf"]
        value = value if type(value) is int else _seconds(value, "nbf")
        value -= max(leeway, NBF_LEEWAY)
        start = max(start, value)
    if "exp" in claims:
        value = claims["exp"]
        end = (value if type(value) is int else _seconds(value, "exp")) + leeway
    check_dates(start, end, now)
    if issuers is not None:
        _check_issuer(claims, issuers)
    if audiences is not None or claims.get("aud"):
        _check_audience(claims, audiences or ())
    for name in ("sub", "jti"):
        if not isinstance(claims.get(name, ""), str):
            raise TokenError("claims", f"The {name} of the token is no text")
    return start, end


def check_dates(start: float, end: float, now: float) -> None:
    """Check that the time is within what `check_claims` returned.

    Raises:
        TokenError: ``expired`` or ``not_yet_valid``.
    """
    if start > now:
        raise TokenError("not_yet_valid", "The token is not valid yet")
    if end <= now:
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
