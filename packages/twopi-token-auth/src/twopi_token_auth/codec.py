"""Compact JSON Web Signatures (RFC 7515): the only module that calls PyJWT.

Keys are checked and signatures made and compared by PyJWT's algorithm objects, once
prepared per secret. The parsing around them is our own, because it is stricter and
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
from jwt.algorithms import HMACAlgorithm

from twopi_token_auth.errors import ConfigurationError, TokenError

ALGORITHMS = {
    "HS256": HMACAlgorithm(HMACAlgorithm.SHA256),
    "HS384": HMACAlgorithm(HMACAlgorithm.SHA384),
    "HS512": HMACAlgorithm(HMACAlgorithm.SHA512),
}

_COMPACT = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_TO_BASE64 = bytes.maketrans(b"-_", b"+/")
_TO_BASE64URL = bytes.maketrans(b"+/", b"-_")
# The last characters that leave no bit unused, by the length of the segment modulo 4
# (RFC 4648 section 3.5): every other one would be a second spelling of the same token.
_LAST = {2: b"AQgw", 3: b"AEIMQUYcgkosw048", 1: b""}


class Key:
    """A secret, checked and prepared for one algorithm.

    Attributes:
        algorithm: The name of the one algorithm it signs and verifies with.
        weakness: What is wrong with its length (RFC 7518 section 3.2), or None.
        header: The first segment of the tokens it signs.
    """

    __slots__ = ("_implementation", "_prepared", "algorithm", "header", "weakness")

    def __init__(self, secret: str | bytes, algorithm: str) -> None:
        self.algorithm = algorithm
        self._implementation = ALGORITHMS[algorithm]
        self._prepared = self._implementation.prepare_key(secret)
        self.weakness = self._implementation.check_key_length(self._prepared)
        self.header = _encode_json({"alg": algorithm, "typ": "JWT"})

    def sign(self, message: bytes) -> bytes:
        """Return the signature of *message*."""
        return self._implementation.sign(message, self._prepared)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Tell whether *signature* is that of *message*, in constant time."""
        return self._implementation.verify(message, self._prepared, signature)


def prepare_key(secret: object, algorithm: str, *, name: str = "The secret") -> Key:
    """Return the key made of *secret*, the same one again for the same secret.

    Args:
        secret: Text or bytes shared by those who sign and those who verify.
        algorithm: One of `ALGORITHMS`.
        name: What to call the secret in an error.

    Raises:
        ConfigurationError: *secret* can be no HMAC secret, or *algorithm* is unknown.
    """
    if algorithm not in ALGORITHMS:
        raise ConfigurationError(
            f"The algorithm of a token class is {algorithm!r}; "
            f"it must be one of {', '.join(ALGORITHMS)}"
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


def encode(claims: Mapping[str, Any], key: Key) -> str:
    """Return *claims* as a compact JWS signed with *key*.

    Raises:
        TypeError: A claim has no JSON form.
        ValueError: A claim is NaN or infinite, which has none either.
    """
    message = key.header + b"." + _encode_json(claims)
    return (message + b"." + _encode_segment(key.sign(message))).decode("ascii")


def decode(token: object, keys: Sequence[Key], *, max_length: int) -> dict[str, Any]:
    """Return the claims of *token* if one of *keys* has signed it.

    Dates and names are not looked at; `check_claims` does that.

    Args:
        token: What a stranger calls a token; it may be anything.
        keys: The keys to try in turn, at least one and all of one algorithm.
        max_length: The number of characters above which nothing is parsed.

    Raises:
        TokenError: ``malformed``, ``algorithm`` or ``signature``.
    """
    if not isinstance(token, str) or len(token) > max_length or not token.isascii():
        _refuse("The token is no ASCII text, or too long")
    match = _COMPACT.fullmatch(token.encode("ascii"))
    if match is None:
        _refuse("The token does not consist of three segments in base64url")
    header, payload, signature = match.groups()
    if header != keys[0].header:
        _check_header(_decode_json(header), keys[0])
    message, raw = match.string[: match.end(2)], _decode_segment(signature)
    if not any(key.verify(message, raw) for key in keys):
        raise TokenError("signature", "The signature is wrong")
    return _decode_json(payload)


def _check_header(header: dict[str, Any], key: Key) -> None:
    if header.get("alg") != key.algorithm:
        raise TokenError("algorithm", f"The token is not signed with {key.algorithm}")
    if "crit" in header or "b64" in header:
        _refuse("The token uses an extension that is not understood")
    if not isinstance(header.get("kid", ""), str):
        _refuse("The key identifier of the token is no text")


def _encode_segment(raw: bytes) -> bytes:
    return b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_BASE64URL)


def _decode_segment(segment: bytes) -> bytes:
    surplus = len(segment) % 4
    if surplus and segment[-1] not in _LAST[surplus]:
        _refuse("The token is not in canonical base64url")
    return a2b_base64(segment.translate(_TO_BASE64) + b"=" * (-surplus % 4))


def _encode_json(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return _encode_segment(text.encode("ascii"))


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
