"""Checks that are run in threads of their own, at most one run of each at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager

log = logging.getLogger("twopi_release")

Clock = Callable[[], float]
Context = Callable[[], AbstractContextManager[object]]


class FalseResultError(Exception):
    """A check returned a false value."""


class Run:
    """One run of a check, which any number of probes wait for.

    Attributes:
        started: When it was started, in seconds of the clock.
        ended: When it ended; `None` before.
        failure: What it raised, until it is logged.
        ok: Whether it ended and raised nothing.
    """

    def __init__(self, clock: Clock) -> None:
        self.started = clock()
        self.ended: float | None = None
        self.failure: BaseException | None = None
        self.ok = False
        self._clock = clock
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, name: str, check: Callable[[], object], context: Context) -> None:
        """Run *check* in a thread."""
        run = (check, context)
        # A daemon, so that a check that hangs does not keep the process from ending
        self._thread = threading.Thread(
            target=self._run, args=run, name=f"health check {name}", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError as error:  # there are too many threads
            self.failure = error
            self._end()

    def _run(self, check: Callable[[], object], context: Context) -> None:
        try:
            with context():
                result = check()
                if hasattr(result, "__await__"):
                    result = _await(result)
                if result is not None and not result:
                    kind = type(result).__name__
                    raise FalseResultError(f"it returned a false {kind}")  # noqa: TRY301
            self.ok = True
        except BaseException as error:  # noqa: BLE001  sys.exit() is a failure too
            self.failure = error
        self._end()

    def _end(self) -> None:
        self.ended = self._clock()
        self._done.set()

    def is_running(self) -> bool:
        """Return whether its thread lives; in a forked process it does not."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self, timeout: float) -> bool:
        """Wait until it has ended, at most *timeout* seconds from its start.

        Returns:
            Whether it has ended and succeeded.
        """
        left = self.started + timeout - self._clock()
        return self._done.wait(max(0.0, left)) and self.ok


def _await(result: Awaitable[object]) -> object:
    """Return what *result*, such as that of an ``async def``, turns out to be."""
    import asyncio

    async def wait() -> object:
        return await result

    return asyncio.run(wait())


class Checks:
    """The checks of an application, and what is known about each.

    Attributes:
        names: Their names, in order.

    Args:
        checks: Functions that raise or return a false value other than `None` if what
            they are named after is down.
        timeout: Seconds that each may take.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        checks: Mapping[str, Callable[[], object]],
        timeout: float,
        clock: Clock = time.monotonic,
    ) -> None:
        self.names = tuple(checks)
        self._checks = dict(checks)
        self._timeout = timeout
        self._clock = clock
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._failed: set[str] = set()

    def failed(self, context: Context, max_age: float) -> set[str]:
        """Run all checks at once, and return the names of those that failed.

        A run that has not ended is waited for and not started again; one that ended
        less than *max_age* seconds ago counts. A change of state is logged.

        Args:
            context: Makes a context manager that each check runs in.
            max_age: Seconds.
        """
        runs = {name: self._begin(name, context, max_age) for name in self._checks}
        good = {name for name, run in runs.items() if run.wait(self._timeout)}
        with self._lock:
            for name, run in runs.items():
                self._note(name, run, name in good)
        return runs.keys() - good

    def _begin(self, name: str, context: Context, max_age: float) -> Run:
        with self._lock:
            run = self._runs.get(name)
            if run is not None and self._counts(run, max_age):
                return run
            run = self._runs[name] = Run(self._clock)
            run.start(name, self._checks[name], context)
            return run

    def _counts(self, run: Run, max_age: float) -> bool:
        if run.ended is None:
            return run.is_running()
        return self._clock() - run.ended < max_age

    def _note(self, name: str, run: Run, ok: bool) -> None:
        """Log it if *name* has failed or works again since it was last asked."""
        failure, run.failure = run.failure, None  # its frames hold connections
        if ok and name in self._failed:
            self._failed.discard(name)
            log.warning("Health check %r works again", name)
        elif not ok and name not in self._failed:
            self._failed.add(name)
            if failure is None:
                log.error(
                    "Health check %r did not end within %g s", name, self._timeout
                )
            else:
                log.error("Health check %r failed", name, exc_info=failure)
