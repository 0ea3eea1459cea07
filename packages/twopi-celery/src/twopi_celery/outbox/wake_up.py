"""How a relay learns of new rows: PostgreSQL tells it, other databases are asked."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from threading import Event
from typing import Any

import sqlalchemy as sa

from twopi_celery.publishing.failure import describe

log = logging.getLogger(__name__)

SLICE = 0.25
"""Seconds after which a wait looks whether it is to stop."""

AGAIN = 10.0
"""Seconds after which a connection that was lost is opened again."""


def channel_of(table: sa.Table) -> str:
    """Return the channel of NOTIFY that tells of new rows of *table*.

    Args:
        table: The table of an outbox.
    """
    return table.name[:63]


class WakeUp:
    """Waits until there may be new rows in *table*.

    With psycopg on PostgreSQL it listens on a connection of its own; else it waits.

    Args:
        engine: The database.
        table: The table.
    """

    def __init__(self, engine: sa.Engine, table: sa.Table) -> None:
        self._engine = engine
        self._channel = channel_of(table)
        self._connection: Any = None
        self._detached: Any = None
        self._next_try = 0.0

    def wait(self, stop: Event, seconds: float) -> None:
        """Wait up to so many *seconds*, or until *stop* is set.

        Args:
            stop: Ends the wait.
            seconds: For how long at most.
        """
        deadline = time.monotonic() + seconds
        connection = self._listen()
        if connection is None:
            stop.wait(seconds)
            return
        try:
            while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
                if any(
                    True
                    for _ in connection.notifies(timeout=min(left, SLICE), stop_after=1)
                ):
                    return
        except Exception as error:  # noqa: BLE001 - whatever a driver raises
            log.warning("Polling, since listening failed: %s", describe(error))
            self.close()
            stop.wait(max(0.0, deadline - time.monotonic()))

    def _listen(self) -> Any:
        if self._connection is not None or self._engine.dialect.driver != "psycopg":
            return self._connection
        now = time.monotonic()
        if now < self._next_try:
            return None
        self._next_try = now + AGAIN
        try:
            self._detached = self._engine.raw_connection()
            self._detached.detach()  # the pool does without it
            connection: Any = self._detached.dbapi_connection
            connection.rollback()
            connection.autocommit = True
            name = self._engine.dialect.identifier_preparer.quote(self._channel)
            connection.execute(f"LISTEN {name}")
        except Exception as error:  # noqa: BLE001 - whatever a driver raises
            log.warning("Polling, since listening failed: %s", describe(error))
            return None
        self._connection = connection
        return connection

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()
