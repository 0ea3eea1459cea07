"""The rule of renewals: which refresh tokens are answered, and which are refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NoReturn

from twopi_token_auth.errors import SessionErrorCode, StoreUnavailableError
from twopi_token_auth.stores.base import RefreshSession


def refuse(
    session: RefreshSession, counter: int, *, now: datetime, grace: timedelta
) -> SessionErrorCode | None:
    """Tell why a token that could not advance its session is refused.

    Args:
        session: The session as it is now.
        counter: That of the token, which is genuine.
        now: The time.
        grace: For how long after a renewal the token before is answered again.

    Returns:
        None for the token before the current one, in time.

    Raises:
        StoreUnavailableError: The store contradicts itself.
    """
    if session.revoked_at is not None:
        return "revoked"
    if session.expires_at is not None and now >= session.expires_at:
        return "expired"
    if not session.is_active(now):
        return "idle"
    if counter == session.counter:
        _contradiction()
    if counter == session.counter - 1 and now - session.renewed_at <= grace and grace:
        return None
    return "reused"


def _contradiction() -> NoReturn:
    raise StoreUnavailableError(
        "The store has refused to advance a session from the counter that it has"
    )
