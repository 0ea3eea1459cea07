"""Keys as JSON (RFC 7517) and as PEM text (RFC 7468), read strictly."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from twopi_token_auth.jose.algorithms import (
    ALGORITHMS,
    ECDSA,
    EDDSA,
    HMAC,
    RSA,
    parse_jwk,
    write_jwk,
)
from twopi_token_auth.jose.segments import encode_segment

_CURVES = dict(zip(("P-256", "P-384", "P-521"), ECDSA, strict=True))
_LENGTHS = dict(zip(HMAC, (32, 48, 64), strict=True))
_PRIMES = [n for n in range(3, 168) if all(n % d for d in range(2, n))]
_ROCA = {p: {pow(65537, power, p) for power in range(p)} for p in _PRIMES}
"""By prime, what the modulus leaves if its factors were made of powers of 65537.

That is so for all of these primes in keys of a faulty library only (Nemec et al., "The
Return of Coppersmith's Attack", section 2.2).
"""
_MEMBERS = {
    "RSA": ("e", "kty", "n"),
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
}


class UnusableKeyError(ValueError):
    """The end of a sentence that begins with the name of the key."""


class Material(NamedTuple):
    """A key object or a secret, and what its owner lets it be used for."""

    key: Any
    algorithm: str
    kid: str | None = None
    signs: bool = True
    verifies: bool = True


def fitting_algorithms(jwk: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the algorithms that *jwk* is for: the one it states, or those of its kind.

    Raises:
        UnusableKeyError: There is none.
    """
    fitting = _fitting_of_jwk(jwk)
    stated = jwk.get("alg")
    if stated is None:
        return fitting
    if stated not in fitting:
        raise UnusableKeyError("has an alg that is none for keys of its kind")
    return (stated,)


def read_jwk(jwk: Mapping[str, Any], algorithms: tuple[str, ...] = ()) -> Material:
    """Return the key that *jwk* describes.

    Its ``use``, ``key_ops`` and ``alg`` are honoured (RFC 7517 section 4).

    Args:
        jwk: The JSON Web Key.
        algorithms: Those the key may be used with, best first; none means any.

    Raises:
        UnusableKeyError: There is no key in it, a weak one, or one for another use.
    """
    algorithm = _choose(fitting_algorithms(jwk), algorithms)
    if jwk.get("use", "sig") != "sig":
        raise UnusableKeyError("has a use other than sig; it is not for signatures")
    kid = jwk.get("kid")
    if kid is not None and not (isinstance(kid, str) and kid):
        raise UnusableKeyError("has a kid that is no text")
    try:
        key = parse_jwk(jwk, algorithm)
    except ValueError:
        raise UnusableKeyError("is no complete and consistent JWK") from None
    if algorithm in HMAC and len(key) < _LENGTHS[algorithm]:
        least = _LENGTHS[algorithm]
        raise UnusableKeyError(f"is shorter than the {least} bytes {algorithm} needs")
    private = algorithm in HMAC or "d" in jwk
    signs, verifies = _operations(jwk, private=private)
    if algorithm not in HMAC and private:
        verifies = True  # the public half does
        if algorithm in EDDSA:  # PyJWT 2.13 does not look
            public = _public_members(key.public_key(), algorithm)
            if public["x"] != jwk["x"]:
                raise UnusableKeyError("has a private half of another key")
    _check_strength(key)
    return Material(key, algorithm, kid, signs, verifies)


def read_pem(pem: bytes, algorithms: tuple[str, ...] = ()) -> Material:
    """Return the private or public key in *pem*.

    Args:
        pem: One key in PEM form, not encrypted.
        algorithms: Those the key may be used with, best first; none means any.

    Raises:
        UnusableKeyError: There is no key in it, or a weak one.
    """
    _need_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    try:
        if b"PRIVATE KEY-----" in pem:
            key: Any = serialization.load_pem_private_key(pem, password=None)
        else:
            key = serialization.load_pem_public_key(pem)
    except TypeError:
        raise UnusableKeyError("is encrypted; decrypt it first") from None
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKeyError("is no private or public key in PEM form") from None
    private = hasattr(key, "private_bytes")
    algorithm = _choose(_fitting(key), algorithms)
    _check_strength(key)
    return Material(key, algorithm, signs=private)


def public_jwk(key: Any, algorithm: str, kid: str | None) -> dict[str, Any]:
    """Return the JWK that anybody may know of a public key object."""
    members = _public_members(key, algorithm)
    named = {} if kid is None else {"kid": kid}
    return {**members, "use": "sig", "alg": algorithm, **named}


def private_jwk(key: Any, algorithm: str, kid: str | None) -> dict[str, Any]:
    """Return the JWK of a private key object or a secret. Keep it secret."""
    members = write_jwk(key, algorithm)
    members.pop("key_ops", None)
    named = {} if kid is None else {"kid": kid}
    return {**members, "use": "sig", "alg": algorithm, **named}


def generate(algorithm: str) -> Any:
    """Return a new private key object, or a new secret, for *algorithm*.

    Raises:
        UnusableKeyError: cryptography is not installed.
    """
    if algorithm in HMAC:
        return secrets.token_bytes(_LENGTHS[algorithm])
    _need_cryptography()
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if algorithm in RSA:
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    if algorithm in EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    curves = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())
    return ec.generate_private_key(curves[ECDSA.index(algorithm)])


def thumbprint(key: Any, algorithm: str) -> str:
    """Return the SHA-256 thumbprint of a public key object (RFC 7638 section 3)."""
    members = _public_members(key, algorithm)
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return encode_segment(hashlib.sha256(canonical.encode()).digest()).decode()


def _public_members(key: Any, algorithm: str) -> dict[str, Any]:
    members = write_jwk(key, algorithm)
    return {name: members[name] for name in _MEMBERS[members["kty"]]}


def _need_cryptography() -> None:
    if RSA[0] not in ALGORITHMS:
        raise UnusableKeyError(
            "is asymmetric, which needs cryptography: "
            "pip install 'twopi-token-auth[crypto]'"
        )


def _fitting_of_jwk(jwk: Mapping[str, Any]) -> tuple[str, ...]:
    kind = jwk.get("kty")
    if kind == "oct":
        return HMAC
    if not isinstance(kind, str) or kind not in _MEMBERS:
        raise UnusableKeyError("has no kty out of oct, RSA, EC and OKP")
    _need_cryptography()
    if kind == "RSA":
        return RSA
    curve = jwk.get("crv")
    if kind == "EC" and isinstance(curve, str) and curve in _CURVES:
        return (_CURVES[curve],)
    if kind == "OKP" and curve in {"Ed25519", "Ed448"}:
        return EDDSA
    raise UnusableKeyError("has a crv that no signature algorithm on offer uses")


def _fitting(key: Any) -> tuple[str, ...]:
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

    if isinstance(key, (rsa.RSAPrivateKey, rsa.RSAPublicKey)):
        return RSA
    if isinstance(key, (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey)):
        curves = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
        name = curves.get(key.curve.name)
        if name is not None:
            return (_CURVES[name],)
    elif isinstance(
        key,
        (
            ed25519.Ed25519PrivateKey,
            ed25519.Ed25519PublicKey,
            ed448.Ed448PrivateKey,
            ed448.Ed448PublicKey,
        ),
    ):
        return EDDSA
    raise UnusableKeyError("is of a kind that no signature algorithm on offer uses")


def _choose(fitting: tuple[str, ...], algorithms: tuple[str, ...]) -> str:
    for algorithm in algorithms or fitting:
        if algorithm in fitting:
            return algorithm
    raise UnusableKeyError(
        f"is for {' or '.join(fitting)}, and not for {' or '.join(algorithms)}"
    )


def _operations(jwk: Mapping[str, Any], *, private: bool) -> tuple[bool, bool]:
    operations = jwk.get("key_ops")
    if operations is None:
        return private, True
    if not isinstance(operations, list) or not all(
        isinstance(operation, str) for operation in operations
    ):
        raise UnusableKeyError("has a key_ops that is no list of texts")
    if len(operations) != len(set(operations)):
        raise UnusableKeyError("has a key_ops that names an operation twice")
    signs, verifies = private and "sign" in operations, "verify" in operations
    if not (signs or verifies):
        raise UnusableKeyError("has a key_ops without sign and verify")
    return signs, verifies


def _check_strength(key: Any) -> None:
    if isinstance(key, bytes) or not hasattr(key, "key_size"):
        return
    public = key.public_key() if hasattr(key, "private_bytes") else key
    numbers = public.public_numbers()
    if not hasattr(numbers, "n"):
        return
    if not 2048 <= public.key_size <= 8192:
        raise UnusableKeyError(
            f"is an RSA key of {public.key_size} bits; use 2048 to 8192"
        )
    if numbers.e < 3 or numbers.e % 2 == 0:
        raise UnusableKeyError("is an RSA key with an exponent that protects nothing")
    if all(numbers.n % prime in powers for prime, powers in _ROCA.items()):
        raise UnusableKeyError(
            "is an RSA key that can be factored (ROCA, CVE-2017-15361); make a new one"
        )
