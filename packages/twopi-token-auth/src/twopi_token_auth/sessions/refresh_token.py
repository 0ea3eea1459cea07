"""The refresh token ``session.counter.mac``: derived from the secret, stored nowhere.

The MAC is HMAC-SHA256 with a key that HKDF (RFC 5869) derives from ``SECRET_KEY`` under
a label of its own, salted with the random name of the session: neither the store nor a
signed JWT tells anything about it, and whether a token is one of ours is known before
the store is asked. The same counter always gives the same token, so that a client that
lost an answer can be given it again.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable

_LABEL = b"twopi-token-auth refresh token 1"
_FORM = re.compile(
    r"([0-9a-f]{32})\.(0|[1-9][0-9]{0,17})\.([A-Za-z0-9_-]{43})", re.ASCII
)


def make_session_id() -> str:
    """Return a new name for a session: 128 random bits in hexadecimal."""
    return secrets.token_hex(16)


def mint(session_id: str, counter: int, secret: str | bytes) -> str:
    """Return the refresh token of a session after *counter* renewals.

    Args:
        session_id: The session, as `make_session_id` named it.
        counter: How often it was renewed.
        secret: The application's secret.
    """
    return f"{session_id}.{counter}.{_mac(session_id, counter, secret)}"


def parse(
    refresh_token: object, secrets: Iterable[str | bytes]
) -> tuple[str, int] | None:
    """Return the session and the counter of *refresh_token*, or None if it is not ours.

    Args:
        refresh_token: What the client sent.
        secrets: The secrets it may have been made with.
    """
    form = isinstance(refresh_token, str) and _FORM.fullmatch(refresh_token)
    if not form:
        return None
    session_id, counter, mac = form[1], int(form[2]), form[3]
    for secret in secrets:
        if hmac.compare_digest(_mac(session_id, counter, secret), mac):
            return session_id, counter
    return None


def _mac(session_id: str, counter: int, secret: str | bytes) -> str:
    material = secret.encode() if isinstance(secret, str) else secret
    pseudorandom = hmac.digest(session_id.encode(), material, "sha256")
    key = hmac.digest(pseudorandom, _LABEL + b"\x01", "sha256")
    mac = hmac.digest(key, f"{session_id}.{counter}".encode(), "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()
