"""Locks in the table of keys: each has the id of the task that it is for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import exc, select

from twopi_celery.database.executor import of_table
from twopi_celery.errors import LockError
from twopi_celery.idempotency.keys import insert_new

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.orm import Session, scoped_session

log = logging.getLogger(__name__)

CONFLICTS = {1213, "40001", "40P01"}
"""What MariaDB, MySQL and PostgreSQL say to one of two transactions that collide."""
ATTEMPTS = 20
"""How often to begin anew when that happens, or a lock has just been released."""


class Locks:
    """Locks that end by themselves.

    Each statement is a transaction, so that no one holds one row and waits for another.

    Args:
        table: The table of `Keys`.
        session: Of the database that has it.
        clock: Tells the seconds since the epoch.
    """

    def __init__(
        self,
        table: sa.Table,
        session: scoped_session[Session],
        clock: Callable[[], float],
    ) -> None:
        self._table = table
        self._session = session
        self._clock = clock

    def take(self, key: str, owner: str, seconds: float) -> str:
        """Take the lock if it is free, has ended, or is of *owner* already.

        Args:
            key: What it is about.
            owner: The id of a task.
            seconds: For how long it will be valid.

        Returns:
            The id of the task that has the lock now.

        Raises:
            LockError: The database does not answer.
        """
        try:
            for _ in range(ATTEMPTS):
                with _collisions():
                    if holder := self._try_to_take(key, owner, seconds):
                        return holder
        except exc.SQLAlchemyError as error:
            raise LockError(
                f"The lock of a unique task cannot be asked for in the table "
                f"{self._table.name}: {_reason(error)}"
            ) from error
        raise LockError(
            f"The lock of a unique task in the table {self._table.name} changes hands "
            "all the time; call again"
        )

    def release(self, key: str, owner: str) -> None:
        """Remove the lock if it is of *owner*. Failures are logged: it ends in time.

        Args:
            key: What it is about.
            owner: The id of a task.
        """
        row = self._table.c
        mine = self._table.delete().where(row.key == key, row.owner == owner)
        try:
            for _ in range(ATTEMPTS):
                with _collisions():
                    self._execute(mine)
                    return
        except exc.SQLAlchemyError:
            log.warning("The lock of %s stays until it ends", owner, exc_info=True)

    def _try_to_take(self, key: str, owner: str, seconds: float) -> str | None:
        """Return who has the lock; None if it has been released meanwhile."""
        table, now = self._table, self._clock()
        row = table.c
        values = {"owner": owner, "time": now + seconds}
        with self._session.session_factory.begin() as own:
            if insert_new(own, table, {"key": key, **values}):
                return owner
        free = (row.owner == owner) | (row.time <= now)
        if self._execute(table.update().where(row.key == key, free).values(values)):
            return owner
        with self._session.session_factory() as own:
            query = select(row.owner).where(row.key == key)
            holder: str | None = own.scalar(query, **of_table(own, table))
            return holder

    def _execute(self, statement: sa.Executable) -> int:
        with self._session.session_factory.begin() as own:
            done = own.execute(statement, **of_table(own, self._table))
            return cast("sa.CursorResult[Any]", done).rowcount


@contextmanager
def _collisions() -> Iterator[None]:
    """Suppress the error of a transaction that may be tried again at once.

    Two calls that have waited for a release are a deadlock on MariaDB.
    """
    try:
        yield
    except exc.DBAPIError as error:
        cause: Any = error.orig
        codes = {getattr(cause, "sqlstate", None), getattr(cause, "pgcode", None)}
        if not CONFLICTS & (codes | set(cause.args[:1])):
            raise


def _reason(error: exc.SQLAlchemyError) -> str:
    """Return what went wrong, without the statement and its parameters."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {cause}"
