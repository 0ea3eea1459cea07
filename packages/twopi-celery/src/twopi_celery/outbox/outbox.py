"""Tasks that are committed with the rows they are about, and published afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any, cast

from celery import Celery

from twopi_celery.database.executor import dialect_of, of_table, refuse_async
from twopi_celery.outbox.backlog import Backlog, DeadTask
from twopi_celery.outbox.encoding import encode, make_absolute
from twopi_celery.publishing.frozen_call import Call, app_of, first_parts, freeze
from twopi_celery.tasks.request_id import MESSAGE_HEADER, current_request_id
from twopi_celery.tasks.trace import current_trace

if TYPE_CHECKING:
    import sqlalchemy as sa

    from twopi_celery.database.executor import AsyncExecutor, Executor
    from twopi_celery.database.metadata import HasMetaData


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
        notify: Whether a commit on PostgreSQL wakes the relay, by ``NOTIFY``. Commits
            that notify wait for each other; a database that has thousands of them a
            second, or does not know ``NOTIFY``, is better polled.
        clock: Tells the seconds since the epoch.

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
        notify: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        from twopi_celery.outbox.table import outbox_table

        found = cast("sa.MetaData", getattr(metadata, "metadata", metadata))
        self.table = outbox_table(found, table)
        self.notify = notify
        self.clock = clock

    def delay(
        self,
        session: Executor,
        task: Call,
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
        task: Call,
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
        refuse_async(session, "outbox.aapply_async")
        task_id, insert = self._insert(session, task, args, kwargs, options)
        session.execute(insert, **of_table(session, self.table))
        return task_id

    async def adelay(
        self, session: AsyncExecutor, task: Call, *args: Any, **kwargs: Any
    ) -> str:
        """Add a task, as `delay` does, with an asynchronous session.

        Args:
            session: An ``AsyncSession``, a scoped one, or an ``AsyncConnection``.
            task: A task or a signature.
            *args: Its arguments.
            **kwargs: Its keyword arguments.

        Returns:
            The id that the task will have.
        """
        return await self.aapply_async(session, task, args, kwargs)

    async def aapply_async(
        self,
        session: AsyncExecutor,
        task: Call,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> str:
        """Add a task, as `apply_async` does, with an asynchronous session.

        Args:
            session: An ``AsyncSession``, a scoped one, or an ``AsyncConnection``.
            task: A task, a signature, or the name of a task.
            args: Its arguments.
            kwargs: Its keyword arguments.
            **options: Those of Celery's ``apply_async``.

        Returns:
            The id that the task will have.

        Raises:
            TypeError: As `apply_async`.
            kombu.exceptions.EncodeError: As `apply_async`.
        """
        task_id, insert = self._insert(session, task, args, kwargs, options)
        await session.execute(insert, **of_table(session, self.table))
        return task_id

    def _insert(
        self,
        session: Any,
        task: Call,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        options: Mapping[str, Any],
    ) -> tuple[str, sa.Executable]:
        from sqlalchemy import func

        from twopi_celery.outbox.wake_up import channel_of

        relatives = {}
        if parent := app_of(task).current_worker_task:
            relatives["parent_id"] = parent.request.id
            relatives["root_id"] = parent.request.root_id or parent.request.id
        task_id, call = freeze(task, args, kwargs or {}, options, **relatives)
        now = self.clock()
        for each in first_parts(call):
            make_absolute(each.options, datetime.fromtimestamp(now, UTC))
        headers = dict(call.options.get("headers") or {})
        if request_id := current_request_id():
            headers.setdefault(MESSAGE_HEADER, request_id)
        headers = current_trace() | headers
        if headers:
            call.options["headers"] = headers
        row = {
            "task_id": task_id,
            "task": call.task,
            "call": encode(call),
            "added": now,
        }
        insert = self.table.insert().values(row)
        if self.notify and dialect_of(session, self.table).name == "postgresql":
            return task_id, insert.returning(func.pg_notify(channel_of(self.table), ""))
        return task_id, insert.inline()

    def backlog(self, session: Executor) -> Backlog:
        """Return how much is pending, for monitoring.

        Args:
            session: What to ask with.
        """
        from sqlalchemy import func, select

        refuse_async(session, "session.run_sync(outbox.backlog)")
        row = self.table.c
        query = select(
            func.count(row.id), func.min(row.added), func.count(row.error)
        ).where(row.done.is_(None))
        where = of_table(session, self.table)
        pending, oldest, retrying = session.execute(query, **where).one()
        dead = select(func.count(row.id)).where(
            row.done.is_not(None), row.error.is_not(None)
        )
        age = max(0.0, self.clock() - oldest) if pending else 0.0
        refused = session.execute(dead, **where).scalar_one()
        return Backlog(pending, age, refused, retrying)

    def dead(self, session: Executor, limit: int = 100) -> list[DeadTask]:
        """Return the dead tasks, the latest first.

        Args:
            session: What to ask with.
            limit: How many at most.
        """
        from sqlalchemy import select

        row = self.table.c
        query = (
            select(
                row.id,
                row.task_id,
                row.task,
                row.error,
                row.attempts,
                row.added,
                row.done,
            )
            .where(row.done.is_not(None), row.error.is_not(None))
            .order_by(row.done.desc(), row.id.desc())
            .limit(limit)
        )
        found = session.execute(query, **of_table(session, self.table))
        return [DeadTask(*each) for each in found]

    def retry(self, session: Executor, *ids: int) -> int:
        """Make dead tasks pending again, as if they had just been added.

        Args:
            session: What to do it with; commit it.
            *ids: The numbers of the rows, see `dead`.

        Returns:
            How many there were.
        """
        return self._change(
            session, self.table.update().values(done=None, attempts=0, due=0.0), ids
        )

    def drop(self, session: Executor, *ids: int) -> int:
        """Remove dead tasks.

        Args:
            session: What to do it with; commit it.
            *ids: The numbers of the rows, see `dead`.

        Returns:
            How many there were.
        """
        return self._change(session, self.table.delete(), ids)

    def _change(self, session: Executor, statement: Any, ids: Sequence[int]) -> int:
        from sqlalchemy import CursorResult

        row, where = self.table.c, of_table(session, self.table)
        count = 0
        for number in ids:
            dead = row.done.is_not(None), row.error.is_not(None)
            done = session.execute(statement.where(row.id == number, *dead), **where)
            count += cast("CursorResult[Any]", done).rowcount
        return count

    def relay(
        self,
        engine: sa.Engine,
        celery: Celery,
        *,
        stop: Event | None = None,
        batch: int = 500,
        poll: float = 0.5,
        keep: float = 0.0,
        max_attempts: int = 10,
        longest_delay: float = 300.0,
        lease: float = 10.0,
    ) -> int:
        """Publish what is pending, oldest first, and remove it.

        A batch is claimed for some seconds, published and confirmed by the broker, and
        removed. No transaction is open meanwhile. As many relays as you like may run:
        each skips what another has claimed. The clocks of their machines must agree to
        a few seconds.

        A row that cannot be published does not stop others. It is tried again after
        0.5, 1, 2, 4 seconds and so on. After *max_attempts* it is dead: it stays in the
        table, see `dead`, until `retry` or `drop`. A message that no queue takes has
        not been published. One that cannot be encoded is dead at once. An outage of the
        broker, of the database or of the result backend is not counted.

        Args:
            engine: The database.
            celery: The application, with its tasks imported, since queues, priorities
                and routes of tasks are looked up there.
            stop: Go on until this event is set, past outages of the broker and the
                database, which are logged and waited for. By default stop when nothing
                is pending, and raise what goes wrong.
            batch: How many rows to publish at once.
            poll: After how many seconds to look again if nothing was pending. With
                psycopg on PostgreSQL the relay is woken by each commit.
            keep: For how many seconds to keep the rows of published tasks; dead ones
                are never removed.
            max_attempts: How many attempts may fail.
            longest_delay: The longest time between two attempts, in seconds.
            lease: After how many seconds another relay may take the rows of one that
                was killed.

        Returns:
            How many rows were published.

        Raises:
            kombu.exceptions.OperationalError: The broker does not answer.
            sqlalchemy.exc.DBAPIError: The database does not.
            ConfigurationError: The table is missing, or one of its columns.
        """
        from twopi_celery.outbox.relay import Relay

        relay = Relay(
            self.table,
            self.clock,
            engine,
            celery,
            batch=batch,
            keep=keep,
            max_attempts=max_attempts,
            longest_delay=longest_delay,
            lease=lease,
        )
        return relay.drain() if stop is None else relay.run(stop, poll)
