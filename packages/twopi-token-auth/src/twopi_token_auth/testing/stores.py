"""The rules every store of sessions has to keep."""

# ruff: noqa: S101 - these are tests

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from twopi_token_auth.sessions.refresh_token import make_session_id
from twopi_token_auth.stores.base import RefreshSession, SessionStore

_SECOND = timedelta(seconds=1)
_HOUR = timedelta(hours=1)


class StoreContract:
    """The rules of a `SessionStore`, as tests; derive yours and write `make_store`."""

    store: SessionStore
    now: datetime
    user: str

    def make_store(self) -> SessionStore:
        """Return the store to test."""
        raise NotImplementedError("Return your store from make_store")

    def setup_method(self) -> None:
        """Make the store, as pytest does before each test."""
        self.store = self.make_store()
        self.now = datetime.now(UTC)
        self.user = uuid4().hex

    def make_session(self, **changes: Any) -> RefreshSession:
        """Keep a session with everything in it, but for *changes*, and return it."""
        session = RefreshSession(
            id=make_session_id(),
            user_id=self.user,
            scopes=("read", "write"),
            data={"tenant": 5, "tags": ["ä", None, 0.5, "\0"], "more": {}},
            name="Änne's \U0001f4f1",
            created_at=self.now,
            renewed_at=self.now,
            idle_expires_at=self.now + _HOUR,
            expires_at=self.now + 2 * _HOUR,
            ip="2001:db8::1",
            user_agent="test/1.0",
        )
        session = replace(session, **changes)
        self.store.create(session)
        return session

    def advance(self, session: RefreshSession, **changes: Any) -> RefreshSession | None:
        """Renew *session* a second later, but for *changes*."""
        arguments: dict[str, Any] = {
            "to": session.counter + 1,
            "at": self.now + _SECOND,
            "idle_expires_at": self.now + _SECOND + _HOUR,
            **changes,
        }
        return self.store.advance(session.id, session.counter, **arguments)

    def test_a_session_comes_back_as_it_was_kept(self) -> None:  # noqa: D102
        full = self.make_session()
        bare = self.make_session(
            scopes=(),
            data={},
            name=None,
            idle_expires_at=None,
            expires_at=None,
            ip=None,
            user_agent=None,
            remember=False,
        )

        assert self.store.get(full.id) == full
        assert self.store.get(bare.id) == bare

    def test_an_unknown_session_is_none(self) -> None:  # noqa: D102
        session_id = make_session_id()

        assert self.store.get(session_id) is None
        assert not self.store.revoke(session_id, self.now)
        stranger = replace(self.make_session(), id=session_id)
        assert self.advance(stranger) is None
        assert self.store.get(session_id) is None

    def test_what_a_caller_does_to_the_data_is_not_kept(self) -> None:  # noqa: D102
        session = self.make_session(data={"a": 1})
        found = self.store.get(session.id)
        assert found
        found.data["a"] = 2

        found = self.store.get(session.id)
        assert found
        assert found.data == {"a": 1}

    def test_advance_renews_and_returns_the_session(self) -> None:  # noqa: D102
        session = self.make_session()

        renewed = self.advance(session)

        assert renewed == self.store.get(session.id)
        assert renewed == replace(
            session,
            counter=1,
            renewed_at=self.now + _SECOND,
            idle_expires_at=self.now + _SECOND + _HOUR,
        )

    def test_advance_works_once_per_counter(self) -> None:  # noqa: D102
        session = self.make_session()

        assert self.advance(session)
        assert self.advance(session) is None
        assert self.advance(replace(session, counter=2)) is None
        renewed = self.advance(replace(session, counter=1))
        assert renewed
        assert renewed.counter == 2

    def test_advance_may_keep_the_counter(self) -> None:  # noqa: D102
        session = self.make_session(counter=5)

        for seconds in (1, 2):
            at = self.now + seconds * _SECOND
            renewed = self.advance(session, to=5, at=at)
            assert renewed
            assert (renewed.counter, renewed.renewed_at) == (5, at)

    def test_counters_are_large(self) -> None:  # noqa: D102
        session = self.make_session(counter=10**18 - 2)

        assert self.advance(replace(session, counter=10**18 - 1)) is None
        renewed = self.advance(session)
        assert renewed
        assert renewed.counter == 10**18 - 1

    def test_advance_never_goes_beyond_the_absolute_end(self) -> None:  # noqa: D102
        for idle_expires_at in (self.now + 9 * _HOUR, None):
            session = self.make_session()
            renewed = self.advance(session, idle_expires_at=idle_expires_at)
            assert renewed
            assert renewed.idle_expires_at == session.expires_at

    def test_advance_of_a_session_without_an_end(self) -> None:  # noqa: D102
        session = self.make_session(idle_expires_at=None, expires_at=None)

        renewed = self.advance(session, idle_expires_at=None)
        assert renewed
        assert renewed.idle_expires_at is renewed.expires_at is None
        renewed = self.advance(renewed)
        assert renewed
        assert renewed.idle_expires_at == self.now + _SECOND + _HOUR

    def test_advance_refuses_what_has_ended(self) -> None:  # noqa: D102
        session = self.make_session()
        assert self.advance(session, at=session.idle_expires_at) is None
        assert self.store.get(session.id) == session

        last = self.now + _HOUR - timedelta(microseconds=1)
        assert self.advance(session, at=last)

    def test_advance_refuses_what_was_revoked(self) -> None:  # noqa: D102
        session = self.make_session()
        self.store.revoke(session.id, self.now)

        assert self.advance(session) is None

    def test_revoke_ends_a_session_once(self) -> None:  # noqa: D102
        session = self.make_session()

        assert self.store.revoke(session.id, self.now)
        assert not self.store.revoke(session.id, self.now + _SECOND)
        assert self.store.get(session.id) == replace(session, revoked_at=self.now)

    def test_revoke_all_ends_the_sessions_of_one_user(self) -> None:  # noqa: D102
        gone, kept, out = (self.make_session() for _ in range(3))
        others = [self.make_session(user_id=f"{self.user}2")]
        others.append(self.make_session(user_id=self.user.upper() + "A"))
        self.store.revoke(out.id, self.now)

        assert self.store.revoke_all(self.user, self.now + _SECOND, keep=kept.id) == 1

        assert self.store.get(gone.id) == replace(gone, revoked_at=self.now + _SECOND)
        assert self.store.get(out.id) == replace(out, revoked_at=self.now)
        for session in [kept, *others]:
            assert self.store.get(session.id) == session
        assert self.store.revoke_all(self.user, self.now) == 1
        assert self.store.revoke_all(self.user, self.now) == 0
        assert self.store.revoke_all(uuid4().hex, self.now) == 0

    def test_names_of_users_are_compared_exactly(self) -> None:  # noqa: D102
        session = self.make_session(user_id=f"{self.user}aé")

        for name in ("Aé", "aE", "ae", "a%"):
            assert not self.store.list(self.user + name)
        assert list(self.store.list(self.user + "aé")) == [session]

    def test_list_returns_the_sessions_of_one_user(self) -> None:  # noqa: D102
        sessions = [self.make_session() for _ in range(3)]
        self.make_session(user_id=f"{self.user}2")
        renewed = self.advance(sessions[1])
        assert renewed

        found = {session.id: session for session in self.store.list(self.user)}

        assert found == {
            session.id: session for session in (sessions[0], renewed, sessions[2])
        }

    def test_purge_deletes_only_what_has_ended(self) -> None:  # noqa: D102
        old = self.now - 5 * _HOUR
        ended = [
            self.make_session(created_at=old, renewed_at=old, idle_expires_at=end)
            for end in (self.now - _HOUR, self.now - _SECOND)
        ]
        alive = self.make_session()
        endless = self.make_session(idle_expires_at=None, expires_at=None)

        while self.store.purge(self.now, 100):
            pass

        assert [self.store.get(session.id) for session in ended] == [None, None]
        assert self.store.get(alive.id) == alive
        assert self.store.get(endless.id) == endless
        assert {session.id for session in self.store.list(self.user)} == {
            alive.id,
            endless.id,
        }

    def test_purge_stops_at_its_limit(self) -> None:  # noqa: D102
        for _ in range(3):
            self.make_session(idle_expires_at=self.now - _HOUR)

        assert self.store.purge(self.now, 2) <= 2

    def test_purge_never_brings_a_revoked_session_back(self) -> None:  # noqa: D102
        session = self.make_session()
        self.store.revoke(session.id, self.now - _SECOND)
        self.store.purge(self.now, 1000)

        assert self.advance(session) is None

    def test_of_many_callers_one_advances(self) -> None:  # noqa: D102
        session = self.make_session()
        barrier = threading.Barrier(8)
        renewed: list[RefreshSession | None] = []

        def work() -> None:
            barrier.wait()
            renewed.append(self.advance(session))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(renewed) == 8
        assert sum(found is not None for found in renewed) == 1
        kept = self.store.get(session.id)
        assert kept
        assert kept.counter == 1
