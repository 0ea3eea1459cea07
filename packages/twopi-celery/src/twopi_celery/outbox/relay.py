"""What publishes the rows of an outbox."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

import sqlalchemy as sa
from celery import Celery
from kombu.exceptions import OperationalError
from kombu.utils.json import loads
from sqlalchemy.exc import DBAPIError

from twopi_celery.publishing.confirmed import Publisher

log = logging.getLogger(__name__)

FIRST_DELAY = 0.1
LONGEST_DELAY = 10.0


class Relay:
    """Publishes the rows of *table* in *engine* to the broker of *celery*.

    See `Outbox.relay` for the arguments.
    """

    def __init__(
        self,
        table: sa.Table,
        clock: Callable[[], float],
        engine: sa.Engine,
        celery: Celery,
        batch: int,
        keep: float,
    ) -> None:
        self._table = table
        self._clock = clock
        self._engine = engine
        self._celery = celery
        self._publisher = Publisher(celery)
        self._batch = batch
        self._keep = keep
        self._next_purge = 0.0

    def drain(self) -> int:
        """Publish until nothing is pending; return how many rows."""
        try:
            total = 0
            while count := self._relay(self._batch):
                total += count
            return total
        finally:
            self._publisher.close()

    def run(self, stop: Event, poll: float) -> int:
        """Publish until *stop* is set; return how many rows.

        After a failure it goes on with single rows until one gets through, so that the
        log names a row that the broker does not take.
        """
        total, failures = 0, 0
        try:
            while not stop.is_set():
                try:
                    count = self._relay(1 if failures else self._batch)
                except (OperationalError, DBAPIError) as error:
                    failures += 1
                    delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(failures, 10))
                    log.warning("Waiting %.1f s after %s", delay, _name(error))
                    stop.wait(delay * random.uniform(0.5, 1))  # noqa: S311
                    continue
                failures = 0
                total += count
                if count == 0:
                    stop.wait(poll)
        finally:
            self._publisher.close()
        return total

    def _relay(self, limit: int) -> int:
        """Publish up to *limit* rows; return how many were pending."""
        with self._engine.connect() as connection:
            if connection.dialect.name != "sqlite":
                # REPEATABLE READ of MariaDB would lock the gaps, where others insert.
                connection.execution_options(isolation_level="READ COMMITTED")
            with connection.begin():
                rows = self._lock(connection, limit)
                refused = self._publish(rows)
                self._finish(connection, [row.id for row in rows], refused)
                self._purge(connection)
        return len(rows)

    def _lock(self, connection: sa.Connection, limit: int) -> Sequence[Any]:
        table = self._table.c
        query = (
            sa.select(table.id, table.task_id, table.call)
            .where(table.done.is_(None))
            .order_by(table.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return connection.execute(query).all()

    def _publish(self, rows: Sequence[Any]) -> dict[int, str]:
        """Publish *rows*; return the errors of those that never can be, by number."""
        refused: dict[int, str] = {}
        if not rows:
            return refused
        with self._publisher.batch() as options:
            for row in rows:
                try:
                    call = self._celery.signature(loads(row.call))
                    call.apply_async(**options)
                except OperationalError as error:
                    log.warning("Task %s: %s", row.task_id, _name(error))
                    raise
                except Exception as error:
                    log.exception("Task %s cannot be published", row.task_id)
                    refused[row.id] = type(error).__name__
        return refused

    def _finish(
        self, connection: sa.Connection, ids: list[int], refused: dict[int, str]
    ) -> None:
        """Note what became of rows, one by one: MariaDB may scan a table for a list.

        It would wait for all the rows that other relays have locked.
        """
        table, now = self._table, self._clock()
        this = table.c.id == sa.bindparam("this")
        if self._keep:
            publish: sa.Delete | sa.Update = table.update().where(this).values(done=now)
        else:
            publish = table.delete().where(this)
        if done := [{"this": id_} for id_ in ids if id_ not in refused]:
            connection.execute(publish, done)
        if refused:
            refuse = table.update().where(this)
            refuse = refuse.values(done=now, error=sa.bindparam("why"))
            names = [{"this": id_, "why": why} for id_, why in refused.items()]
            connection.execute(refuse, names)

    def _purge(self, connection: sa.Connection) -> None:
        """Remove what was kept long enough, about once a minute."""
        now, table = self._clock(), self._table
        if not self._keep or now < self._next_purge:
            return
        self._next_purge = now + min(60.0, self._keep)
        old = table.c.done < now - self._keep
        connection.execute(table.delete().where(old, table.c.error.is_(None)))


def _name(error: Exception) -> str:
    cause = error.__cause__ or error
    return f"{type(cause).__module__}.{type(cause).__name__}"
