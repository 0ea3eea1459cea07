"""twopi-celery beside Celery itself: contexts and sessions, commits, the relay."""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from celery import Celery, Task
from celery.app.trace import build_tracer
from flask import Flask
from sqlalchemy.orm import Session

from benchmarks.cases import Bar, Case, Subject, Suite
from twopi_celery import (
    Outbox,
    create_celery,
    create_db_session,
    delay_on_commit,
    init_app,
)

ROWS = 3000

# What a worker does around a task


def tracer(celery: Celery, name: str) -> Callable[[], object]:
    """Return what a worker calls for a message, for a task that does nothing."""

    @celery.task(name=name, shared=False)
    def nothing() -> int:
        return 1

    task = celery.tasks[name]
    trace = build_tracer(name, task, app=celery, loader=celery.loader)
    request = {"delivery_info": {}, "is_eager": False}
    return lambda: trace(uuid.uuid4().hex, (), {}, dict(request))


def tasks() -> Case:
    """Run a task in a context, with a session that it does not use."""
    plain = Celery("plain", broker="memory://", set_as_current=False)
    plain.conf.task_ignore_result = True
    app = Flask("shop")
    app.config.update(
        CELERY_BROKER_URL="memory://",
        CELERY_TASK_IGNORE_RESULT=True,
        SQLALCHEMY_DATABASE_URI="sqlite://",
    )
    ours = init_app(app, set_as_current=False)
    session = create_db_session(ours)
    subjects = {
        "plain": tracer(plain, "plain"),
        "context, Flask's way": tracer(flask_way(Flask("shop")), "flask"),
        "context and session": tracer(ours, "ours"),
    }

    def check() -> None:
        for run in subjects.values():
            assert run()[0] == 1  # type: ignore[index]  # noqa: S101
        assert not session.registry.has()  # noqa: S101

    # Signals know no application: a plain task in this process calls our handlers too.
    # So it is timed by itself, with none connected.
    return Case(
        "task",
        "trace a task that does nothing",
        {
            name: Subject(run if name == "context and session" else alone(run))
            for name, run in subjects.items()
        },
        check,
        [Bar("context and session", "plain", 1.5)],
    )


def flask_way(app: Flask) -> Celery:
    """Return a Celery with contexts as Flask's documentation has them, and no more."""

    class FlaskTask(Task):  # type: ignore[type-arg]
        def __call__(self, *args: object, **kwargs: object) -> object:
            with app.app_context():
                return self.run(*args, **kwargs)

    celery = Celery(
        app.name, task_cls=FlaskTask, broker="memory://", set_as_current=False
    )
    celery.conf.task_ignore_result = True
    return celery


def alone(run: Callable[[], object]) -> Callable[[], object]:
    """Return *run* without the handlers of the signals around a task."""
    from celery.signals import task_postrun, task_prerun

    def without_handlers() -> object:
        kept = task_prerun.receivers, task_postrun.receivers
        task_prerun.receivers = task_postrun.receivers = []
        try:
            return run()
        finally:
            task_prerun.receivers, task_postrun.receivers = kept

    return without_handlers


# Commits


def commits() -> Case:
    """Insert a row, commit and publish a task about it."""
    folder = tempfile.mkdtemp()
    engine = sa.create_engine(f"sqlite:///{folder}/shop.db")
    metadata = sa.MetaData()
    order = sa.Table("order_", metadata, sa.Column("id", sa.Integer, primary_key=True))
    outbox = Outbox(metadata)
    metadata.create_all(engine)
    celery = create_celery("shop", {"broker_url": "memory://"}, set_as_current=False)

    @celery.task(shared=False)
    def ship(number: int) -> None:
        """Ship an order."""

    def plainly() -> None:
        with Session(engine) as session:
            session.execute(order.insert())
            session.commit()
            ship.delay(1)

    def on_commit() -> None:
        with Session(engine) as session:
            session.execute(order.insert())
            delay_on_commit(session, ship, 1)
            session.commit()

    def in_outbox() -> None:
        with Session(engine) as session:
            session.execute(order.insert())
            outbox.delay(session, ship, 1)
            session.commit()

    def check() -> None:
        with celery.connection() as connection:
            queue = connection.SimpleQueue("celery")
            for run in (plainly, on_commit):
                before = queue.qsize()
                run()
                assert queue.qsize() == before + 1  # noqa: S101
        in_outbox()
        assert outbox.relay(engine, celery) == 1  # noqa: S101

    return Case(
        "commit",
        "insert a row, commit, publish to a broker in memory",
        {
            "commit, delay": Subject(plainly),
            "delay_on_commit": Subject(on_commit),
            "Outbox": Subject(in_outbox),
        },
        check,
        [Bar("delay_on_commit", "commit, delay", 1.2)],
    )


# The relay


def relayed() -> Sequence[str]:
    """Say how many rows a second pass from an outbox to a broker."""
    notes = []
    servers = {
        name: os.environ.get(f"TWOPI_TEST_{name}_URL")
        for name in ("POSTGRES", "MARIADB", "REDIS", "RABBITMQ")
    }
    for database in ("POSTGRES", "MARIADB"):
        for broker in ("REDIS", "RABBITMQ"):
            name = f"relay, {database.lower()} to {broker.lower()}"
            if not (servers[database] and servers[broker]):
                notes.append(f"{name}: not measured, there is no TWOPI_TEST_..._URL")
                continue
            wall, cpu = relay(str(servers[database]), str(servers[broker]))
            load = Path("/proc/loadavg").read_text(encoding="ascii").split()[0]
            notes.append(
                f"{name}: {ROWS / wall:,.0f} rows/s, {ROWS / cpu:,.0f} per second of "
                f"its CPU time (load {load}); bar 1,500 rows/s"
            )
    return notes


def relay(database: str, broker: str) -> tuple[float, float]:
    """Relay *ROWS* rows; return the seconds by the wall clock and of this process."""
    name = f"outbox_{uuid.uuid4().hex[:12]}"
    settings = {"broker_url": broker, "task_default_queue": name}
    celery = create_celery("shop", settings, set_as_current=False)

    @celery.task(shared=False, ignore_result=True)
    def ship(number: int) -> None:
        """Ship an order."""

    metadata = sa.MetaData()
    outbox = Outbox(metadata, name)
    engine = sa.create_engine(database)
    metadata.create_all(engine)
    try:
        add(outbox, engine, ship, 10)
        outbox.relay(engine, celery)  # imports and connects
        add(outbox, engine, ship, ROWS)
        wall, cpu = time.perf_counter(), time.process_time()
        assert outbox.relay(engine, celery) == ROWS  # noqa: S101
        return time.perf_counter() - wall, time.process_time() - cpu
    finally:
        with celery.connection() as connection:
            connection.default_channel.queue_delete(name)
        metadata.drop_all(engine)
        engine.dispose()


def add(outbox: Outbox, engine: sa.Engine, task: Any, count: int) -> None:
    """Add *count* tasks."""
    with Session(engine) as session:
        for number in range(count):
            outbox.delay(session, task, number)
        session.commit()


def suite() -> Suite:
    """Return the suite."""
    return Suite(
        "celery",
        [tasks(), commits()],
        ["twopi-celery", "celery", "kombu", "flask", "sqlalchemy"],
        relayed,
    )
