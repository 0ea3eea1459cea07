"""Whether the session of a token is still active."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from twopi_token_auth.clock import since_start
from twopi_token_auth.stores.base import RefreshSession, SessionStore


class RevocationCheck:
    """Tells whether sessions are active, and asks the store no more than needed.

    Args:
        store: Where the sessions are kept.
        staleness: For how long an answer of the store is good.
        clock: Returns seconds.
        max_sessions: How many answers to keep; the oldest makes room.
    """

    def __init__(
        self,
        store: SessionStore,
        *,
        staleness: timedelta,
        clock: Callable[[], float] = since_start,
        max_sessions: int = 10_000,
    ) -> None:
        self._store = store
        self._staleness = staleness.total_seconds()
        self._clock = clock
        self._max_sessions = max_sessions
        self._answers: dict[str, tuple[float, RefreshSession | None]] = {}
        self._lock = Lock()

    def is_active(self, session_id: str, at: datetime) -> bool:
        """Tell whether a session was active *at* that time, when last looked at.

        Raises:
            StoreUnavailableError: Nobody can tell.
        """
        session = self._find(session_id)
        return session is not None and session.is_active(at)

    def _find(self, session_id: str) -> RefreshSession | None:
        if not self._staleness:
            return self._store.get(session_id)
        now = self._clock()
        answer = self._answers.get(session_id)
        if answer is not None and now - answer[0] < self._staleness:
            return answer[1]
        session = self._store.get(session_id)
        with self._lock:
            self._answers.pop(session_id, None)
            if len(self._answers) >= self._max_sessions:
                del self._answers[next(iter(self._answers))]
            self._answers[session_id] = (now, session)
        return session
