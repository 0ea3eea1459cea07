"""Whether a worker consumes: a process that lives may have stopped to do so."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from celery import Celery
from celery.bootsteps import StartStopStep
from celery.signals import worker_ready, worker_shutdown
from celery.worker import state
from click import Option

log = logging.getLogger(__name__)

POLL_SILENCE = 30.0
"""Seconds after which a worker that polls no more, and has no task, is stuck."""


@dataclass(frozen=True)
class WorkerState:
    """What a worker says of itself.

    Attributes:
        broker: Whether it is connected to the broker.
        polled: How many seconds ago it has last asked the broker for messages.
        running: How many tasks it is working on.
        waiting: For how many seconds the oldest message that it has fetched has been
            waiting for a free process; 0 if none is.
    """

    broker: bool
    polled: float
    running: int
    waiting: float

    @property
    def consumes(self) -> bool:
        """Whether it consumes: a worker of the pool ``solo`` polls between tasks."""
        return self.broker and (self.polled < POLL_SILENCE or self.running > 0)

    def as_dict(self) -> dict[str, Any]:
        """Return the attributes, for JSON."""
        return asdict(self)


class NotePolls(StartStopStep):
    """Notes when the consumer of a worker polls, in its event loop or without one."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: Any) -> None:
        """Begin with each connection of the consumer *parent*."""

        def note() -> None:
            parent.last_poll = time.monotonic()

        note()
        old = getattr(parent, "poll_timer", None)
        if old is not None:
            old.cancel()
        if parent.hub is not None:
            parent.poll_timer = parent.hub.call_repeatedly(1.0, note)
        drain = parent.connection.drain_events

        def drain_events(*args: Any, **kwargs: Any) -> Any:
            note()
            return drain(*args, **kwargs)

        parent.connection.drain_events = drain_events


class Observer:
    """Looks at the *consumer* of a worker from another thread of its process."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._seen: dict[str, float] = {}

    def look(self) -> WorkerState:
        """Return the state of the worker."""
        now = time.monotonic()
        consumer = self._consumer
        connection = getattr(consumer, "connection", None)
        running = {each.id for each in list(state.active_requests)}
        waiting = {each.id for each in list(state.reserved_requests)} - running
        self._seen = {each: self._seen.get(each, now) for each in waiting}
        return WorkerState(
            broker=bool(connection is not None and connection.connected),
            polled=round(now - getattr(consumer, "last_poll", now), 1),
            running=len(running),
            waiting=round(now - min(self._seen.values(), default=now), 1),
        )


def live_with(celery: Celery, every: float, work: Callable[[Any], Any]) -> None:
    """Run something beside each worker of *celery*, from its start to its end.

    Args:
        celery: The application.
        every: After how many seconds to do it again.
        work: Given the consumer of the worker, returns a function that is called with
            False, and in the end with True. What it raises is logged.
    """

    def begin(sender: Any, **_: object) -> None:
        if sender.app is not celery:
            return
        ended = threading.Event()
        do = work(sender)

        def live() -> None:
            while True:
                _do(do, last=False)
                if ended.wait(every):
                    break
            _do(do, last=True)

        thread = threading.Thread(target=live, daemon=True)

        def end(**_: object) -> None:
            ended.set()
            thread.join(every)

        worker_shutdown.connect(end, weak=False)
        thread.start()

    worker_ready.connect(begin, weak=False)


def _do(do: Callable[[bool], object], *, last: bool) -> None:
    try:
        do(last)
    except Exception:
        log.log(
            logging.DEBUG if last else logging.ERROR,
            "A sign of life could not be given",
            exc_info=True,
        )


class TouchFile(StartStopStep):
    """``celery worker --touch FILE``: a file is as fresh as the worker is alive."""

    def __init__(self, parent: Any, touch: str | None = None, **options: Any) -> None:
        super().__init__(parent, **options)
        if touch:
            live_with(parent.app, 1.0, lambda consumer: _toucher(consumer, Path(touch)))


def _toucher(consumer: Any, file: Path) -> Callable[[bool], None]:
    observer = Observer(consumer)

    def touch(last: bool) -> None:
        if last:
            file.unlink(missing_ok=True)
        elif observer.look().consumes:
            file.touch()

    return touch


def observe_workers(celery: Celery) -> None:
    """Let workers of *celery* know whether they consume, and take ``--touch``.

    Args:
        celery: The application.
    """
    steps: Any = celery.steps
    steps["consumer"].add(NotePolls)
    if TouchFile not in steps["worker"]:
        steps["worker"].add(TouchFile)
        text = "Touch this file each second while the worker consumes."
        celery.user_options["worker"].add(
            Option(["--touch"], metavar="FILE", help=text)
        )
