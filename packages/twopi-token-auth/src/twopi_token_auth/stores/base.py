"""A session, and the seven methods a store of sessions has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

DATES = ("created_at", "renewed_at", "idle_expires_at", "expires_at", "revoked_at")
"""The attributes of a `RefreshSession` that are datetimes."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSession:
    """One login of one user, renewed until it ends.

    All datetimes are aware and in UTC.

    Attributes:
        id: Its name, which is no secret: tokens carry it.
        user_id: Whose it is.
        scopes: What it may do.
        data: What the application keeps with it; has a JSON form.
        name: What the user calls it, for example the device.
        created_at: When the user logged in.
        renewed_at: When it was last renewed.
        idle_expires_at: When it ends unless it is renewed before; never later than
            *expires_at*. None means never.
        expires_at: When it ends in any case. None means never.
        counter: How often it was renewed.
        revoked_at: When it was ended, if it was.
        ip: From where the user logged in.
        user_agent: With what the user logged in.
        remember: Whether a browser keeps the login when it is closed.
    """

    id: str
    user_id: str
    created_at: datetime
    renewed_at: datetime
    idle_expires_at: datetime | None
    expires_at: datetime | None
    scopes: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    counter: int = 0
    revoked_at: datetime | None = None
    ip: str | None = None
    user_agent: str | None = None
    remember: bool = True

    def is_active(self, at: datetime) -> bool:
        """Tell whether the session can be used *at* that time."""
        ends = self.idle_expires_at
        return self.revoked_at is None and (ends is None or at < ends)


class SessionStore(Protocol):
    """Keeps sessions. `twopi_token_auth.testing.StoreContract` checks an own one.

    Every method is atomic, may be called by any number of threads and processes, and
    raises `StoreUnavailableError` when the store cannot be reached.
    """

    def create(self, session: RefreshSession) -> None:
        """Keep a new session."""

    def get(self, session_id: str) -> RefreshSession | None:
        """Return a session, or None if there is none; it may have ended."""

    def advance(
        self,
        session_id: str,
        counter: int,
        *,
        to: int,
        at: datetime,
        idle_expires_at: datetime | None,
    ) -> RefreshSession | None:
        """Renew a session if it is active *at* that time and has this *counter*.

        The counter becomes *to*, ``renewed_at`` becomes *at*, and ``idle_expires_at``
        the earlier one of *idle_expires_at* and ``expires_at``. This is a
        compare-and-set: of several callers with the same counter one succeeds.

        Returns:
            The session as it is now, or None if nothing was changed.
        """

    def revoke(self, session_id: str, at: datetime) -> bool:
        """End a session; tell whether it was there and had not been revoked."""

    def revoke_all(self, user_id: str, at: datetime, *, keep: str | None = None) -> int:
        """End all sessions of a user but *keep*; return how many were not revoked."""

    def list(
        self, user_id: str, at: datetime | None = None
    ) -> Sequence[RefreshSession]:
        """Return the sessions of a user, in any order; some may have ended.

        With *at*, leave those out that have ended by then, as far as that saves work.
        """

    def purge(self, before: datetime, limit: int) -> int:
        """Delete up to *limit* sessions that ended before then; return how many.

        Does nothing where the store forgets them by itself.
        """


def to_microseconds(date: datetime | None) -> int | None:
    """Return *date* as microseconds since 1970, exactly."""
    return None if date is None else (date - _EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int | None) -> datetime | None:
    """Return the date that `to_microseconds` was given, in UTC."""
    return None if microseconds is None else _EPOCH + microseconds * _MICROSECOND


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier one of two dates, where None means never."""
    return min((date for date in (one, other) if date is not None), default=None)
