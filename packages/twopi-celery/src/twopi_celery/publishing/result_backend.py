"""Publishing without the result backend: it need not be there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery

TIMEOUT = 5.0
"""Seconds that a result backend may take to answer."""

RETRIES = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}


class _NoResults:
    """What a process is given that publishes tasks and never asks for results.

    A backend is told of each task that is published or frozen, and subscribes to its
    result. Only a chord needs it, in which case it is the backend, with bounded waits.
    """

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._backend: Any = None

    def on_task_call(self, producer: object, task_id: str) -> None:
        """Do not subscribe to the result."""

    def add_pending_result(self, result: Any, **_: object) -> Any:
        """Do not wait for the result; see `on_task_call`."""
        return result

    def __getattr__(self, name: str) -> Any:
        if self._backend is None:
            self._backend = _bounded(self._celery._get_backend())  # type: ignore[attr-defined]  # noqa: SLF001
        return getattr(self._backend, name)


def _bounded(backend: Any) -> Any:
    """Let *backend*, which is new, try twice and no longer."""
    parameters = getattr(backend, "connparams", None)
    if isinstance(parameters, dict):  # Redis
        parameters |= {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
    cls = type(backend)
    if hasattr(cls, "retry_policy"):
        backend.__class__ = type(cls.__name__, (cls,), {"retry_policy": RETRIES})
    return backend


@contextmanager
def no_results(celery: Celery) -> Iterator[None]:
    """Let this thread publish tasks of *celery* without asking its result backend.

    Args:
        celery: The application.
    """
    local: Any = celery._local  # type: ignore[attr-defined]  # noqa: SLF001
    before = local.__dict__.get("backend")
    local.backend = _NoResults(celery)
    try:
        yield
    finally:
        if before is None:
            del local.backend
        else:
            local.backend = before
