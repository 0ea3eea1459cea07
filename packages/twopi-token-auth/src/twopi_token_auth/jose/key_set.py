"""Keys to verify tokens with: what `KeyRing` and `RemoteKeys` have in common."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from twopi_token_auth.errors import ConfigurationError
from twopi_token_auth.jose.algorithms import HMAC
from twopi_token_auth.jose.jwk import public_jwk
from twopi_token_auth.jose.key import Key


class Entry(NamedTuple):
    """A key and what it may be used for; *not_after* is in seconds since 1970."""

    key: Key
    signs: bool
    verifies: bool
    not_after: float | None


class KeySet(ABC):
    """Keys that tokens are verified with, and signed with if they are one's own.

    Attributes:
        issuer: Who signs with them; None leaves that to ``TOKEN_AUTH_ISSUER``.
        foreign: Whether another application signs with them and names the types of its
            tokens.
    """

    issuer: str | None = None
    foreign: bool = False

    #: What `accepted` was last made of, and its result.
    _last: tuple[tuple[Entry, ...], str | None, tuple[Key, ...]] = ((), None, ())

    @property
    def current(self) -> Key:
        """The key that signs; its ``kid`` and ``algorithm`` tell which one that is.

        Raises:
            ConfigurationError: None of them may sign.
        """
        return self.signer()

    def signer(self, algorithm: str | None = None) -> Key:
        """Return the first key that may sign now, with *algorithm* if that is given.

        Raises:
            ConfigurationError: None of them may.
        """
        for key, signs, _, _ in self._living():
            if signs and algorithm in {None, key.algorithm}:
                return key
        how = "" if algorithm is None else f" with {algorithm}"
        raise ConfigurationError(f"The key ring has no key to sign{how}")

    def accepted(self, algorithm: str | None = None) -> tuple[Key, ...]:
        """Return the keys to verify with now, the one that signs before the others."""
        living = self._living()
        then, wanted, keys = self._last
        if living != then or algorithm != wanted:
            keys = _accepted(living, algorithm)
            self._last = living, algorithm, keys
        return keys

    def find(self, kid: str) -> Key | None:
        """Return the key that is called *kid* and has not run out, or None."""
        for entry in self._living():
            if entry.key.kid == kid:
                return entry.key
        return None

    def public_jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Return what anybody may know: the public halves of the keys (RFC 7517).

        Secrets have none, so that a ring of secrets gives an empty list.
        """
        keys = {
            id(key.public): public_jwk(key.public, key.algorithm, key.kid)
            for key, _, _, _ in reversed(self._living())  # the first of each is left
            if key.algorithm not in HMAC
        }
        return {"keys": [*reversed(keys.values())]}

    def refresh(self) -> bool:
        """Look for new keys, as a token names an unknown one; tell if any came."""
        return False

    @abstractmethod
    def _living(self) -> tuple[Entry, ...]:
        """Return the keys that have not run out."""


@functools.lru_cache(maxsize=64)
def _accepted(living: tuple[Entry, ...], algorithm: str | None) -> tuple[Key, ...]:
    return tuple(
        entry.key
        for wanted in (True, False)
        for entry in living
        if entry.signs is wanted
        and entry.verifies
        and algorithm in {None, entry.key.algorithm}
    )
