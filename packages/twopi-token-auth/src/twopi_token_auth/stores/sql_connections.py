"""Connections of the SQL store, apart from those that the application is using."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, finalize

from sqlalchemy import Engine, Table, create_engine, inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlalchemy.pool import (
    AssertionPool,
    NullPool,
    Pool,
    SingletonThreadPool,
    StaticPool,
)

from twopi_token_auth.errors import (
    ConfigurationError,
    StoreUnavailableError,
    UnstorableError,
)

log = logging.getLogger(__name__)

SessionFactory = sessionmaker[Session] | scoped_session[Any] | Callable[[], Session]

_SHARING = (StaticPool, SingletonThreadPool, AssertionPool)
"""Pools that hand the connection which the application is using to others as well."""


class Private(NamedTuple):
    """An engine with connections of its own.

    Attributes:
        engine: The engine.
        lock: Guards its connection, if it has only one.
        tables: The names of the tables that were created for it, if that is needed.
    """

    engine: Engine
    lock: Lock | None
    tables: set[str]


_private: WeakKeyDictionary[Pool, Private] = WeakKeyDictionary()
_making = Lock()


class Connections:
    """Gives a store connections that commit each statement by itself.

    If the pool of the application shares one connection, a commit or a rollback of ours
    would be one of the application's work. Then the connections are opened apart from
    that pool. A SQLite database in memory exists in one connection only: its sessions
    go to another such database, which lives as long as the pool.

    Args:
        bind: An engine, or what makes ORM sessions.
        table: The table of the store.
    """

    def __init__(self, bind: Engine | SessionFactory, table: Table) -> None:
        self._bind = bind
        self._table = table

    def engine(self) -> Engine:
        """Return the engine whose connections are used."""
        return self._find()[0]

    @contextmanager
    def open(self) -> Iterator[Connection]:
        """Open a connection.

        Raises:
            StoreUnavailableError: The database cannot be reached, or refuses.
            UnstorableError: It cannot store a value.
        """
        try:
            engine, lock = self._find()
            pool = engine.pool
            try:
                with lock or nullcontext(), engine.connect() as connection:
                    # Whatever isolation the application has chosen: a compare-and-set
                    # must see the latest row, not fail as it is newer than a snapshot.
                    yield connection.execution_options(isolation_level="AUTOCOMMIT")
            except engine.dialect.loaded_dbapi.Error as error:
                # SQLAlchemy wraps what the driver raises for a statement, but not what
                # it raises for the level: the connection is dead, and so may be others.
                if engine.pool is pool:
                    engine.dispose()
                raise StoreUnavailableError from self._logged(error)
        except (DataError, UnicodeError) as error:
            raise UnstorableError from error
        except SQLAlchemyError as error:
            raise StoreUnavailableError from self._logged(error)

    def check(self) -> None:
        """See `SQLAlchemyStore.check`."""
        with self.open() as connection:
            problems = []
            if not inspect(connection).has_table(
                self._table.name, schema=self._table.schema
            ):
                problems.append(
                    f"There is no table {self._table.name}: call create_all(), or add "
                    "store.metadata to Alembic's target_metadata"
                )
            if connection.dialect.name in {"mysql", "mariadb"}:
                charset = connection.scalar(text("SELECT @@character_set_connection"))
                if charset != "utf8mb4":
                    problems.append(
                        f"The connection has the charset {charset}, which lacks some "
                        "characters: add ?charset=utf8mb4 to the URL"
                    )
            if connection.dialect.driver == "psycopg" and _is_pooled(connection):
                problems.append(
                    "A pooler gives each transaction another connection of PostgreSQL, "
                    "where statements that psycopg has prepared do not exist or are "
                    "those of others: pass create_engine(..., "
                    "connect_args={'prepare_threshold': None})"
                )
        if problems:
            raise ConfigurationError(". ".join(problems))

    def _logged(self, error: Exception) -> Exception:
        log.error("The table %s cannot be used", self._table.name, exc_info=error)
        return error

    def _find(self) -> tuple[Engine, Lock | None]:
        engine = self._find_engine()
        if not isinstance(engine.pool, _SHARING):
            return engine, None
        with _making:
            private = _private.get(engine.pool)
            if private is None:
                private = _private[engine.pool] = _make_private(engine)
                finalize(engine.pool, private.engine.dispose)
            if private.lock and self._table.fullname not in private.tables:
                private.tables.add(self._table.fullname)
                with private.lock:
                    self._table.create(private.engine, checkfirst=True)
        return private.engine, private.lock

    def _find_engine(self) -> Engine:
        bind = self._bind
        if isinstance(bind, Engine):
            return bind
        if isinstance(bind, scoped_session):
            return bind.get_bind(clause=self._table).engine
        made: AbstractContextManager[Session] = bind()
        with made as session:
            return session.get_bind(clause=self._table).engine


def _is_pooled(connection: Connection) -> bool:
    """Return whether psycopg prepares statements, and not for the server itself.

    A pooler tells its client another process id than the server has.
    """
    raw: Any = connection.connection.dbapi_connection
    if raw is None or raw.prepare_threshold is None:
        return False
    pid = connection.scalar(text("SELECT pg_backend_pid()"))
    return bool(raw.info.backend_pid != pid)


def _make_private(engine: Engine) -> Private:
    url = engine.url
    if engine.dialect.name == "sqlite" and (
        not url.database
        or url.database == ":memory:"
        or url.query.get("mode") == "memory"
        or "mode=memory" in url.database
    ):
        memory = create_engine(
            "sqlite://",
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
        )
        return Private(memory, Lock(), set())
    pool = NullPool(
        engine.pool._creator,  # noqa: SLF001 - as Pool.recreate
        dialect=engine.dialect,
        _dispatch=engine.pool.dispatch,
    )
    hidden = engine.hide_parameters
    apart = Engine(pool, engine.dialect, url, hide_parameters=hidden)
    return Private(apart, None, set())
