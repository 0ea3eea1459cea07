"""Sessions in the memory of one process."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from heapq import heapify, heappop, heappush
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
        self._users: dict[str, dict[str, None]] = {}  # those that have not been revoked
        self._ends: list[tuple[datetime, str]] = []  # a heap; some are out of date
        self._lock = Lock()

    def create(self, session: RefreshSession) -> None:
        """Keep a new session."""
        with self._lock:
            if len(self._sessions) >= self._max_sessions:
                self._delete(next(iter(self._sessions)))
            self._sessions[session.id] = _copy(session)
            self._users.setdefault(session.user_id, {})[session.id] = None
            self._note_end(session)

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
            self._note_end(session)
            return _copy(session)

    def revoke(self, session_id: str, at: datetime) -> bool:
        """End a session."""
        with self._lock:
            return self._revoke(session_id, at)

    def revoke_all(self, user_id: str, at: datetime, *, keep: str | None = None) -> int:
        """End all sessions of a user but *keep*."""
        with self._lock:
            session_ids = [*self._users.get(user_id, ())]
            return sum(self._revoke(each, at) for each in session_ids if each != keep)

    def list(
        self, user_id: str, at: datetime | None = None
    ) -> Sequence[RefreshSession]:
        """Return the sessions of a user that were not revoked."""
        with self._lock:
            found = [self._sessions[each] for each in self._users.get(user_id, ())]
            if at is not None:
                for session in found:
                    if not session.is_active(at):
                        self._forget(session)
                found = [session for session in found if session.is_active(at)]
            return [*map(_copy, found)]

    def purge(self, before: datetime, limit: int) -> int:
        """Delete up to *limit* sessions that ended before then."""
        with self._lock:
            deleted = 0
            while deleted < limit and self._ends and self._ends[0][0] < before:
                end, session_id = heappop(self._ends)
                session = self._sessions.get(session_id)
                if session is not None and _end_of(session) == end:
                    self._delete(session_id)
                    deleted += 1
            return deleted

    def _note_end(self, session: RefreshSession) -> None:
        end = _end_of(session)
        if end is not None:
            heappush(self._ends, (end, session.id))
        if len(self._ends) > 2 * len(self._sessions) + 100:  # what is out of date goes
            ends = ((_end_of(each), each.id) for each in self._sessions.values())
            self._ends = [(end, each) for end, each in ends if end is not None]
            heapify(self._ends)

    def _revoke(self, session_id: str, at: datetime) -> bool:
        session = self._sessions.get(session_id)
        if session is None or session.revoked_at is not None:
            return False
        session = self._sessions[session_id] = replace(session, revoked_at=at)
        self._forget(session)
        self._note_end(session)
        return True

    def _forget(self, session: RefreshSession) -> None:
        """Leave *session* out of the list of its user."""
        session_ids = self._users.get(session.user_id, {})
        session_ids.pop(session.id, None)
        if not session_ids:
            self._users.pop(session.user_id, None)

    def _delete(self, session_id: str) -> None:
        self._forget(self._sessions.pop(session_id))


def _end_of(session: RefreshSession) -> datetime | None:
    return earlier(session.revoked_at, session.idle_expires_at)


def _copy(session: RefreshSession) -> RefreshSession:
    return replace(session, data=deepcopy(session.data))
