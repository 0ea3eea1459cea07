"""Verifying tokens: the signature, then the registered claims; and what was verified.

`VerifiedTokens` is the cache behind ``TOKEN_AUTH_CACHE_SIZE``. It lets nothing in that
would not be let in without it:

- A verifier is one schema with one set of keys and of expectations. A key that is
  added, removed, replaced or has run out, another secret, another type, issuer,
  audience or setting makes another verifier, and each finds its entries by a random
  secret of its own: what one has found good does not exist for another.
- What changes with time is asked again at each use: the dates, the token class, the
  user, and whether the session was revoked. So is a schema that runs code of yours;
  what a schema makes of claims by itself is always the same.
- An entry is found by the keyed BLAKE2b hash (RFC 7693) of the whole token, 32 bytes,
  never by a part of it or by a claim: nobody can write a token that is taken for
  another one. It does not hold the token: what is read out of the memory of the process
  cannot be replayed.
- Each use gets copies of what can be changed: what a view does to the token of a
  request does not reach the next request.
- Only tokens that were accepted are kept, so that nobody can fill it without having
  valid tokens; those above 4 KiB are not. There are never more than its size.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from secrets import token_bytes
from threading import Lock
from typing import Any, NamedTuple

from twopi_token_auth.app.settings import Settings
from twopi_token_auth.jose.claims import check_claims, check_dates
from twopi_token_auth.jose.jws import Decoder
from twopi_token_auth.jose.key import Key
from twopi_token_auth.jose.segments import parse_object

_LONGEST_CACHED = 4096
_UNCHANGING = {str, int, float, bool, type(None), datetime}


Load = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes arguments of claims."""


class Verified(NamedTuple):
    """What is remembered of a token.

    Attributes:
        start: From when it is valid, in seconds since 1970.
        end: Until when.
        claims: Its claims as JSON, where they are loaded at each use.
        arguments: What was made of them, where that is always the same.
        lists: Which of the arguments are lists.
    """

    start: float
    end: float
    claims: bytes = b""
    arguments: dict[str, Any] = {}  # noqa: RUF012 - nobody writes to it
    lists: tuple[str, ...] = ()

    def recall(self, load: Load | None) -> dict[str, Any]:
        """Return what *load* makes of the claims, or has made of them."""
        if self.claims:
            claims = parse_object(self.claims)
            return claims if load is None else load(claims)
        arguments = self.arguments.copy()
        for name in self.lists:
            arguments[name] = arguments[name].copy()
        return arguments


class VerifiedTokens:
    """What was found in tokens that were verified, at most *size* of them.

    There are two generations. New entries go to the young one; when that is full, it
    becomes the old one, whose entries are forgotten; one that is used again there moves
    back to the young one. Threads read without a lock.

    Args:
        size: How many tokens to keep, 2 or more.
    """

    __slots__ = ("_generation", "_lock", "_old", "_young")

    def __init__(self, size: int) -> None:
        self._generation = size // 2
        self._young: dict[bytes, Verified] = {}
        self._old: dict[bytes, Verified] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        """Count the tokens."""
        return len(self._young) + len(self._old)

    def get(self, digest: bytes) -> Verified | None:
        """Return what was found in the token with this *digest*, or None."""
        found = self._young.get(digest)
        if found is None:
            found = self._old.get(digest)
            if found is not None:
                self.add(digest, found)
        return found

    def add(self, digest: bytes, found: Verified) -> None:
        """Keep what was found in a token that was verified."""
        with self._lock:
            self._old.pop(digest, None)
            if len(self._young) >= self._generation:
                self._old, self._young = self._young, {}
            self._young[digest] = found


class Verifier:
    """Verifies tokens with one set of keys and one set of expectations.

    Args:
        keys: The keys one of which must have signed.
        token_type: See `Decoder`.
        issuers: See `check_claims`.
        audiences: See `check_claims`.
        settings: Those of the application.
        cache: Where to remember tokens, if at all.
    """

    __slots__ = ("_audiences", "_cache", "_decoder", "_hash", "_issuers", "_settings")

    def __init__(
        self,
        keys: tuple[Key, ...],
        token_type: str,
        issuers: tuple[str, ...] | None,
        audiences: tuple[str, ...] | None,
        *,
        settings: Settings,
        cache: VerifiedTokens | None = None,
    ) -> None:
        self._decoder = Decoder(
            keys, max_length=settings.max_length, token_type=token_type
        )
        self._issuers = issuers
        self._audiences = audiences
        self._settings = settings
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
        cache, settings = self._cache, self._settings
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
                check_dates(known.start, known.end, now, settings.leeway)
                return known.recall(load)
        payload = self._decoder.open(token)
        claims = parse_object(payload)
        valid = check_claims(
            claims,
            now=now,
            leeway=settings.leeway,
            issuers=self._issuers,
            audiences=self._audiences,
            require=settings.require,
        )
        arguments = claims if load is None else load(claims)
        if cache is not None and digest is not None:
            made = arguments if pure else None
            cache.add(digest, _remember(*valid, payload, made))
        return arguments


def _remember(
    start: float, end: float, payload: bytes, arguments: dict[str, Any] | None
) -> Verified:
    """Keep *arguments* if copies of them are easily made, and otherwise *payload*."""
    lists = []
    for name, value in (arguments or {}).items():
        if type(value) is list and all(type(each) in _UNCHANGING for each in value):
            lists.append(name)
        elif type(value) not in _UNCHANGING:
            return Verified(start, end, payload)
    if arguments is None:
        return Verified(start, end, payload)
    kept = arguments.copy()
    for name in lists:
        kept[name] = kept[name].copy()
    return Verified(start, end, b"", kept, tuple(lists))
