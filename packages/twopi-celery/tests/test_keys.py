"""Work that is done once: keys that are committed with it."""

import asyncio
import threading
import uuid

import pytest
from sqlalchemy import MetaData, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session

from twopi_celery import Keys

NOW = 1_795_372_201.0
SERVERS = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.services),
    pytest.param("mariadb", marks=pytest.mark.services),
]


class Database:
    """A database with a table of keys, and work that is counted."""

    def __init__(self, url):
        self.now = NOW
        self.engine = create_engine(url)
        self.metadata = MetaData()
        name = f"keys_{uuid.uuid4().hex[:12]}"
        self.keys = Keys(self.metadata, name, clock=lambda: self.now)
        self.metadata.create_all(self.engine)

    def count(self):
        with self.engine.connect() as connection:
            query = select(func.count()).select_from(self.keys.table)
            return connection.execute(query).scalar_one()

    def close(self):
        self.metadata.drop_all(self.engine)
        self.engine.dispose()


@pytest.fixture
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/keys.db?timeout=60"
    return request.getfixturevalue(request.param)


@pytest.fixture
def database(url):
    database = Database(url)
    yield database
    database.close()


everywhere = pytest.mark.parametrize("url", SERVERS, indirect=True)


@everywhere
def test_a_key_is_new_once(database):
    with Session(database.engine) as session:
        assert database.keys.once(session, "a") is True
        assert database.keys.once(session, "a") is False
        session.commit()
        assert database.keys.once(session, "a") is False
        assert database.keys.once(session, "b") is True
        session.rollback()
        assert database.keys.once(session, "b") is True
        with session.begin_nested() as savepoint:
            assert database.keys.once(session, "c") is True
            savepoint.rollback()
        assert database.keys.once(session, "c") is True


@everywhere
def test_keys_that_databases_hold_for_equal_are_not(database):
    """Whatever the collation, the length and the encoding."""
    keys = ["a", "A", "a ", "ä", "\uff41", "", "\0", "\ud800", "x" * 300, "x" * 301]
    with database.engine.begin() as connection:
        assert [each for each in keys if database.keys.once(connection, each)] == keys
        assert not [each for each in keys if database.keys.once(connection, each)]
    assert database.count() == len(keys)


@everywhere
def test_threads_that_race_do_the_work_once_for_each_key(database):
    together = threading.Barrier(4)
    done, failed = [], []

    def work():
        for number in range(10):
            together.wait(60)
            try:
                with Session(database.engine) as session:
                    if database.keys.once(session, f"{number}"):
                        session.commit()
                        done.append(number)
            except DBAPIError as error:
                failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert sorted(done) == list(range(10))


@everywhere
@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_the_second_waits_for_the_first(database, end, url):
    with Session(database.engine) as first:
        assert database.keys.once(first, "a")
        answers = []

        def ask():
            with Session(database.engine) as session:
                answers.append(database.keys.once(session, "a"))
                session.commit()

        second = threading.Thread(target=ask)
        second.start()
        second.join(0.2)
        assert answers == []
        getattr(first, end)()
        second.join(60)

    assert answers == [end == "rollback"]
    assert database.count() == 1


IMPATIENT = {
    "sqlite": lambda url: create_engine(url, connect_args={"timeout": 0.1}),
    "postgresql": lambda url: create_engine(
        url, connect_args={"options": "-c lock_timeout=100ms"}
    ),
    "mysql": lambda url: create_engine(
        url, connect_args={"init_command": "SET innodb_lock_wait_timeout = 1"}
    ),
}


@everywhere
def test_the_second_fails_clearly_if_it_may_not_wait(database, url):
    impatient = IMPATIENT[database.engine.dialect.name](url)
    with Session(database.engine) as first, Session(impatient) as second:
        assert database.keys.once(first, "a")
        with pytest.raises(OperationalError, match=r"(?i)lock"):
            database.keys.once(second, "a")
        second.rollback()
        first.rollback()
        assert database.keys.once(second, "a")
        second.rollback()
    impatient.dispose()


@everywhere
def test_old_keys_are_purged_in_bounded_batches(database):
    keys = database.keys
    with Session(database.engine) as session:
        for number in range(5):
            assert keys.once(session, f"old {number}")
        database.now += 100
        assert keys.once(session, "new")
        session.commit()

        assert keys.purge(session, age=200) == 0
        assert keys.purge(session, age=50, limit=3) == 3
        session.commit()
        assert database.count() == 3
        assert keys.purge(session, age=50, limit=3) == 2
        session.commit()

        assert not keys.once(session, "new")
        assert keys.once(session, "old 0")


@pytest.mark.services
def test_purging_works_with_safe_updates(mariadb):
    database = Database(mariadb)
    with Session(database.engine) as session:
        session.execute(text("SET sql_safe_updates = 1"))
        database.keys.once(session, "a")
        database.now += 10
        assert database.keys.purge(session, age=1) == 1
        session.rollback()
        session.execute(text("SET sql_safe_updates = 0"))
    database.close()


def test_asynchronous_sessions(tmp_path):
    url = f"sqlite:///{tmp_path}/keys.db"
    database = Database(url)

    async def work():
        engine = create_async_engine(url.replace("sqlite", "sqlite+aiosqlite"))
        async with AsyncSession(engine) as session:
            with pytest.raises(TypeError, match="run_sync"):
                database.keys.once(session, "a")
            assert await session.run_sync(database.keys.once, "a")
            await session.commit()
            assert not await session.run_sync(database.keys.once, "a")
        await engine.dispose()

    asyncio.run(work())
    database.close()


def test_a_declarative_base_is_where_the_table_goes():
    class Base(DeclarativeBase):
        pass

    assert Keys(Base, "mine").table is Base.metadata.tables["mine"]


@pytest.mark.parametrize("key", [1, None, b"a"])
def test_a_key_is_a_string(key):
    engine = create_engine("sqlite://")
    with Session(engine) as session, pytest.raises(TypeError, match="string"):
        Keys(MetaData()).once(session, key)
