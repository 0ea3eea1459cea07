"""Signs of life that workers leave in the database."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from celery import Celery
from celery.signals import worker_ready, worker_shutdown

if TYPE_CHECKING:
    from sqlalchemy import MetaData
    from sqlalchemy.orm import Session, scoped_session

log = logging.getLogger(__name__)

FORGET = 3600
"""Seconds after which the row of a silent worker may be removed."""


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

    It tells that the process of a worker lives and reaches the database, also while it
    works on a task in the pool ``solo``, when it does not answer pings. The clocks of
    the machines must agree to a fraction of *silence*, as those of any that use NTP do.

    Args:
        metadata: Where to add the table; create it as you do your others.
        table: Its name.
        every: Seconds from one sign of life to the next.
        silence: Seconds after which a worker is held for dead.
        clock: Tells the seconds since the epoch.

    .. versionadded:: 2.0
    """

    def __init__(
        self,
        metadata: MetaData,
        table: str = "twopi_celery_heartbeats",
        *,
        every: float = 1.0,
        silence: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        from sqlalchemy import Column, Double, String, Table

        self.table = Table(
            table,
            metadata,
            Column("worker", String(255), primary_key=True),
            Column("seen", Double, nullable=False),
        )
        self._every = every
        self._silence = silence
        self._clock = clock

    def install(self, celery: Celery, session: scoped_session[Session]) -> None:
        """Let each worker of *celery* give signs of life from its start to its end.

        Nothing happens in processes that are no workers.

        Args:
            celery: The application.
            session: What `create_db_session` returned; its database has the table.
        """

        def begin(sender: Any, **_: object) -> None:
            if sender.app is not celery:
                return
            name = f"{sender.hostname}/{os.getpid()}"
            ended = threading.Event()
            live = threading.Thread(
                target=self._live, args=[session, name, ended], daemon=True
            )

            def end(**_: object) -> None:
                ended.set()
                live.join(self._every)

            worker_shutdown.connect(end, weak=False)
            live.start()

        worker_ready.connect(begin, weak=False)

    def alive(self, session: scoped_session[Session]) -> list[str]:
        """Return the names of the workers that gave a sign of life of late, sorted.

        Args:
            session: A session of the database that has the table.
        """
        from sqlalchemy import select

        since = self._clock() - self._silence
        found = select(self.table.c.worker).where(self.table.c.seen > since)
        with session.session_factory() as own:
            return sorted(own.scalars(found))

    def beat(self, session: scoped_session[Session], worker: str) -> None:
        """Give one sign of life.

        A worker that begins to do so removes those that are silent for an hour.

        Args:
            session: A session of the database that has the table.
            worker: The name of the worker.
        """
        from sqlalchemy import CursorResult, delete, insert, update

        now = self._clock()
        row = self.table.c
        with session.session_factory.begin() as own:
            again = own.execute(
                update(self.table).where(row.worker == worker).values(seen=now)
            )
            if not cast("CursorResult[Any]", again).rowcount:
                own.execute(delete(self.table).where(row.seen < now - FORGET))
                own.execute(insert(self.table).values(worker=worker, seen=now))

    def end(self, session: scoped_session[Session], worker: str) -> None:
        """Remove the row of a worker that ends.

        Args:
            session: A session of the database that has the table.
            worker: The name of the worker.
        """
        from sqlalchemy import delete

        with session.session_factory.begin() as own:
            own.execute(delete(self.table).where(self.table.c.worker == worker))

    def _live(
        self, session: scoped_session[Session], worker: str, ended: threading.Event
    ) -> None:
        """Give signs of life until *ended*; a database that is down delays them."""
        while True:
            try:
                self.beat(session, worker)
            except Exception:
                log.exception("The sign of life of %s could not be stored", worker)
            if ended.wait(self._every):
                break
        with suppress(Exception):
            self.end(session, worker)
