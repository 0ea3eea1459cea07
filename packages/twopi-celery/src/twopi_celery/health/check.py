"""Do the broker, the database and the workers answer, and at which address?"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from celery import Celery

from twopi_celery.errors import ConfigurationError, HealthError
from twopi_celery.health import probes
from twopi_celery.health.report import Finding, Report

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, scoped_session

    from twopi_celery.health.heartbeats import Heartbeats

log = logging.getLogger(__name__)


class Health:
    """The health of one application: `check`, as often as wanted.

    A server that keeps silent is asked again only after it has answered or hung up, so
    that there is one thread that waits for it, however often the health is asked for.
    """

    def __init__(
        self,
        celery: Celery,
        session: scoped_session[Session] | None = None,
        *,
        workers: int = 1,
        heartbeats: Heartbeats | None = None,
        timeout: float = 1.0,
        worker: str | None = None,
    ) -> None:
        if worker is not None:
            workers = 1
        if timeout <= 0 or workers < 0:
            raise ConfigurationError(
                "A health check needs a timeout above 0 seconds, and 0 or more workers"
            )
        if heartbeats is not None and session is None:
            raise ConfigurationError("Heartbeats are read by a session; give one")
        self._timeout = timeout
        self._questions: dict[str, Callable[[Finding], None]] = {
            "broker": partial(probes.ask_broker, celery)
        }
        if session is not None:
            self._questions["database"] = partial(probes.ask_database, session)
        if workers and heartbeats is not None and session is not None:
            self._questions["workers"] = partial(
                probes.ask_heartbeats, heartbeats, session, workers, worker
            )
        elif workers:
            self._questions["workers"] = partial(
                probes.ask_workers, celery, workers, worker, timeout / 2
            )
        self._asked: dict[str, tuple[threading.Thread, Finding]] = {}
        self._lock = threading.Lock()

    def report(self) -> Report:
        """Ask all at once and wait for the answers, as long as the timeout."""
        deadline = time.monotonic() + self._timeout
        asked = [self._ask(name) for name in self._questions]
        return Report(tuple(_wait(*each, deadline) for each in asked))

    def checks(self) -> dict[str, Callable[[], None]]:
        """Return for each server a function that raises unless it answers."""
        return {name: partial(self._require, name) for name in self._questions}

    def _require(self, name: str) -> None:
        deadline = time.monotonic() + self._timeout
        finding = _wait(*self._ask(name), deadline)
        if not finding.ok:
            raise HealthError(str(finding))

    def _ask(self, name: str) -> tuple[threading.Thread, Finding]:
        with self._lock:
            if name not in self._asked or not self._asked[name][0].is_alive():
                finding = Finding(name)
                thread = threading.Thread(
                    target=_answer, args=[self._questions[name], finding], daemon=True
                )
                self._asked[name] = thread, finding
                thread.start()
            return self._asked[name]


def _answer(question: Callable[[Finding], None], finding: Finding) -> None:
    try:
        question(finding)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is no answer
        finding.detail = type(error).__name__
        log.warning("Health check failed: %s", finding)


def _wait(thread: threading.Thread, finding: Finding, deadline: float) -> Finding:
    thread.join(max(0.0, deadline - time.monotonic()))
    return replace(finding)


def check(
    celery: Celery,
    session: scoped_session[Session] | None = None,
    *,
    workers: int = 1,
    heartbeats: Heartbeats | None = None,
    timeout: float = 1.0,
    worker: str | None = None,
) -> Report:
    """Ask the broker, the database and the workers whether they are there.

    .. code-block:: python

        import tempfile

        from twopi_celery import check, create_celery, filesystem_broker

        celery = create_celery("shop", filesystem_broker(tempfile.mkdtemp()))
        report = check(celery, workers=0)
        assert report.ok, report

    The addresses are those really used: an environment variable ``CELERY_BROKER_URL``
    beats the settings.

    Args:
        celery: The application.
        session: What `create_db_session` returned; by default no database is asked.
        workers: How many workers have to answer; 0 asks none. A worker of the pool
            ``solo`` does not answer while it works on a task.
        heartbeats: Count the workers by their `Heartbeats` instead, which also tells
            of those, and of workers that live and do not consume.
        timeout: How many seconds to wait, for all together.
        worker: Ask for this worker alone, by its name ``name@host``: others that live
            do not help.

    Returns:
        The report. Nothing that is down raises here.

    Raises:
        ConfigurationError: *timeout* or *workers* cannot be used, or there is no
            *session* for *heartbeats*.

    .. versionadded:: 2.0
    """
    return Health(
        celery,
        session,
        workers=workers,
        heartbeats=heartbeats,
        timeout=timeout,
        worker=worker,
    ).report()


def health_checks(
    celery: Celery,
    session: scoped_session[Session] | None = None,
    *,
    workers: int = 1,
    heartbeats: Heartbeats | None = None,
    timeout: float = 1.0,
) -> Mapping[str, Callable[[], None]]:
    """Return functions that raise `HealthError`, for another package's endpoint.

    ``release_blueprint(checks=health_checks(celery, session))`` adds them to the
    ``/healthz`` of twopi-release.

    Args:
        celery: See `check`, also for the others.
        session: The session of a database to ask.
        workers: How many workers have to answer.
        heartbeats: What to count the workers by.
        timeout: Seconds for each of them.

    Returns:
        A function for each of ``broker``, ``database`` and ``workers``.

    Raises:
        ConfigurationError: As `check`.

    .. versionadded:: 2.0
    """
    return Health(
        celery, session, workers=workers, heartbeats=heartbeats, timeout=timeout
    ).checks()
