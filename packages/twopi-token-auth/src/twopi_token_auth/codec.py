"""Compact JSON Web Signatures (RFC 7515): the only module that calls PyJWT.

Keys are checked and signatures made and compared by PyJWT's algorithm objects, once
prepared per key. The parsing around them is our own, because it is stricter and
does not depend on the version of PyJWT: one spelling per token, no padding, UTF-8,
no critical extensions, and only the algorithm of the key. Whatever `decode` accepts,
``jwt.decode`` accepts too, with equal claims.
"""

from __future__ import annotations

import functools
import json
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from jwt import PyJWTError
from jwt.algorithms import get_default_algorithms

from twopi_token_auth.errors import ConfigurationError, TokenError

HMAC = ("HS256", "HS384", "HS512")
RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
ECDSA = ("ES256", "ES384", "ES512")
EDDSA = ("EdDSA",)
JWT = "JWT"
"""The usual type of a token (RFC 7519 section 5.1)."""
NAMES = (*HMAC, *RSA, *ECDSA, *EDDSA)
"""The algorithms on offer (RFC 7518 section 3.1, RFC 8037 section 3.1)."""
ALGORITHMS = {
    name: implementation
    for name, implementation in get_default_algorithms().items()
    if name in NAMES  # without cryptography there are those of HMAC only
}

_COMPACT = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_TO_BASE64 = bytes.maketrans(b"-_", b"+/")
_TO_BASE64URL = bytes.maketrans(b"+/", b"-_")
# The last characters that leave no bit unused, by the length of the segment modulo 4
# (RFC 4648 section 3.5): every other one would be a second spelling of the same token.
_LAST = {2: b"AQgw", 3: b"AEIMQUYcgkosw048", 1: b""}


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
        "_headers",
        "_implementation",
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
        self._implementation = ALGORITHMS[algorithm]
        prepared = self._implementation.prepare_key(material)
        self.weakness = self._implementation.check_key_length(prepared)
        self.public = self.private = prepared
        if algorithm not in HMAC:
            if hasattr(prepared, "private_bytes"):
                self.public = prepared.public_key()
            else:
                self.private = None
        self._headers: dict[str, bytes] = {}
        self.header = self.header_for(JWT)

    def header_for(self, token_type: str) -> bytes:
        """Return the first segment of the tokens of *token_type* that it signs."""
        header = self._headers.get(token_type)
        if header is None:
            fields = {"alg": self.algorithm, "typ": token_type}
            if self.kid is not None:
                fields["kid"] = self.kid
            header = self._headers[token_type] = _encode_json(fields)
        return header

    def sign(self, message: bytes) -> bytes:
        """Return the signature of *message*."""
        return self._implementation.sign(message, self.private)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Tell whether *signature* is that of *message*, in constant time."""
        return self._implementation.verify(message, self.public, signature)


def parse_jwk(jwk: Mapping[str, Any], algorithm: str) -> Any:
    """Return the key object, or the secret, that *jwk* describes.

    Raises:
        ValueError: It describes none.
    """
    try:
        return ALGORITHMS[algorithm].from_jwk(dict(jwk))
    except (PyJWTError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(type(error).__name__) from None


def write_jwk(key: Any, algorithm: str) -> dict[str, Any]:
    """Return the members of the JWK of a key object or a secret."""
    return dict(ALGORITHMS[algorithm].to_jwk(key, as_dict=True))


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


def encode(claims: Mapping[str, Any], key: Key, *, token_type: str = JWT) -> str:
    """Return *claims* as a compact JWS of *token_type* signed with *key*.

    Raises:
        TypeError: A claim has no JSON form.
        ValueError: A claim is NaN or infinite, which has none either.
    """
    message = key.header_for(token_type) + b"." + _encode_json(claims)
    return (message + b"." + encode_segment(key.sign(message))).decode("ascii")


def decode(
    token: object, keys: Sequence[Key], *, max_length: int, token_type: str = JWT
) -> dict[str, Any]:
    """Return the claims of *token* if one of *keys* has signed it.

    Dates and names are not looked at; `check_claims` does that. A token that names
    its key is tried with that one, any other with those of its algorithm.

    Args:
        token: What a stranger calls a token; it may be anything.
        keys: The keys to try in turn.
        max_length: The number of characters above which nothing is parsed.
        token_type: What the header must call the token (RFC 8725 section 3.11);
            ``JWT`` accepts every name, and none.

    Raises:
        TokenError: ``malformed``, ``algorithm``, ``type``, ``unknown_key`` or
            ``signature``.
    """
    if not isinstance(token, str) or len(token) > max_length or not token.isascii():
        _refuse("The token is no ASCII text, or too long")
    match = _COMPACT.fullmatch(token.encode("ascii"))
    if match is None:
        _refuse("The token does not consist of three segments in base64url")
    header, payload, signature = match.groups()
    chosen = keys[:1]
    familiar = chosen and header == chosen[0].header_for(token_type)
    if not familiar or (len(keys) > 1 and chosen[0].kid is None):
        chosen = _choose_keys(_decode_json(header), keys, token_type)
    message, raw = match.string[: match.end(2)], _decode_segment(signature)
    if not any(key.verify(message, raw) for key in chosen):
        raise TokenError("signature", "The signature is wrong")
    return _decode_json(payload)


def read_unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the claims of *token*, which anybody may have written.

    Raises:
        TokenError: ``malformed``.
    """
    match = _COMPACT.fullmatch(token.encode("utf-8", "replace"))
    if match is None:
        _refuse("The token does not consist of three segments in base64url")
    return _decode_json(match[1]), _decode_json(match[2])


_MOST_TRIES = 5  # signatures checked for a token that does not name its key


def _choose_keys(
    header: dict[str, Any], keys: Sequence[Key], token_type: str
) -> Sequence[Key]:
    if "crit" in header or "b64" in header:
        _refuse("The token uses an extension that is not understood")
    kid = header.get("kid", "")
    if not isinstance(kid, str):
        _refuse("The key identifier of the token is no text")
    if token_type != JWT and not _names_type(header.get("typ"), token_type):
        raise TokenError("type", f"The token is not of the type {token_type}")
    if "kid" in header:
        # Secrets have no names, and tokens signed with them may claim any.
        keys = [key for key in keys if key.kid == kid] or [
            key for key in keys if key.kid is None
        ]
    if not keys:
        raise TokenError("unknown_key", "The token is signed with an unknown key")
    chosen = [key for key in keys if key.algorithm == header.get("alg")]
    if not chosen:
        raise TokenError("algorithm", "The token is signed with another algorithm")
    return chosen if any(key.kid is None for key in keys) else chosen[:_MOST_TRIES]


def _names_type(value: object, token_type: str) -> bool:
    if not isinstance(value, str):
        return False
    short = token_type.lower().removeprefix("application/")
    return value.lower().removeprefix("application/") == short


def encode_segment(raw: bytes) -> bytes:
    """Return *raw* in base64url without padding (RFC 7515 section 2)."""
    return b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_BASE64URL)


def _decode_segment(segment: bytes) -> bytes:
    surplus = len(segment) % 4
    if surplus and segment[-1] not in _LAST[surplus]:
        _refuse("The token is not in canonical base64url")
    return a2b_base64(segment.translate(_TO_BASE64) + b"=" * (-surplus % 4))


def _encode_json(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return encode_segment(text.encode("ascii"))


def _decode_json(segment: bytes) -> dict[str, Any]:
    try:
        value = _parse(_decode_segment(segment).decode("utf-8"))
    except (ValueError, RecursionError):
        _refuse("The token holds something other than JSON")
    if not isinstance(value, dict):
        _refuse("The token holds something other than a JSON object")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are not JSON (RFC 8259 section 6)


_parse = json.JSONDecoder(parse_constant=_refuse_constant).decode


def _refuse(message: str) -> NoReturn:
    raise TokenError("malformed", message) from None
