"""Make keys and write them as JSON (RFC 7517)."""

from twopi_token_auth.jose.jwk import generate, private_jwk

__all__ = ["generate", "private_jwk"]
