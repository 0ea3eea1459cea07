"""The SQL store and the connections of the application: neither disturbs the other."""

import gc
import os
import sqlite3
import threading
from contextlib import closing

import pytest
import sqlalchemy
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Table,
    event,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlalchemy.pool import AssertionPool, NullPool, StaticPool

from twopi_token_auth import (
    SessionManager,
    SessionToken,
    StoreUnavailableError,
    TokenAuth,
    UnstorableError,
)
from twopi_token_auth.stores.sqlalchemy import SQLAlchemyStore

SECRET = "thirty-two bytes, enough for all of HS256"
WORK = Table("work", MetaData(), Column("id", Integer, primary_key=True))


_engines = []


def create_engine(*args, **options):
    """Make an engine that is disposed when the test ends."""
    _engines.append(sqlalchemy.create_engine(*args, **options))
    return _engines[-1]


@pytest.fixture(autouse=True)
def _disposed():
    yield
    while _engines:
        _engines.pop().dispose()


class Token(SessionToken):
    def dump(self, secret=SECRET):
        return super().dump(secret)


def make_manager(store):
    return SessionManager(store, Token, secrets=lambda: [SECRET])


CALLS = {
    "start": lambda manager, grant: manager.start("bob"),
    "renew": lambda manager, grant: manager.renew(grant.refresh_token),
    "get": lambda manager, grant: manager.get(grant.session.id),
    "list": lambda manager, grant: manager.list("ada"),
    "revoke": lambda manager, grant: manager.revoke(grant.session.id),
    "revoke_all": lambda manager, grant: manager.revoke_all("ada"),
    "purge": lambda manager, grant: manager.purge(),
}


def in_memory(folder):
    return create_engine("sqlite://")


def in_memory_static(folder):
    options = {"check_same_thread": False}
    return create_engine("sqlite://", poolclass=StaticPool, connect_args=options)


def in_memory_asserting(folder):
    return create_engine("sqlite:///:memory:", poolclass=AssertionPool)


def in_memory_shared(folder):
    url = "sqlite:///file:twopi?mode=memory&cache=shared&uri=true"
    return create_engine(url, poolclass=StaticPool)


def in_a_file(folder):
    options = {"timeout": 0}
    return create_engine(f"sqlite:///{folder}/shop.db", connect_args=options)


def in_a_file_static(folder):
    options = {"timeout": 0}
    return create_engine(
        f"sqlite:///{folder}/shop.db", poolclass=StaticPool, connect_args=options
    )


def in_a_file_by_creator(folder):
    from sqlite3 import connect

    return create_engine(
        "sqlite://",
        creator=lambda: connect(f"{folder}/shop.db", timeout=0),
        poolclass=NullPool,
    )


ENGINES = [
    in_memory,
    in_memory_static,
    in_memory_asserting,
    in_memory_shared,
    in_a_file,
    in_a_file_static,
    in_a_file_by_creator,
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("end", ["commit", "rollback"])
@pytest.mark.parametrize("make", ENGINES)
def test_no_call_ends_the_transaction_of_the_application(make, end, call, tmp_path):
    engine = make(tmp_path)
    WORK.create(engine)
    store = SQLAlchemyStore(engine)
    store.create_all()
    manager = make_manager(store)
    grant = manager.start("ada")

    with Session(engine) as orm:
        orm.execute(insert(WORK).values(id=1))
        try:
            CALLS[call](manager, grant)
        except StoreUnavailableError:  # SQLite has one writer at a time
            assert "file" in make.__name__
            assert call not in {"get", "list"}
        getattr(orm, end)()
    with Session(engine) as orm:
        kept = orm.scalar(select(func.count()).select_from(WORK))

    assert kept == (1 if end == "commit" else 0)
    engine.dispose()


@pytest.mark.parametrize("make", ENGINES[:3])
def test_a_rollback_of_the_application_ends_no_login(make, tmp_path):
    engine = make(tmp_path)
    WORK.create(engine)
    store = SQLAlchemyStore(scoped_session(sessionmaker(engine)))
    manager = make_manager(store)

    with Session(engine) as orm:
        orm.execute(insert(WORK).values(id=1))
        grant = manager.start("ada")
        orm.rollback()

    assert manager.get(grant.session.id) == grant.session
    # Another store of the same application sees the same sessions.
    assert make_manager(SQLAlchemyStore(engine)).get(grant.session.id) == grant.session
    assert SQLAlchemyStore(engine, table="others").list("ada") == []
    engine.dispose()


def test_threads_share_the_sessions_in_memory():
    manager = make_manager(SQLAlchemyStore(create_engine("sqlite://")))
    grants = []

    def work():
        grants.extend(manager.start("ada") for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(grants) == len(manager.list("ada")) == 80


def test_options_of_the_engine_are_kept_where_it_is_shared(tmp_path):
    engine = in_a_file_static(tmp_path)
    opened = []
    event.listen(engine, "connect", lambda *_: opened.append(1))
    store = SQLAlchemyStore(engine)
    store.create_all()
    store.list("ada")

    assert inspect(engine).has_table("token_sessions")
    assert len(opened) > 1  # each connection was set up as those of the application
    engine.dispose()


def test_a_session_factory_chooses_the_database_by_the_table(tmp_path):
    default = create_engine(f"sqlite:///{tmp_path}/default.db")
    other = create_engine(f"sqlite:///{tmp_path}/other.db")
    metadata = MetaData()
    factory = sessionmaker(default)
    for bind in (factory, scoped_session(factory), lambda: factory()):  # noqa: PLW0108
        name = f"t{len(metadata.tables)}"
        store = SQLAlchemyStore(bind, table=name, metadata=metadata)
        factory.configure(binds={store.table: other})
        store.create_all()
        store.list("ada")
        if isinstance(bind, scoped_session):
            bind.remove()

    assert inspect(default).get_table_names() == []
    assert inspect(other).get_table_names() == ["t0", "t1", "t2"]
    default.dispose()
    other.dispose()


KILL = {"MARIADB": "KILL {}", "POSTGRES": "SELECT pg_terminate_backend({})"}
ASK = {"MARIADB": "SELECT CONNECTION_ID()", "POSTGRES": "SELECT pg_backend_pid()"}


@pytest.mark.services
@pytest.mark.parametrize("kind", KILL)
def test_dead_connections_cost_one_503(kind, app):
    """The server has closed all pooled connections, for example as it was restarted."""
    engine = create_engine(os.environ[f"TWOPI_TEST_{kind}_URL"], pool_size=5)
    ids = []

    @event.listens_for(engine, "connect")
    def note(connection, record):
        with closing(connection.cursor()) as cursor:
            cursor.execute(ASK[kind])
            ids.append(cursor.fetchone()[0])
        connection.rollback()

    store = SQLAlchemyStore(engine, table="twopi_token_auth_dead")
    store.create_all()
    auth = TokenAuth(app, store=store, authenticate=lambda name, password: name)
    app.register_blueprint(auth.blueprint())
    client = app.test_client()
    pair = client.post("/login", json={"username": "ada", "password": "x"}).json
    held = [engine.connect() for _ in range(5)]
    for connection in held:
        connection.close()

    admin = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            for each in ids:
                connection.execute(text(KILL[kind].format(each)))
            while True:  # they end soon after they were told to
                alive = {
                    "MARIADB": "SELECT id FROM information_schema.processlist",
                    "POSTGRES": "SELECT pid FROM pg_stat_activity",
                }[kind]
                if not set(ids) & set(connection.scalars(text(alive))):
                    break
        answers = []
        for _ in range(8):
            response = client.post("/renew", json=pair)
            answers.append(response.status_code)
            pair.update(response.json if response.status_code == 200 else {})
        assert answers == [503, *[200] * 7]
    finally:
        store.metadata.drop_all(admin)
        engine.dispose()
        admin.dispose()


@pytest.mark.services
def test_what_a_charset_lacks_is_an_error_of_the_input(app):
    url = os.environ["TWOPI_TEST_MARIADB_URL"]
    engine = create_engine(url, connect_args={"charset": "latin1"})
    store = SQLAlchemyStore(engine, table="twopi_token_auth_latin1")
    store.create_all()
    auth = TokenAuth(app, store=store, authenticate=lambda name, password: name)
    app.register_blueprint(auth.blueprint())
    body = {"username": "ada", "password": "x", "name": "Änne"}
    client = app.test_client()
    try:
        assert client.post("/login", json=body).status_code == 200
        answer = client.post("/login", json={**body, "name": "\N{MOBILE PHONE}"})
        assert answer.status_code == 400
        assert answer.json["_errors"]
        with pytest.raises(UnstorableError):
            store.list("\N{MOBILE PHONE}")
    finally:
        store.metadata.drop_all(engine)
        engine.dispose()


def test_the_private_database_is_closed_with_that_of_the_application():
    engine = in_memory(None)
    store = SQLAlchemyStore(engine)
    make_manager(store).start("ada")
    with store._connections.open() as connection:
        raw = connection.connection.dbapi_connection

    engine.dispose()
    gc.collect()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        raw.execute("SELECT 1")
