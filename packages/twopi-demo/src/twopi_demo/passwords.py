"""Passwords: hashed with Argon2id, at the cost that argon2-cffi recommends."""

from __future__ import annotations

import functools

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from twopi_demo.models import User

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Return what to store for *password*."""
    return _hasher.hash(password)


def authenticate(user: User | None, password: str) -> User | None:
    """Return *user* if *password* is theirs.

    An unknown user costs as much time as a wrong password: the time of the answer
    must not tell which names exist. A hash of an older, cheaper setting is renewed.
    """
    try:
        _hasher.verify(user.password_hash if user else _nobody(), password)
    except VerificationError:
        return None
    if user and _hasher.check_needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)
    return user


@functools.cache
def _nobody() -> str:
    return hash_password("")
