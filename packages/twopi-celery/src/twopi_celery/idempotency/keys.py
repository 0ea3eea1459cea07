"""A table of keys: of what is done, and of the tasks that must run alone."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from celery import Celery

from twopi_celery.database.executor import dialect_of, of_table, refuse_async
from twopi_celery.errors import ConfigurationError

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.orm import Session, scoped_session

    from twopi_celery.database.executor import Executor
    from twopi_celery.database.metadata import HasMetaData


class Keys:
    """A table of keys, which makes work idempotent and tasks unique.

    `once` adds a key in the transaction of the work that it stands for. `install` lets
    tasks have the option ``unique_for``: while one of them waits or runs, calls with
    the same arguments send no second one.

    .. code-block:: python

        from sqlalchemy import MetaData, create_engine
        from sqlalchemy.orm import Session
        from twopi_celery import Keys

        engine = create_engine("sqlite://")
        metadata = MetaData()
        keys = Keys(metadata)
        metadata.create_all(engine)

        with Session(engine) as session:
            assert keys.once(session, "invoice 4711")
            session.commit()  # with what is done for the invoice
            assert not keys.once(session, "invoice 4711")

    Args:
        metadata: The ``MetaData`` to add the table to, or a declarative base or
            Flask-SQLAlchemy's ``db``, which have one; create it as you do your others.
        table: Its name.
        clock: Tells the seconds since the epoch.

    Attributes:
        table: The `sqlalchemy.Table`. It has digests of the keys, which may therefore
            be long, and secret.

    Raises:
        ModuleNotFoundError: SQLAlchemy is missing; install
            ``twopi-celery[sqlalchemy]``.

    .. versionadded:: 2.0
    """

    def __init__(
        self,
        metadata: sa.MetaData | HasMetaData,
        table: str = "twopi_celery_keys",
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        from sqlalchemy import Column, Double, String, Table

        self.table = Table(
            table,
            cast("sa.MetaData", getattr(metadata, "metadata", metadata)),
            Column("key", String(64), primary_key=True),
            Column("owner", String(155)),  # the id of a unique task
            Column("time", Double, nullable=False, index=True),  # added, or valid until
        )
        self.clock = clock

    def once(self, session: Executor, key: str) -> bool:
        """Return whether the work that *key* stands for is still to be done.

        The key is inserted at once, and committed or rolled back with the work. While
        another transaction has inserted it and has not ended, this call waits for that:
        the key is new if that one is rolled back. How long it waits is a setting of the
        database: ``timeout`` on SQLite (5 seconds), ``innodb_lock_wait_timeout`` on
        MariaDB and MySQL (50 seconds), ``lock_timeout`` on PostgreSQL (no limit).

        Args:
            session: What the work is done with: a session, a scoped one, or a
                connection. With an ``AsyncSession``:
                ``await session.run_sync(keys.once, key)``.
            key: What identifies the work, such as ``f"invoice {number}"``.

        Returns:
            True in the first transaction that commits with the key, else False.

        Raises:
            TypeError: *key* is not a string, or *session* is asynchronous.
            sqlalchemy.exc.OperationalError: The database has waited too long, or has
                found a deadlock. Roll back, and try again.
            ConfigurationError: The database is none of those named above.
        """
        refuse_async(session, "session.run_sync(keys.once, key)")
        if not isinstance(key, str):
            raise TypeError(f"A key is a string, not {type(key).__name__}")
        row = {"key": digest("once", key), "time": self.clock()}
        return insert_new(session, self.table, row)

    def purge(self, session: Executor, *, age: float, limit: int = 1000) -> int:
        """Remove old keys: what they stand for would be done again.

        Args:
            session: What to do it with; commit it.
            age: For how many seconds to keep keys.
            limit: How many to remove at most, so that the transaction is short.

        Returns:
            How many were removed. Call it again while that is the *limit*.
        """
        from sqlalchemy import select

        refuse_async(session, "session.run_sync(keys.purge)")
        row, where = self.table.c, of_table(session, self.table)
        old = row.time < self.clock() - age
        query = select(row.key).where(old).order_by(row.time).limit(limit)
        count = 0
        for key in session.scalars(query, **where).all():  # by the key, see
            gone = self.table.delete().where(row.key == key, old)  # sql_safe_updates
            done = session.execute(gone, **where)
            count += cast("sa.CursorResult[Any]", done).rowcount
        return count

    def install(self, celery: Celery, session: scoped_session[Session]) -> None:
        """Let tasks of *celery* have the option ``unique_for``, in seconds.

        .. code-block:: python

            from sqlalchemy import MetaData
            from twopi_celery import Keys, create_celery, create_db_session

            settings = {
                "broker_url": "memory://",
                "SQLALCHEMY_DATABASE_URI": "sqlite:////tmp/shop.db",
            }
            celery = create_celery("shop", settings)
            session = create_db_session(celery)
            keys = Keys(MetaData())
            keys.install(celery, session)


            @celery.task(unique_for=600)
            def count_stock(shop): ...

        The first call of such a task puts a lock into the table, in a transaction of
        its own. Further calls with equal arguments send nothing, and return the result
        of the first. The lock has the id of its task, is valid for *unique_for* seconds
        from the call and again from the start of the task, and is removed at the end by
        the task whose id it has. That of a process that is killed ends with its time.
        Between two tries of a task it stays. The clocks of the machines must agree to
        a fraction of *unique_for*.

        A call whose id is known before (a retry, a member of a chain, group or chord,
        `delay_on_commit`, `Outbox`, ``task_id=``), one with ``link``, and one by
        ``send_task`` is always sent. If another task has the lock when this one is
        to start, it does not run: its state is ``"REVOKED"``, and ``get()`` raises
        ``TaskRevokedError``.

        If the database does not answer, the call raises `LockError`, and nothing is
        sent; a task that is to start fails with it. Eager tasks take no lock: they are
        part of their caller.

        Args:
            celery: The application. Its tasks may be declared before or after.
            session: What `create_db_session` returned, or Flask-SQLAlchemy's
                ``db.session``; its database has the table.

        Raises:
            ConfigurationError: It was called before for *celery*. A task is refused
                where it is declared if *unique_for* is not a number above 0.
        """
        from twopi_celery.idempotency.locks import Locks
        from twopi_celery.idempotency.unique_task import install

        install(celery, Locks(self.table, session, self.clock))


def digest(*parts: str) -> str:
    """Return what stands for *parts* in the table.

    Args:
        *parts: They are told apart: ``("a", "bc")`` is not ``("ab", "c")``.
    """
    text = "".join(f"{len(part)} {part}" for part in parts)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def insert_new(session: Executor, table: sa.Table, row: dict[str, Any]) -> bool:
    """Insert *row* unless its key is there; return whether it was inserted.

    Args:
        session: What to do it with.
        table: The table.
        row: The values.

    Raises:
        ConfigurationError: The database has no such statement that we know.
    """
    statement: sa.Executable
    dialect = dialect_of(session, table).name
    if dialect in {"mysql", "mariadb"}:
        statement = table.insert().prefix_with("IGNORE").values(row)
    elif dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        new = postgresql.insert(table).values(row).on_conflict_do_nothing()
        statement = new.returning(table.c.key)  # psycopg forgets the count of rows
    elif dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        statement = sqlite.insert(table).values(row).on_conflict_do_nothing()
    else:
        raise ConfigurationError(
            f"Keys needs SQLite, PostgreSQL, MariaDB or MySQL, not {dialect}"
        )
    result = session.execute(statement, **of_table(session, table))
    done = cast("sa.CursorResult[Any]", result)
    return done.first() is not None if done.returns_rows else done.rowcount == 1
