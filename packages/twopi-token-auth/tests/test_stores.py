"""The stores: one contract for all of them, and what is special about each."""

import os
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
import redis
from sqlalchemy import MetaData, create_engine, event, inspect, text
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from twopi_token_auth import MemoryStore, StoreUnavailableError
from twopi_token_auth.stores.redis import RedisStore
from twopi_token_auth.stores.sqlalchemy import SQLAlchemyStore
from twopi_token_auth.testing import StoreContract

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def sqlite(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'sessions.db'}")
    yield engine
    engine.dispose()


class TestMemoryStore(StoreContract):
    def make_store(self):
        return MemoryStore()

    def test_it_is_bounded_and_drops_the_one_renewed_least_recently(self):
        self.store = MemoryStore(max_sessions=2)
        one, two = self.make_session(), self.make_session()
        self.advance(one)

        three = self.make_session()

        assert self.store.get(two.id) is None
        found = {session.id for session in self.store.list(self.user)}
        assert found == {one.id, three.id}
        with pytest.raises(ValueError, match="must be positive"):
            MemoryStore(max_sessions=0)

    def test_it_remembers_nothing_of_users_without_sessions(self):
        self.make_session(idle_expires_at=self.now - HOUR)
        assert self.store.purge(self.now, 5) == 1

        assert (self.store._users, self.store._sessions) == ({}, {})


class DatabaseContract(StoreContract):
    RENEWAL = 1  # statement

    def make_store(self):
        store = SQLAlchemyStore(self.engine, table="twopi_token_auth_test")
        store.create_all()
        return store

    def count(self, action):
        statements = []

        def note(conn, cursor, statement, *rest):
            statements.append(statement)

        event.listen(self.engine, "before_cursor_execute", note)
        action()
        event.remove(self.engine, "before_cursor_execute", note)
        return len(statements)

    def test_purge_reports_how_many_it_deleted(self):
        while self.store.purge(self.now + 99 * HOUR, 1000):
            pass
        for _ in range(3):
            self.make_session(idle_expires_at=self.now - HOUR)
        self.store.revoke(self.make_session().id, self.now - HOUR)

        assert self.store.purge(self.now, 3) == 3
        assert self.store.purge(self.now, 3) == 1
        assert self.store.purge(self.now, 3) == 0

    def test_a_renewal_is_one_statement(self):
        session = self.make_session()

        assert self.count(lambda: self.advance(session)) == self.RENEWAL
        assert self.count(lambda: self.advance(session)) == 1
        assert self.count(lambda: self.store.get(session.id)) == 1
        assert self.count(lambda: self.store.revoke(session.id, self.now)) == 1

    def test_it_takes_what_makes_orm_sessions(self):
        for factory in (
            sessionmaker(self.engine),
            scoped_session(sessionmaker(self.engine)),
            lambda: Session(self.engine),
        ):
            self.store = SQLAlchemyStore(factory, table="twopi_token_auth_test")
            session = self.make_session()
            assert self.advance(session)
            if isinstance(factory, scoped_session):
                factory.remove()

    def test_it_leaves_the_transaction_of_the_application_alone(self):
        with Session(self.engine) as orm:
            orm.execute(text("SELECT 1"))
            self.store = SQLAlchemyStore(lambda: orm, table="twopi_token_auth_test")
            session = self.make_session()
            orm.rollback()

        self.store = self.make_store()
        assert self.store.get(session.id) == session

    def test_it_works_under_any_isolation_of_the_application(self):
        self.engine = self.engine.execution_options(isolation_level="SERIALIZABLE")
        self.store = self.make_store()

        self.test_of_many_callers_one_advances()


class TestSQLite(DatabaseContract):
    def setup_method(self):
        self.folder = TemporaryDirectory()
        self.engine = create_engine(f"sqlite:///{self.folder.name}/sessions.db")
        super().setup_method()

    def teardown_method(self):
        self.engine.dispose()
        self.folder.cleanup()


class TestWithoutReturning(TestSQLite):
    """A database that cannot return what it has updated, as MySQL."""

    RENEWAL = 2

    def setup_method(self):
        super().setup_method()
        self.engine.dialect.update_returning = False


@pytest.mark.services
class TestPostgreSQL(DatabaseContract):
    URL = "TWOPI_TEST_POSTGRES_URL"

    def setup_method(self):
        self.engine = create_engine(os.environ[self.URL])
        super().setup_method()

    def teardown_method(self):
        self.store.metadata.drop_all(self.engine)
        self.engine.dispose()


@pytest.mark.services
class TestMariaDB(TestPostgreSQL):
    URL = "TWOPI_TEST_MARIADB_URL"


@pytest.mark.services
class TestRedis(StoreContract):
    DECODE = False

    def setup_method(self):
        self.client = redis.Redis.from_url(
            os.environ["TWOPI_TEST_REDIS_URL"], decode_responses=self.DECODE
        )
        self.prefix = f"twopi-token-auth-test:{uuid4().hex}:"
        super().setup_method()

    def make_store(self):
        return RedisStore(self.client, prefix=self.prefix)

    def teardown_method(self):
        for key in self.client.scan_iter(match=f"{self.prefix}*"):
            self.client.delete(key)
        self.client.close()

    def keys(self):
        return sorted(
            key if isinstance(key, str) else key.decode()
            for key in self.client.scan_iter(match=f"{self.prefix}*")
        )

    def test_a_renewal_is_one_command(self):
        session = self.make_session()
        self.advance(session)  # loads the script
        sent = []
        connection = self.client.execute_command
        self.client.execute_command = lambda *args, **kwargs: (
            sent.append(args[0]),
            connection(*args, **kwargs),
        )[1]
        self.advance(session)
        assert sent == ["EVALSHA"]

    def test_redis_forgets_a_session_when_it_ends(self):
        session = self.make_session()
        key = f"{self.prefix}session:{session.id}"
        assert 3599 <= self.client.ttl(key) <= 3600
        assert 3599 <= self.client.ttl(f"{self.prefix}user:{self.user}") <= 3600

        self.advance(session, idle_expires_at=None)
        assert 7199 <= self.client.ttl(key) <= 7200
        endless = self.make_session(idle_expires_at=None, expires_at=None)
        assert self.client.ttl(f"{self.prefix}session:{endless.id}") == -1
        assert self.client.ttl(f"{self.prefix}user:{self.user}") == -1

    def test_a_login_forgets_the_sessions_that_are_gone(self):
        for _ in range(3):
            self.make_session(idle_expires_at=self.now - HOUR)
        alive = self.make_session()

        members = self.client.zrange(f"{self.prefix}user:{self.user}", 0, -1)

        assert len(members) == 1
        assert [session.id for session in self.store.list(self.user)] == [alive.id]

    def test_a_revoked_session_that_is_gone_does_not_come_back(self):
        session = self.make_session(idle_expires_at=self.now - HOUR)
        self.store.revoke(session.id, self.now)
        self.store.revoke_all(self.user, self.now)

        assert self.keys() == []


class TestRedisDecoding(TestRedis):
    DECODE = True


def every_call(store):
    session = TestMemoryStore()
    session.setup_method()
    example = session.make_session()
    return [
        lambda: store.create(example),
        lambda: store.get(example.id),
        lambda: store.advance(example.id, 0, to=1, at=NOW, idle_expires_at=None),
        lambda: store.revoke(example.id, NOW),
        lambda: store.revoke_all("ada", NOW),
        lambda: store.list("ada"),
    ]


def test_a_database_that_is_not_there_is_unavailable(sqlite, caplog):
    missing_table = SQLAlchemyStore(sqlite)
    nowhere = SQLAlchemyStore(create_engine("sqlite:////nowhere/at/all.db"))

    for store in (missing_table, nowhere):
        for call in [*every_call(store), lambda: store.purge(NOW, 5)]:  # noqa: B023
            with pytest.raises(StoreUnavailableError):
                call()


def test_a_redis_that_is_not_there_is_unavailable():
    client = redis.Redis(port=1, socket_connect_timeout=1, retry=None)
    store = RedisStore(client)

    for call in every_call(store):
        with pytest.raises(StoreUnavailableError):
            call()


def test_the_table_can_be_part_of_the_models(sqlite):
    metadata = MetaData()
    store = SQLAlchemyStore(sqlite, table="logins", metadata=metadata)
    metadata.create_all(sqlite)
    store.create_all()

    indexes = {index["name"] for index in inspect(sqlite).get_indexes("logins")}

    assert metadata.tables["logins"] is store.table
    assert indexes == {
        "ix_logins_user_id",
        "ix_logins_idle_expires_at",
        "ix_logins_revoked_at",
    }
