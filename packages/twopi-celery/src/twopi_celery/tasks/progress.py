"""How far a long task is, for whoever waits for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, TypeVar

from celery import Task

from twopi_celery.errors import ConfigurationError

log = logging.getLogger(__name__)

T = TypeVar("T")

PROGRESS = "PROGRESS"
"""The state of a task that reports its progress."""


class Progress:
    """Counts what a task has done, and says so now and then.

    .. code-block:: python

        from twopi_celery import Progress, create_celery

        celery = create_celery("shop", {"broker_url": "memory://"})


        @celery.task(bind=True)
        def export(self, numbers):
            return sum(Progress(self).track(numbers))


        assert export([1, 2, 3]) == 6

    While the task runs its result has the state ``"PROGRESS"``, and as ``info`` the
    dictionary ``{"count": 1, "total": 3, "eta": 12.5}``. A result backend that is down
    delays no task longer than Celery tries to reach it, and fails none.

    Args:
        task: The task, bound: its ``self``.
        total: How much there is to do; None if that is not known.
        every: Seconds between two reports. The first is made at once, the last when
            the total is reached.
        report: Called with this object instead, for a row of your own or a socket. What
            it raises ends the task, by which a task can be cancelled.
        clock: Tells seconds.

    Attributes:
        count: How much is done.
        total: How much there is to do, or None.

    Raises:
        ConfigurationError: *total* or *every* is negative.

    .. versionadded:: 2.0
    """

    def __init__(
        self,
        task: Task[Any, Any],
        total: float | None = None,
        *,
        every: float = 1.0,
        report: Callable[[Progress], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if every < 0 or (total is not None and total < 0):
            raise ConfigurationError(
                "The total of a progress and the seconds between reports are 0 or more"
            )
        self.count: float = 0
        self.total = total
        self._task = task
        self._every = every
        self._report = report or Progress._update_state
        self._clock = clock
        self._began = clock()
        self._reported: tuple[float, float] | None = None

    @property
    def eta(self) -> float | None:
        """Seconds until the end, at the speed so far; None if that cannot be told."""
        if self.total is None or not self.count:
            return None
        left = max(0, self.total - self.count)
        return round((self._clock() - self._began) / self.count * left, 1)

    def as_dict(self) -> dict[str, float | None]:
        """Return ``count``, ``total`` and ``eta``."""
        return {"count": self.count, "total": self.total, "eta": self.eta}

    def add(self, count: float = 1) -> None:
        """Note that *count* more is done, and report it if it is time to."""
        self.count += count
        now = self._clock()
        done = self.total is not None and self.count >= self.total
        if self._reported is not None:
            then, said = self._reported
            if now - then < self._every and not (done and said < self.count):
                return
        self._reported = now, self.count
        self._report(self)

    def track(self, things: Iterable[T]) -> Iterator[T]:
        """Yield *things*, and count each when the next one is asked for.

        Their number is the total, if it is not set and they have one.
        """
        if self.total is None and isinstance(things, Sized):
            self.total = len(things)
        self.add(0)
        for thing in things:
            yield thing
            self.add()

    def _update_state(self) -> None:
        request = self._task.request
        if request.id is None or request.is_eager:
            return  # nobody can ask for it
        try:
            self._task.update_state(state=PROGRESS, meta=self.as_dict())
        except Exception:  # whatever a backend raises
            log.warning("The progress of %s is not stored", request.id, exc_info=True)
