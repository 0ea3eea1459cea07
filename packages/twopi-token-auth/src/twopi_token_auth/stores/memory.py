"""Sessions in the memory of one process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from itertools import islice
from threading import Lock

from twopi_token_auth.stores.base import RefreshSession, earlier


class MemoryStore:
    """Keeps sessions until the process ends; for tests and for programs of one process.

    .. warning::
       Several processes (workers of a web server) do not see each other's sessions.

    Args:
        max_sessions: How many to keep; the one that was not renewed for longest makes
            room for a new one.
    """

    def __init__(self, *, max_sessions: int = 100_000) -> None:
        if max_sessions < 1:
            raise ValueError(f"max_sessions is {max_sessions}; it must be positive")
        self._max_sessions = max_sessions
        self._sessions: dict[str, RefreshSession] = {}  # least recently renewed first
        self._users: dict[str, dict[str, None]] = {}
        self._lock = Lock()

    def create(self, session: RefreshSession) -> None:
        """Keep a new session."""
        with self._lock:
            if len(self._sessions) >= self._max_sessions:
                self._delete(next(iter(self._sessions)))
            self._sessions[session.id] = _copy(session)
            self._users.setdefault(session.user_id, {})[session.id] = None

    def get(self, session_id: str) -> RefreshSession | None:
        """Return a session, or None."""
        session = self._sessions.get(session_id)
        return session and _copy(session)

    def advance(
        self,
        session_id: str,
        counter: int,
        *,
        to: int,
        at: datetime,
        idle_expires_at: datetime | None,
    ) -> RefreshSession | None:
        """Renew a session if it is active and has this *counter*."""
        with self._lock:
            session = self._sessions.get(session_id)
            if session is None or session.counter != counter:
                return None
            if not session.is_active(at):
                return None
            del self._sessions[session_id]
            ends = earlier(idle_expires_at, session.expires_at)
            session = replace(session, counter=to, renewed_at=at, idle_expires_at=ends)
            self._sessions[session_id] = session
            return _copy(session)

    def revoke(self, session_id: str, at: datetime) -> bool:
        """End a session."""
        with self._lock:
            return self._revoke(session_id, at)

    def revoke_all(self, user_id: str, at: datetime, *, keep: str | None = None) -> int:
        """End all sessions of a user but *keep*."""
        with self._lock:
            session_ids = self._users.get(user_id, {})
            return sum(self._revoke(each, at) for each in session_ids if each != keep)

    def list(self, user_id: str) -> Sequence[RefreshSession]:
        """Return the sessions of a user."""
        with self._lock:
            return [
                _copy(self._sessions[each]) for each in self._users.get(user_id, ())
            ]

    def purge(self, before: datetime, limit: int) -> int:
        """Delete up to *limit* sessions that ended before then."""
        with self._lock:
            ended = list(islice(self._ended(before), limit))
            for session_id in ended:
                self._delete(session_id)
            return len(ended)

    def _ended(self, before: datetime) -> Iterator[str]:
        for session in self._sessions.values():
            end = earlier(session.revoked_at, session.idle_expires_at)
            if end is not None and end < before:
                yield session.id

    def _revoke(self, session_id: str, at: datetime) -> bool:
        session = self._sessions.get(session_id)
        if session is None or session.revoked_at is not None:
            return False
        self._sessions[session_id] = replace(session, revoked_at=at)
        return True

    def _delete(self, session_id: str) -> None:
        session = self._sessions.pop(session_id)
        session_ids = self._users[session.user_id]
        del session_ids[session_id]
        if not session_ids:
            del self._users[session.user_id]


def _copy(session: RefreshSession) -> RefreshSession:
    return replace(session, data=deepcopy(session.data))
