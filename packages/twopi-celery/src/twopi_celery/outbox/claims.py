"""Which relay may publish a row, and what becomes of the row."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from twopi_celery.publishing.failure import Failure

FIRST_DELAY = 0.25
PURGE = 1000
"""How many old rows are removed at once, so that no transaction is long."""


@dataclass(frozen=True, slots=True)
class Row:
    """A claimed row. The number of its attempts tells this claim from later ones."""

    id: int
    task_id: str
    call: str
    added: float
    attempts: int


class Claims:
    """The rows that one relay has claimed.

    Each method is one short transaction. A claim ends by itself after *lease* seconds.

    Args:
        table: The table of the outbox.
        engine: The database.
        clock: Tells the seconds since the epoch.
        lease: For how long a claim is valid.
        keep: For how many seconds to keep published rows.
        max_attempts: How many failed attempts a row may have.
        longest_delay: The longest time between two attempts, in seconds.
    """

    def __init__(
        self,
        table: sa.Table,
        engine: sa.Engine,
        clock: Callable[[], float],
        *,
        lease: float,
        keep: float,
        max_attempts: int,
        longest_delay: float,
    ) -> None:
        self._table = table
        self._engine = engine
        if engine.dialect.name in {"mysql", "mariadb"}:
            # REPEATABLE READ would lock the gaps, where others insert.
            self._engine = engine.execution_options(isolation_level="READ COMMITTED")
        self._clock = clock
        self._lease = lease
        self._keep = keep
        self._max_attempts = max_attempts
        self._longest_delay = longest_delay
        self._next_purge = 0.0
        this = table.c.id == sa.bindparam("this")
        self._this = this
        self._this_claim = sa.and_(this, table.c.attempts == sa.bindparam("mine"))

    def claim(self, limit: int) -> list[Row]:
        """Claim up to *limit* rows that are due, the oldest ones."""
        table, now = self._table, self._clock()
        row = table.c
        due = self.due(now, limit)
        claimed = {"due": now + self._lease, "attempts": row.attempts + 1}
        columns = (row.id, row.task_id, row.call, row.added, row.attempts)
        with self._engine.begin() as connection:
            if connection.dialect.update_returning:
                update = table.update().where(row.id.in_(due.scalar_subquery()))
                found = connection.execute(update.values(claimed).returning(*columns))
                return sorted((Row(*each) for each in found), key=lambda each: each.id)
            # One by one: MariaDB may scan the table for a list, and would wait for
            # rows that others have inserted and not committed.
            rows = connection.execute(due.with_only_columns(*columns)).all()
            if rows:
                update = table.update().where(self._this).values(claimed)
                connection.execute(update, [{"this": each.id} for each in rows])
            return [Row(*each[:-1], attempts=each[-1] + 1) for each in rows]

    def due(self, now: float, limit: int) -> sa.Select[Any]:
        """Return the query of the rows to claim, in the order of the index.

        Args:
            now: The time.
            limit: How many at most.
        """
        row = self._table.c
        order = [row.done, row.id]  # without `done` PostgreSQL sorts, with it MariaDB
        if self._engine.dialect.name in {"mysql", "mariadb"}:
            order = [row.id]
        return (
            sa.select(row.id)
            .where(row.done.is_(None), row.due <= now)
            .order_by(*order)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )

    def settle(self, outcomes: Mapping[Row, Failure | None], *, alone: bool) -> None:
        """Finish rows: published ones, dead ones, and those to try again.

        A row whose fault it is not is tried again at once, or after a part of its age,
        so that delays grow.

        Args:
            outcomes: None for what was published, or the failure.
            alone: Whether each was published alone, so that what happened to the
                connection may be its fault.
        """
        now = self._clock()
        published = [row for row, failure in outcomes.items() if failure is None]
        dead, later = [], []
        for row, failure in outcomes.items():
            if failure is None:
                continue
            values: dict[str, Any] = {
                "this": row.id,
                "mine": row.attempts,
                "why": failure.error or None,
            }
            blamed = failure.counts and (alone or not failure.lost)
            if failure.never or (blamed and row.attempts >= self._max_attempts):
                dead.append(values)
                continue
            values["tried"] = row.attempts if blamed else row.attempts - 1
            if blamed:
                delay = self._growing_delay(row)
            elif failure.error and (alone or not failure.lost):
                delay = min(60.0, self._longest_delay, max(1.0, (now - row.added) / 4))
            else:
                delay = 0.0
            values["next"] = now + delay
            later.append(values)
        table = self._table
        with self._engine.begin() as connection:
            self._finish(connection, published, now)
            if dead:
                update = table.update().where(self._this_claim)
                update = update.values(done=now, error=sa.bindparam("why"))
                connection.execute(update, dead)
            if later:
                update = table.update().where(self._this_claim)
                update = update.values(
                    due=sa.bindparam("next"),
                    attempts=sa.bindparam("tried"),
                    error=sa.func.coalesce(sa.bindparam("why"), table.c.error),
                )
                connection.execute(update, later)

    def _growing_delay(self, row: Row) -> float:
        """Return the seconds until the next attempt."""
        delay: float = min(
            self._longest_delay, FIRST_DELAY * 2 ** min(row.attempts, 30)
        )
        return delay * random.uniform(0.5, 1)  # noqa: S311

    def _finish(
        self, connection: sa.Connection, rows: Sequence[Row], now: float
    ) -> None:
        if not rows:
            return
        table = self._table
        if self._keep:
            values = {"done": now, "error": None, "due": 0.0}
            finish: sa.Delete | sa.Update = table.update().values(values)
        else:
            finish = table.delete()
        self._by_id(connection, finish, [row.id for row in rows])

    def _by_id(
        self, connection: sa.Connection, statement: Any, ids: Sequence[int]
    ) -> None:
        """Execute *statement* for the rows *ids*; see `claim` about MariaDB."""
        if connection.dialect.name in {"mysql", "mariadb"}:
            each = [{"this": number} for number in ids]
            connection.execute(statement.where(self._this), each)
        else:
            connection.execute(statement.where(self._table.c.id.in_(ids)))

    def purge(self) -> None:
        """Remove some of what was kept long enough, about once a minute."""
        now, row = self._clock(), self._table.c
        if not self._keep or now < self._next_purge:
            return
        old = (
            sa.select(row.id)
            .where(row.done < now - self._keep, row.error.is_(None))
            .order_by(row.id)
            .limit(PURGE)
        )
        with self._engine.begin() as connection:
            ids: Iterable[int] = connection.scalars(old).all()
            ids = list(ids)
            if ids:
                self._by_id(connection, self._table.delete(), ids)
        if len(ids) < PURGE:
            self._next_purge = now + min(60.0, self._keep)
