"""Tokens that were verified: the cache behind ``TOKEN_AUTH_CACHE_SIZE``.

It lets nothing in that
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
from threading import Lock
from typing import Any, NamedTuple

from twopi_token_auth.jose.segments import parse_object

_UNCHANGING = {str, int, float, bool, type(None), datetime}

Load = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes arguments of claims."""


class Verified(NamedTuple):
    """What is remembered of a token.

    Attributes:
        start: From when it is accepted, in seconds since 1970.
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


def remember(
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
