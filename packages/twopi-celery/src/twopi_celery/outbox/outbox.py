"""Tasks that are committed with the rows they are about, and published afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol, cast

from celery import Celery, Task
from celery.canvas import Signature
from kombu.utils.json import dumps

from twopi_celery.publishing.frozen_call import freeze
from twopi_celery.tasks.request_id import MESSAGE_HEADER, current_request_id

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.orm import Session, scoped_session

    Executor = Session | scoped_session[Session] | sa.Connection


class HasMetaData(Protocol):
    """A declarative base, or Flask-SQLAlchemy's ``db``."""

    @property
    def metadata(self) -> sa.MetaData:
        """What its tables are part of."""


@dataclass(frozen=True)
class Backlog:
    """What an outbox has to do.

    Attributes:
        pending: How many tasks are to be published.
        age: For how many seconds the oldest of them has been waiting; 0 if none is.
        refused: How many cannot be published, since they cannot be read or encoded.
    """

    pending: int
    age: float
    refused: int


class Outbox:
    """A table of tasks to publish, in the database that the tasks are about.

    A task is a row of the same transaction: it is committed or rolled back with all
    else, SAVEPOINTs included, whatever happens to this process or the broker. `relay`
    publishes the rows, in a process of its own:
    ``python -m twopi_celery relay shop:celery shop:outbox``. A task may be published
    twice, if the relay is killed at the wrong moment, then with the same id.

    .. code-block:: python

        from sqlalchemy import MetaData, create_engine
        from sqlalchemy.orm import Session
        from twopi_celery import Outbox, create_celery

        celery = create_celery(
            "shop", {"task_always_eager": True, "broker_url": "memory://"}
        )
        engine = create_engine("sqlite://")
        metadata = MetaData()
        outbox = Outbox(metadata)
        metadata.create_all(engine)
        sent = []


        @celery.task
        def send_invoice(order):
            sent.append(order)


        with Session(engine) as session:
            outbox.delay(session, send_invoice, 4711)
            session.commit()
        assert outbox.relay(engine, celery) == 1
        assert sent == [4711]

    Args:
        metadata: The ``MetaData`` that the table becomes part of, or a declarative base
            or Flask-SQLAlchemy's ``db``, which have one. Migrations see it there.
        table: Its name.

    Attributes:
        table: The `sqlalchemy.Table`.

    Raises:
        ModuleNotFoundError: SQLAlchemy is missing; install
            ``twopi-celery[sqlalchemy]``.

    .. versionadded:: 2.0
    """

    def __init__(
        self,
        metadata: sa.MetaData | HasMetaData,
        table: str = "twopi_outbox",
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        from twopi_celery.outbox.table import outbox_table

        found = cast("sa.MetaData", getattr(metadata, "metadata", metadata))
        self.table = outbox_table(found, table)
        self.clock = clock

    def delay(
        self,
        session: Executor,
        task: Task[Any, Any] | Signature[Any],
        *args: Any,
        **kwargs: Any,
    ) -> str:
        """Add a task, as ``task.delay(*args, **kwargs)`` would send it.

        Args:
            session: What the row is inserted with, see `apply_async`.
            task: A task or a signature.
            *args: Its arguments.
            **kwargs: Its keyword arguments.

        Returns:
            The id that the task will have.
        """
        return self.apply_async(session, task, args, kwargs)

    def apply_async(
        self,
        session: Executor,
        task: Task[Any, Any] | Signature[Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> str:
        """Add a task, as ``task.apply_async(args, kwargs, **options)`` would send it.

        Args:
            session: What the row is inserted with, at once: a session, a scoped one, or
                a connection. It is pending from its commit on.
            task: A task, or a signature of a task, chain, group or chord.
            args: Its arguments: what JSON has, and dates, times, decimals and UUIDs.
            kwargs: Its keyword arguments.
            **options: Those of Celery's ``apply_async``. A *countdown* begins now.

        Returns:
            The id that the task will have. That of a chain is the id of its last task.

        Raises:
            TypeError: The task does not take these arguments.
            kombu.exceptions.EncodeError: They cannot be serialized.
        """
        relatives = {}
        if parent := task.app.current_worker_task:
            relatives["parent_id"] = parent.request.id
            relatives["root_id"] = parent.request.root_id or parent.request.id
        task_id, call = freeze(task, args, kwargs or {}, options, **relatives)
        now = self.clock()
        _make_absolute(call.options, datetime.fromtimestamp(now, UTC))
        if request_id := current_request_id():
            headers = {
                MESSAGE_HEADER: request_id,
                **(call.options.get("headers") or {}),
            }
            call.options["headers"] = headers
        row = {"task_id": task_id, "task": call.task, "call": dumps(call), "added": now}
        session.execute(self.table.insert().values(row))
        return task_id

    def backlog(self, session: Executor) -> Backlog:
        """Return how much is pending, for monitoring.

        Args:
            session: What to ask with.
        """
        from sqlalchemy import func, select

        done, error, added = (self.table.c[name] for name in ("done", "error", "added"))
        query = select(func.count(), func.min(added)).where(done.is_(None))
        pending, oldest = session.execute(query).one()
        refused = select(func.count()).where(done.is_not(None), error.is_not(None))
        age = max(0.0, self.clock() - oldest) if pending else 0.0
        return Backlog(pending, age, session.execute(refused).scalar_one())

    def relay(
        self,
        engine: sa.Engine,
        celery: Celery,
        *,
        stop: Event | None = None,
        batch: int = 100,
        poll: float = 0.5,
        keep: float = 0.0,
    ) -> int:
        """Publish what is pending, oldest first, and remove it.

        A batch is locked, published, confirmed by the broker, removed and committed, in
        this order. On PostgreSQL and MariaDB or MySQL 8 as many relays as you like may
        run: each skips what another has locked. On SQLite let only one run.

        Args:
            engine: The database.
            celery: The application, with its tasks imported, since queues, priorities
                and routes of tasks are looked up there.
            stop: Go on until this event is set, past outages of the broker and the
                database, which are logged and waited for. By default stop when nothing
                is pending, and raise what goes wrong.
            batch: How many rows to publish in a transaction.
            poll: After how many seconds to look again if nothing was pending.
            keep: For how many seconds to keep the rows of published tasks; refused ones
                are kept for good.

        Returns:
            How many rows were published.

        Raises:
            kombu.exceptions.OperationalError: The broker does not answer.
            sqlalchemy.exc.DBAPIError: The database does not.
        """
        from twopi_celery.outbox.relay import Relay

        relay = Relay(self.table, self.clock, engine, celery, batch=batch, keep=keep)
        return relay.drain() if stop is None else relay.run(stop, poll)


def _make_absolute(options: dict[str, Any], now: datetime) -> None:
    """Count from now on, and not from when the relay comes to it."""
    countdown, expires = options.pop("countdown", None), options.get("expires")
    if countdown is not None:
        options["eta"] = now + timedelta(seconds=countdown)
    if isinstance(expires, int | float):
        options["expires"] = now + timedelta(seconds=expires)
