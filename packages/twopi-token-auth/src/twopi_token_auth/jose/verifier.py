"""Verifying tokens: the signature, then the registered claims."""

from __future__ import annotations

from hashlib import blake2b
from secrets import token_bytes
from typing import Any, NamedTuple

from twopi_token_auth.jose.claims import check_claims, check_dates
from twopi_token_auth.jose.jws import Decoder
from twopi_token_auth.jose.key import Key
from twopi_token_auth.jose.segments import parse_object
from twopi_token_auth.jose.verified_tokens import Load, VerifiedTokens, remember

_LONGEST_CACHED = 4096


class Limits(NamedTuple):
    """What every token of an application must keep to.

    Attributes:
        max_length: The number of characters above which nothing is parsed.
        leeway: By how many whole seconds other clocks may be off.
        require: The claims that must be present and not null.
    """

    max_length: int = 16384
    leeway: int = 0
    require: tuple[str, ...] = ()


class Verifier:
    """Verifies tokens with one set of keys and one set of expectations.

    Args:
        keys: The keys one of which must have signed.
        token_type: See `Decoder`.
        issuers: See `check_claims`.
        audiences: See `check_claims`.
        limits: Those of the application.
        cache: Where to remember tokens, if at all.
    """

    __slots__ = ("_audiences", "_cache", "_decoder", "_hash", "_issuers", "_limits")

    def __init__(
        self,
        keys: tuple[Key, ...],
        token_type: str | None,
        issuers: tuple[str, ...] | None,
        audiences: tuple[str, ...] | None,
        *,
        limits: Limits,
        cache: VerifiedTokens | None = None,
    ) -> None:
        self._decoder = Decoder(
            keys, max_length=limits.max_length, token_type=token_type
        )
        self._issuers = issuers
        self._audiences = audiences
        self._limits = limits
        self._cache = cache
        self._hash = blake2b(digest_size=32, key=token_bytes(32))

    def verify(
        self, token: object, now: float, load: Load | None = None, pure: bool = False
    ) -> dict[str, Any]:
        """Return what *load* makes of the claims of *token*.

        Args:
            token: What a stranger calls a token; it may be anything.
            now: The time, in seconds since 1970.
            load: Makes arguments of the claims; None returns them as they are.
            pure: Whether it always makes the same of the same claims.

        Raises:
            TokenError: It is not valid.
        """
        cache, limits = self._cache, self._limits
        digest = None
        if (
            cache is not None
            and isinstance(token, str)
            and len(token) <= _LONGEST_CACHED
            and token.isascii()
        ):
            hashing = self._hash.copy()
            hashing.update(token.encode())
            digest = hashing.digest()
            known = cache.get(digest)
            if known is not None:
                check_dates(known.start, known.end, now)
                return known.recall(load)
        payload = self._decoder.open(token)
        claims = parse_object(payload)
        valid = check_claims(
            claims,
            now=now,
            leeway=limits.leeway,
            issuers=self._issuers,
            audiences=self._audiences,
            require=limits.require,
        )
        arguments = claims if load is None else load(claims)
        if cache is not None and digest is not None:
            made = arguments if pure else None
            cache.add(digest, remember(*valid, payload, made))
        return arguments
