"""What publishes the rows of an outbox."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

import sqlalchemy as sa
from celery import Celery
from celery.canvas import Signature
from kombu.exceptions import OperationalError
from kombu.utils.json import loads
from sqlalchemy.exc import SQLAlchemyError

from twopi_celery.outbox.claims import Claims, Row
from twopi_celery.outbox.table import require_columns
from twopi_celery.outbox.wake_up import WakeUp
from twopi_celery.publishing.confirmed import Publisher
from twopi_celery.publishing.failure import Failure, describe
from twopi_celery.publishing.result_backend import no_results
from twopi_celery.tasks.trace import continue_trace

log = logging.getLogger(__name__)

FIRST_DELAY = 0.1
LONGEST_DELAY = 10.0

BUDGET = 0.3
"""The part of a lease after which no further row of a batch is begun."""

RISKY = 2
"""After so many attempts a row is published alone: it may be what kills the relay."""


class Relay:
    """Publishes the rows of *table* in *engine* to the broker of *celery*.

    Rows are claimed in a short transaction, published in none, and finished in another
    one. See `Outbox.relay` for the arguments.
    """

    def __init__(
        self,
        table: sa.Table,
        clock: Callable[[], float],
        engine: sa.Engine,
        celery: Celery,
        *,
        batch: int = 500,
        keep: float = 0.0,
        max_attempts: int = 10,
        longest_delay: float = 300.0,
        lease: float = 10.0,
    ) -> None:
        self._table = table
        self._engine = engine
        self._celery = celery
        self._claims = Claims(
            table,
            engine,
            clock,
            lease=lease,
            keep=keep,
            max_attempts=max_attempts,
            longest_delay=longest_delay,
        )
        self._budget = lease * BUDGET
        self._publisher = Publisher(celery)
        self._batch = self._size = batch
        self._max_attempts = max_attempts
        self._unsettled: dict[Row, Failure | None] = {}
        self._alone = False
        self._checked = False
        self._published = 0

    def drain(self) -> int:
        """Publish until nothing is due; return how many rows."""
        try:
            while self._step(lambda: True):
                pass
        finally:
            self._publisher.close()
        return self._published

    def run(self, stop: Event, poll: float) -> int:
        """Publish until *stop* is set; return how many rows.

        After a failure of the broker it goes on with a single row, and then with twice
        as many each time, so that a row that the broker does not take is found.
        """
        failures = 0
        wake_up = WakeUp(self._engine, self._table)
        try:
            while not stop.is_set():
                try:
                    found = self._step(lambda: not stop.is_set())
                except (OperationalError, SQLAlchemyError) as error:
                    failures += 1
                    delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(failures, 10))
                    log.warning("Waiting %.1f s after %s", delay, describe(error))
                    stop.wait(delay * random.uniform(0.5, 1))  # noqa: S311
                    continue
                failures = 0
                if not found:
                    wake_up.wait(stop, poll)
        finally:
            wake_up.close()
            self._publisher.close()
        return self._published

    def _step(self, go_on: Callable[[], bool]) -> bool:
        """Publish what is due, up to a batch; return whether there was something.

        Raises:
            kombu.exceptions.OperationalError: The broker does not answer.
        """
        if not self._checked:
            require_columns(self._table, self._engine)
            self._checked = True
        self._settle()  # if the database was away
        self._publisher.open()
        rows = self._claims.claim(self._size)
        calm = [row for row in rows if row.attempts <= RISKY]
        risky = [row for row in rows if row.attempts > RISKY]
        first = min(risky, key=lambda row: (row.attempts, row.id), default=None)
        self._note([row for row in risky if row != first], "")
        self._settle()  # those have their turn later, even if the first one kills this
        began = time.monotonic()

        def in_time() -> bool:
            return go_on() and time.monotonic() - began < self._budget

        for part in (calm, [first] if first else []):
            if part:
                self._send(part, in_time)
        self._claims.purge()
        return bool(rows)

    def _note(self, rows: Sequence[Row], error: str, *, never: bool = False) -> None:
        self._unsettled |= dict.fromkeys(rows, Failure(error, never=never))

    def _send(self, rows: Sequence[Row], go_on: Callable[[], bool]) -> None:
        calls = self._read(rows)

        def publish(key: int, options: dict[str, Any]) -> None:
            call = calls[key]
            with continue_trace(call.options.get("headers") or {}):
                call.apply_async(**options)

        with no_results(self._celery):
            outcomes = self._publisher.send(calls, publish, go_on)
        lost = next((each for each in outcomes.values() if each and each.lost), None)
        self._alone = len(calls) == 1
        self._size = 1 if lost else min(self._batch, self._size * 2)
        for row in rows:
            if row in self._unsettled:
                continue
            failure = outcomes.get(row.id, Failure(""))
            self._unsettled[row] = failure
            self._published += failure is None
            if failure is not None and failure.error:
                log.warning("Task %s is not published: %s", row.task_id, failure.error)
        self._settle()
        if lost:
            raise OperationalError(lost.error)

    def _read(self, rows: Sequence[Row]) -> dict[int, Signature[Any]]:
        """Return the calls by number; those that cannot be read are noted as dead."""
        calls = {}
        for row in rows:
            if row.attempts > self._max_attempts:
                self._note([row], "The relay ended while publishing it", never=True)
                continue
            try:
                calls[row.id] = self._celery.signature(loads(row.call))
            except Exception as error:
                log.exception("Task %s cannot be published", row.task_id)
                self._note([row], type(error).__name__, never=True)
        return calls

    def _settle(self) -> None:
        if self._unsettled:
            self._claims.settle(self._unsettled, alone=self._alone)
            self._unsettled = {}
