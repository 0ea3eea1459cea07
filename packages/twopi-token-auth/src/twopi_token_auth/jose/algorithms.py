"""The algorithms on offer, as PyJWT implements them (RFC 7518, RFC 8037)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jwt import PyJWTError
from jwt.algorithms import get_default_algorithms

HMAC = ("HS256", "HS384", "HS512")
RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
ECDSA = ("ES256", "ES384", "ES512")
EDDSA = ("EdDSA",)
JWT = "JWT"
"""The usual type of a token (RFC 7519 section 5.1)."""


class TypeOfClass(str):
    """A type of tokens that is made of the name of their class, and not chosen."""

    __slots__ = ()


NAMES = (*HMAC, *RSA, *ECDSA, *EDDSA)
"""The algorithms on offer (RFC 7518 section 3.1, RFC 8037 section 3.1)."""
ALGORITHMS = {
    name: implementation
    for name, implementation in get_default_algorithms().items()
    if name in NAMES  # without cryptography there are those of HMAC only
}


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
