"""Signs of life that workers leave in the database."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from celery import Celery

from twopi_celery.database.executor import of_table
from twopi_celery.workers.consuming import (
    Observer,
    WorkerState,
    live_with,
    observe_workers,
)

if TYPE_CHECKING:
    from sqlalchemy import MetaData
    from sqlalchemy.orm import Session, scoped_session

    from twopi_celery.database.metadata import HasMetaData

log = logging.getLogger(__name__)

FORGET = 3600
"""Seconds after which the row of a silent worker may be removed."""


@dataclass(frozen=True)
class Sign:
    """The last sign of life of a worker.

    Attributes:
        worker: Its name: ``name@host/pid``.
        age: How many seconds ago it was given.
        state: What the worker said of itself; None if it did not.
    """

    worker: str
    age: float
    state: WorkerState | None = None

    @property
    def consumes(self) -> bool:
        """Whether the worker consumes, as far as it says."""
        return self.state is None or self.state.consumes


class Heartbeats:
    """A table of the workers that live, one row for each.

    .. code-block:: python

        from sqlalchemy import MetaData
        from twopi_celery import Heartbeats, create_celery, create_db_session

        settings = {"broker_url": "memory://", "SQLALCHEMY_DATABASE_URI": "sqlite://"}
        celery = create_celery("shop", settings)
        session = create_db_session(celery)
        metadata = MetaData()
        heartbeats = Heartbeats(metadata)
        heartbeats.install(celery, session)

        metadata.create_all(session.get_bind())
        assert heartbeats.alive(session) == []  # no worker has been started yet

    A sign says that the process of a worker lives and reaches the database, also while
    it works on a task in the pool ``solo``, when it does not answer pings; whether it
    is connected to the broker, and when it has last polled; and what it is doing. The
    clocks of the machines must agree to a fraction of *silence*, as those of any that
    use NTP do.

    Args:
        metadata: The ``MetaData`` to add the table to, or a declarative base or
            Flask-SQLAlchemy's ``db``, which have one; create it as you do your others.
        table: Its name.
        every: Seconds from one sign of life to the next.
        silence: Seconds after which a worker is held for dead.
        clock: Tells the seconds since the epoch.

    .. versionadded:: 2.0
    """

    def __init__(
        self,
        metadata: MetaData | HasMetaData,
        table: str = "twopi_celery_heartbeats",
        *,
        every: float = 1.0,
        silence: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        from sqlalchemy import Column, Double, String, Table

        self.table = Table(
            table,
            cast("MetaData", getattr(metadata, "metadata", metadata)),
            Column("worker", String(255), primary_key=True),
            Column("seen", Double, nullable=False),
            Column("state", String(255)),
        )
        self._every = every
        self._silence = silence
        self._clock = clock
        self._has_state: bool | None = None

    def install(self, celery: Celery, session: scoped_session[Session]) -> None:
        """Let each worker of *celery* give signs of life from its start to its end.

        Nothing happens in processes that are not workers.

        Args:
            celery: The application.
            session: What `create_db_session` returned, or Flask-SQLAlchemy's
                ``db.session``; its database has the table.
        """
        observe_workers(celery)

        def work(consumer: Any) -> Callable[[bool], None]:
            name = f"{consumer.hostname}/{os.getpid()}"
            observer = Observer(consumer)

            def beat(last: bool) -> None:
                if last:
                    self.end(session, name)
                else:
                    self.beat(session, name, observer.look())

            return beat

        live_with(celery, self._every, work)

    def signs(self, session: scoped_session[Session]) -> list[Sign]:
        """Return the signs of life that workers gave of late, sorted by name.

        Args:
            session: A session of the database that has the table.
        """
        from sqlalchemy import select

        now = self._clock()
        with session.session_factory() as own:
            columns = [self.table.c.worker, self.table.c.seen]
            if self._keeps_state(own):
                columns.append(self.table.c.state)
            found = select(*columns).where(self.table.c.seen > now - self._silence)
            rows = own.execute(found, **of_table(own, self.table)).all()
        return sorted(
            (
                Sign(worker, round(now - seen, 1), _state_of(*state))
                for worker, seen, *state in rows
            ),
            key=lambda sign: sign.worker,
        )

    def alive(self, session: scoped_session[Session]) -> list[str]:
        """Return the names of the workers that gave a sign of life of late, sorted.

        Args:
            session: A session of the database that has the table.
        """
        return [sign.worker for sign in self.signs(session)]

    def beat(
        self,
        session: scoped_session[Session],
        worker: str,
        state: WorkerState | None = None,
    ) -> None:
        """Give one sign of life.

        A worker that begins to do so removes those that are silent for an hour.

        Args:
            session: A session of the database that has the table.
            worker: The name of the worker.
            state: What it says of itself.
        """
        from sqlalchemy import CursorResult, delete, insert, select, update

        now, row = self._clock(), self.table.c
        with session.session_factory.begin() as own:
            where = of_table(own, self.table)
            values: dict[str, Any] = {"seen": now}
            if self._keeps_state(own):
                values["state"] = json.dumps(state.as_dict()) if state else None
            again = own.execute(
                update(self.table).where(row.worker == worker).values(values), **where
            )
            if cast("CursorResult[Any]", again).rowcount:
                return
            silent = select(row.worker).where(row.seen < now - FORGET)
            for name in own.scalars(silent, **where).all():  # by the key, see
                gone = delete(self.table).where(row.worker == name)  # sql_safe_updates
                own.execute(gone, **where)
            own.execute(insert(self.table).values(worker=worker, **values), **where)

    def end(self, session: scoped_session[Session], worker: str) -> None:
        """Remove the row of a worker that ends.

        Args:
            session: A session of the database that has the table.
            worker: The name of the worker.
        """
        from sqlalchemy import delete

        gone = delete(self.table).where(self.table.c.worker == worker)
        with session.session_factory.begin() as own:
            own.execute(gone, **of_table(own, self.table))

    def _keeps_state(self, session: Session) -> bool:
        """Return whether the table has the column ``state``, which is new."""
        if self._has_state is None:
            from sqlalchemy import inspect

            connection = session.connection(bind_arguments={"clause": self.table})
            columns = inspect(connection).get_columns(
                self.table.name, self.table.schema
            )
            self._has_state = any(each["name"] == "state" for each in columns)
            if not self._has_state:
                log.warning(
                    "The table %s lacks the column state; add it to see whether "
                    "workers consume",
                    self.table.name,
                )
        return self._has_state


def _state_of(text: str | None = None) -> WorkerState | None:
    return WorkerState(**json.loads(text)) if text else None
