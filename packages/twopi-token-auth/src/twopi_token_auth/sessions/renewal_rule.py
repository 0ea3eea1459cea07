"""The rule of renewals: which refresh tokens are answered, and which are refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from twopi_token_auth.errors import SessionErrorCode
from twopi_token_auth.stores.base import RefreshSession


def judge(
    session: RefreshSession, counter: int, *, now: datetime, grace: timedelta | None
) -> SessionErrorCode | Literal["repeat", "advance", "rollback"]:
    """Return what to do with a token that could not advance its session.

    Args:
        session: The session as it is now.
        counter: That of the token, which is genuine.
        now: The time.
        grace: For how long after a renewal the token before is answered again, if so.

    Returns:
        Why the token is refused, or: ``repeat`` for the token before the current one,
        in time, which gets the same answer; ``rollback`` for a token that is newer than
        the session, as only the server makes tokens and so the store has lost its last
        writes; ``advance`` if the session has the counter of the token.
    """
    if session.revoked_at is not None:
        return "revoked"
    if session.expires_at is not None and now >= session.expires_at:
        return "expired"
    if not session.is_active(now):
        return "idle"
    if counter > session.counter:
        return "rollback"
    if counter == session.counter:
        return "advance"
    late = grace is None or now - session.renewed_at > grace
    return "reused" if late or counter != session.counter - 1 else "repeat"
