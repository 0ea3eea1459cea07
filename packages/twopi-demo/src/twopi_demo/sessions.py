"""Sessions: one row for each login, with only a hash of its refresh token."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from twopi_demo.database import session
from twopi_demo.models import Base, User, utcnow

IDLE = dt.timedelta(days=14)
"""How long a session lives without being renewed."""


class LoginSession(Base):
    """A login that has not been logged out yet."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used: Mapped[dt.datetime]
    user: Mapped[User] = relationship(lazy="joined")


def open_session(user: User) -> tuple[LoginSession, str]:
    """Return a new session of *user* and its refresh token, which is not stored."""
    token = secrets.token_urlsafe(32)
    opened = LoginSession(
        id=uuid.uuid4().hex, user=user, token_hash=_hash(token), used=utcnow()
    )
    session.add(opened)
    return opened, token


def renew_session(token: str) -> LoginSession | None:
    """Return the session that *token* belongs to, unless it is over."""
    found = session.scalar(
        select(LoginSession).where(
            LoginSession.token_hash == _hash(token),
            LoginSession.used > utcnow() - IDLE,
        )
    )
    if found:
        found.used = utcnow()
    return found


def close_session(session_id: str) -> None:
    """Revoke the session: its refresh token is worth nothing any more."""
    if found := session.get(LoginSession, session_id):
        session.delete(found)


def _hash(token: str) -> str:
    """Return the SHA-256; a random token of 256 bits needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
