"""Keys, each checked and prepared for one algorithm.

Keys are checked by PyJWT's algorithm objects, and prepared once. Signatures are made
and compared here, as what depends on the key alone is done beforehand: half of the work
of HMAC, and the parameters of the others. What is signed is in `jws`.
"""

from __future__ import annotations

import functools
import hashlib
from hmac import compare_digest
from typing import Any

from jwt import PyJWTError
from jwt.algorithms import has_crypto

from twopi_token_auth.errors import ConfigurationError
from twopi_token_auth.jose.algorithms import ALGORITHMS, ECDSA, EDDSA, HMAC, JWT
from twopi_token_auth.jose.segments import write_object

if has_crypto:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


class Key:
    """A secret, a private or a public key, checked and prepared for one algorithm.

    Attributes:
        algorithm: The name of the one algorithm it signs and verifies with.
        kid: What the tokens it signs call it; None if they do not.
        weakness: What is wrong with its length (RFC 7518 section 3.2), or None.
        header: The first segment of the tokens it signs.
        public: The key object to verify with; the secret itself with HMAC.
        private: The key object to sign with, or None.
    """

    __slots__ = (
        "_half",
        "_hashes",
        "_headers",
        "_scheme",
        "algorithm",
        "header",
        "kid",
        "private",
        "public",
        "weakness",
    )

    def __init__(
        self, material: Any, algorithm: str, *, kid: str | None = None
    ) -> None:
        self.algorithm = algorithm
        self.kid = kid
        implementation = ALGORITHMS[algorithm]
        prepared = implementation.prepare_key(material)
        self.weakness = implementation.check_key_length(prepared)
        self.public = self.private = prepared
        self._hashes: tuple[Any, Any] | None = None
        if algorithm in HMAC:
            self._hashes = _begin_hmac(prepared, f"sha{algorithm[2:]}")
        elif hasattr(prepared, "private_bytes"):
            self.public = prepared.public_key()
        else:
            self.private = None
        self._scheme = _scheme(algorithm)
        # The bytes of either number of a signature (RFC 7518 section 3.4)
        self._half = -(-self.public.curve.key_size // 8) if algorithm in ECDSA else 0
        self._headers: dict[str, bytes] = {}
        self.header = self.header_for(JWT)

    def header_for(self, token_type: str) -> bytes:
        """Return the first segment of the tokens of *token_type* that it signs."""
        header = self._headers.get(token_type)
        if header is None:
            fields = {"alg": self.algorithm, "typ": token_type}
            if self.kid is not None:
                fields["kid"] = self.kid
            header = self._headers[token_type] = write_object(fields)
        return header

    def sign(self, message: bytes) -> bytes:
        """Return the signature of *message*."""
        if self._hashes is None:
            made: bytes = self.private.sign(message, *self._scheme)
            half = self._half
            if half:
                r, s = utils.decode_dss_signature(made)
                made = r.to_bytes(half) + s.to_bytes(half)
            return made
        inner, outer = self._hashes[0].copy(), self._hashes[1].copy()
        inner.update(message)
        outer.update(inner.digest())
        signature: bytes = outer.digest()
        return signature

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Tell whether *signature* is that of *message*, in constant time."""
        if self._hashes is not None:
            return compare_digest(self.sign(message), signature)
        half = self._half
        if half:
            if len(signature) != 2 * half:
                return False
            r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
            signature = utils.encode_dss_signature(r, s)
        try:
            self.public.verify(signature, message, *self._scheme)
        except InvalidSignature:
            return False
        return True


def _scheme(algorithm: str) -> tuple[Any, ...]:
    """Return how a public key verifies (RFC 7518 sections 3.3 to 3.5, RFC 8037)."""
    if algorithm in HMAC or algorithm in EDDSA:
        return ()
    digest = getattr(hashes, f"SHA{algorithm[2:]}")()
    if algorithm in ECDSA:
        return (ec.ECDSA(digest),)
    if algorithm.startswith("PS"):
        return padding.PSS(padding.MGF1(digest), digest.digest_size), digest
    return padding.PKCS1v15(), digest


def _begin_hmac(secret: bytes, name: str) -> tuple[Any, Any]:
    """Return the two hashes of HMAC with *secret* in them (RFC 2104 section 4)."""
    size = hashlib.new(name).block_size
    key = hashlib.new(name, secret).digest() if len(secret) > size else secret
    padded = key.ljust(size, b"\0")
    inner, outer = padded.translate(_INNER), padded.translate(_OUTER)
    return hashlib.new(name, inner), hashlib.new(name, outer)


def prepare_key(secret: object, algorithm: str, *, name: str = "The secret") -> Key:
    """Return the key made of *secret*, the same one again for the same secret.

    Args:
        secret: Text or bytes shared by those who sign and those who verify.
        algorithm: One of `HMAC`.
        name: What to call the secret in an error.

    Raises:
        ConfigurationError: *secret* can be no HMAC secret, or *algorithm* is unknown.
    """
    if algorithm not in HMAC:
        raise ConfigurationError(
            f"The algorithm of a token class is {algorithm!r}; "
            f"with a secret it must be one of {', '.join(HMAC)}"
        )
    if not isinstance(secret, (str, bytes)):
        kind = type(secret).__name__
        raise ConfigurationError(f"{name} is of type {kind}; it must be text or bytes")
    try:
        return _prepare_key(secret, algorithm)
    except _UnusableSecretError as error:
        raise ConfigurationError(f"{name} {error}") from None


class _UnusableSecretError(Exception):
    """The end of a sentence that begins with the name of the secret."""


@functools.lru_cache(maxsize=64)
def _prepare_key(secret: str | bytes, algorithm: str) -> Key:
    try:
        raw = secret.encode() if isinstance(secret, str) else secret
        if b"-----BEGIN" in raw:
            raise _UnusableSecretError(
                "is an asymmetric key in PEM form, whose public half anybody may know; "
                "set a random text"
            )
        return Key(raw, algorithm)
    except UnicodeEncodeError:
        raise _UnusableSecretError("is not valid Unicode") from None
    except (PyJWTError, RecursionError):
        if not secret:
            raise _UnusableSecretError("is empty; set a random text") from None
        raise _UnusableSecretError(
            "is a key of another kind (PEM, SSH, DER, JWK); set a random text"
        ) from None
