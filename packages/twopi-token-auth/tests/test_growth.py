"""What ended sessions cost those that come after them: nothing, on any store."""

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, event

from twopi_token_auth import MemoryStore, SessionManager, SessionToken
from twopi_token_auth.jose.segments import encode_segment
from twopi_token_auth.sessions.settings import SessionSettings
from twopi_token_auth.stores.sqlalchemy import SQLAlchemyStore
from twopi_token_auth.testing import FrozenClock

SECRET = "thirty-two bytes, enough for all of HS256"


class Token(SessionToken):
    def dump(self, secret=SECRET):
        return super().dump(secret)


@pytest.fixture
def manager(store):
    settings = SessionSettings(idle_lifetime=timedelta(seconds=60))
    return SessionManager(store, Token, secrets=lambda: [SECRET], settings=settings)


@pytest.fixture
def user(request):
    name = request.node.name.encode()
    return encode_segment(name).decode()[-200:]


def test_a_list_reads_no_ended_session(manager, user):
    """Whether they were logged out, or nobody renewed them."""
    with FrozenClock() as clock:
        for _ in range(5):
            manager.start(user)
        manager.revoke_all(user)
        for _ in range(5):
            manager.start(user)
        clock.tick(61)
        kept = [manager.start(user).session.id for _ in range(2)]

        found = {each.id for each in manager.store.list(user, manager._clock())}
        assert found == {each.id for each in manager.list(user)} == set(kept)
        assert manager.revoke_all(user) == 2
        assert manager.list(user) == []


def test_a_session_that_goes_on_stays_in_the_list(manager, user):
    with FrozenClock() as clock:
        grant = manager.start(user)
        for _ in range(4):
            clock.tick(50)
            grant = manager.renew(grant.refresh_token)
            manager.start(user)

        assert grant.session.id in {each.id for each in manager.list(user)}
        assert manager.revoke_all(user) == 3  # and the last two that were started


def test_the_index_of_sql_begins_with_what_a_list_asks_for():
    engine = create_engine("sqlite://")
    store = SQLAlchemyStore(engine)
    statements = []
    store.create_all()
    private = store._engine()

    @event.listens_for(private, "before_cursor_execute")
    def note(connection, cursor, statement, parameters, context, many):
        statements.append((statement, parameters))

    with FrozenClock() as clock:
        store.list("ada", clock.now)
    [(statement, parameters)] = [each for each in statements if "UNION" in each[0]]
    with private.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = " ".join(row[3] for row in plan)
    assert "(user_id=? AND revoked_at=? AND idle_expires_at>?)" in steps
    assert "(user_id=? AND revoked_at=? AND idle_expires_at=?)" in steps


def test_the_memory_of_ends_is_bounded():
    store = MemoryStore()
    manager = SessionManager(store, Token, secrets=lambda: [SECRET])
    with FrozenClock() as clock:
        grants = [manager.start("ada") for _ in range(3)]
        for _ in range(300):
            clock.tick(1)
            grants = [manager.renew(each.refresh_token) for each in grants]
        assert len(store._ends) <= 107
        assert store.purge(clock.now, 100) == 0
        clock.tick(timedelta(days=15))
        assert store.purge(clock.now, 2) == 2
        assert store.purge(clock.now, 100) == 1
        assert (store._sessions, store._users) == ({}, {})
