"""The key ring: several keys, one of which signs while all of them are accepted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from twopi_token_auth.clock import seconds
from twopi_token_auth.errors import ConfigurationError
from twopi_token_auth.jose.algorithms import HMAC, NAMES
from twopi_token_auth.jose.jwk import (
    Material,
    UnusableKeyError,
    read_jwk,
    read_pem,
    thumbprint,
)
from twopi_token_auth.jose.key import Key, prepare_key
from twopi_token_auth.jose.key_set import Entry, KeySet

KeySource = str | bytes | os.PathLike[str] | Mapping[str, Any]


class KeyRing(KeySet):
    """Keys to sign and verify tokens with, each prepared once.

    The first key that may sign does; all of them are accepted. A token names its key
    (``kid``, RFC 7515 section 4.1.4), so that a key can be replaced without logging
    anybody out: add the new one behind the old one, swap the two when every server
    has it, and remove the old one once its last token has expired.

    >>> from twopi_token_auth import KeyRing
    >>> ring = KeyRing("the new secret of at least thirty-two bytes")
    >>> ring = ring.add("the old secret of at least thirty-two bytes", sign=False)
    >>> ring.current.algorithm
    'HS256'

    A ring is either one of secrets (HS256, HS384, HS512) or one of asymmetric keys (RS,
    PS, ES and EdDSA), which need the extra ``crypto``; never both, lest somebody signs
    with a public key. Threads may share it.

    Args:
        secret: A first key, as for `add`.
        algorithms: The only algorithms to use, best first; none means any.
        clock: What tells the time, in seconds since 1970.

    Raises:
        ConfigurationError: See `add`.
    """

    def __init__(
        self,
        secret: str | bytes | None = None,
        *,
        algorithms: Collection[str] = (),
        clock: Callable[[], float] = seconds,
    ) -> None:
        unknown = [name for name in algorithms if name not in NAMES]
        if unknown:
            raise ConfigurationError(
                f"The algorithm {unknown[0]!r} of a key ring is none of "
                f"{', '.join(NAMES)}"
            )
        self._algorithms = tuple(algorithms)
        self._clock = clock
        self._entries: tuple[Entry, ...] = ()
        self._some_run_out = False
        if secret is not None:
            self.add(secret)

    @classmethod
    def from_jwks(
        cls, jwks: Mapping[str, Any], *, algorithms: Collection[str] = ()
    ) -> Self:
        """Return a ring of the keys of a JWK Set (RFC 7517 section 5), in its order.

        Raises:
            ConfigurationError: One of the keys cannot or must not be used.
        """
        if not isinstance(jwks, Mapping):
            raise ConfigurationError(
                f"A JWK Set must be a mapping, not {type(jwks).__name__}; pass "
                "json.loads(text)"
            )
        keys = jwks.get("keys")
        if not isinstance(keys, (list, tuple)) or not keys:
            raise ConfigurationError("A JWK Set must have a list of keys, not empty")
        if not all(isinstance(key, Mapping) for key in keys):
            raise ConfigurationError("A JWK Set must hold JWKs only")
        return cls.of(keys, algorithms)

    @classmethod
    def from_pem(
        cls,
        *pems: str | bytes | os.PathLike[str],
        algorithms: Collection[str] = (),
    ) -> Self:
        """Return a ring of private or public keys in PEM form, in their order.

        Args:
            *pems: The text of a key each, or the path of its file.
            algorithms: The only algorithms to use; the first that fits a key is its.

        Raises:
            ConfigurationError: One of the keys cannot or must not be used.
        """
        return cls.of(
            [
                Path(pem) if isinstance(pem, str) and "-----BEGIN" not in pem else pem
                for pem in pems
            ],
            algorithms,
        )

    @classmethod
    def of(cls, keys: Collection[KeySource], algorithms: Collection[str] = ()) -> Self:
        """Return a ring of *keys*, in their order.

        Args:
            keys: Each as for `add`.
            algorithms: The only algorithms to use, best first; none means any.

        Raises:
            ConfigurationError: One of the keys cannot or must not be used.
        """
        ring = cls(algorithms=algorithms)
        for key in keys:
            ring.add(key)
        return ring

    def add(
        self,
        key: KeySource,
        kid: str | None = None,
        algorithm: str | None = None,
        sign: bool = True,
        not_after: datetime | None = None,
    ) -> Self:
        """Add *key* behind the others and return the ring.

        Args:
            key: A secret or the text of a PEM, as text or bytes; a JWK, as a mapping;
                or the path of a file with a PEM or a JWK, as a `pathlib.Path`.
            kid: What tokens call it. An asymmetric key without one is called by its
                thumbprint (RFC 7638), a secret stays without a name.
            algorithm: What to sign with; the usual one of the kind of key if None.
            sign: Whether it may sign. Public keys never do.
            not_after: When it ceases to sign and to be accepted; an aware datetime.

        Raises:
            ConfigurationError: The key is none, weak, for another use, or of another
                kind than those in the ring, or its kid is taken.
        """
        name = f"Key number {len(self._entries) + 1} of the key ring"
        if not_after is not None and not_after.utcoffset() is None:
            raise ConfigurationError(f"{name} has a not_after without a time zone")
        try:
            made, signs, verifies = self._make(key, kid, algorithm, name)
        except UnusableKeyError as error:
            raise ConfigurationError(f"{name} {error}") from None
        symmetric = made.algorithm in HMAC
        for entry in self._entries:
            if (entry.key.algorithm in HMAC) is not symmetric:
                raise ConfigurationError(
                    f"{name} is for {made.algorithm} and another one for "
                    f"{entry.key.algorithm}; put secrets and asymmetric keys into "
                    "different key rings"
                )
            if made.kid is not None and entry.key.kid == made.kid:
                raise ConfigurationError(
                    f"{name} has a kid that another one has: {made.kid!r}"
                )
        self._some_run_out |= not_after is not None
        self._entries += (
            Entry(
                made,
                sign and signs,
                verifies,
                None if not_after is None else not_after.timestamp(),
            ),
        )
        return self

    def _make(
        self, key: KeySource, kid: str | None, algorithm: str | None, name: str
    ) -> tuple[Key, bool, bool]:
        wanted = self._algorithms if algorithm is None else (algorithm,)
        if algorithm is not None and algorithm not in (self._algorithms or NAMES):
            allowed = ", ".join(self._algorithms or NAMES)
            raise UnusableKeyError(f"is for {algorithm!r}, which is none of {allowed}")
        if isinstance(key, os.PathLike):
            key = _read_file(key)
        if isinstance(key, Mapping):
            material = read_jwk(key, wanted)
        elif isinstance(key, (str, bytes)):
            raw = key.encode("utf-8", "replace") if isinstance(key, str) else key
            if b"-----BEGIN" not in raw:
                chosen = next((each for each in wanted or HMAC if each in HMAC), None)
                if chosen is None:
                    raise UnusableKeyError(
                        f"is a secret, and not for {' or '.join(wanted)}"
                    )
                made = prepare_key(key, chosen, name=name)
                return (made if kid is None else Key(raw, chosen, kid=kid)), True, True
            material = read_pem(raw, wanted)
        else:
            raise UnusableKeyError(
                f"is of type {type(key).__name__}; it must be text, bytes, a path "
                "or a mapping"
            )
        return _prepare(material, kid), material.signs, material.verifies

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All keys, also those that have run out."""
        return self._entries

    def _living(self) -> tuple[Entry, ...]:
        entries = self._entries
        if not self._some_run_out:
            return entries
        now = self._clock()
        return tuple(
            entry
            for entry in entries
            if entry.not_after is None or now < entry.not_after
        )


def _prepare(material: Material, kid: str | None) -> Key:
    key = Key(material.key, material.algorithm, kid=kid or material.kid)
    if key.kid is None and key.algorithm not in HMAC:
        name = thumbprint(key.public, key.algorithm)
        return Key(material.key, material.algorithm, kid=name)
    return key


def _read_file(path: os.PathLike[str]) -> bytes | Mapping[str, Any]:
    try:
        content = Path(path).read_bytes()
        if not content.lstrip().startswith(b"{"):
            if b"-----BEGIN" not in content:
                raise UnusableKeyError(f"is in {path}, which holds neither PEM nor JWK")
            return content
        jwk = json.loads(content)
    except OSError as error:
        raise UnusableKeyError(f"cannot be read: {path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnusableKeyError):
            raise
        raise UnusableKeyError(f"is in {path}, which is no JSON") from None
    return jwk if isinstance(jwk, Mapping) else {}
