"""Where the secrets of what is about to be sent come from.

Flask and Celery are used if something else has imported them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sentry_sdk

from twopi_sentry.scrubbing.known_secrets import (
    named_secrets,
    request_secrets,
    task_secrets,
)
from twopi_sentry.scrubbing.local_variables import of_error, of_stack

Source = Callable[[], Iterable[str]]

HINT = "twopi_sentry"
_sources: ContextVar[tuple[Source, ...]] = ContextVar("twopi_sentry", default=())


class Met:
    """Secrets that one event of a request or task has met, for those after it.

    A transaction is sent when the frames of its errors are gone.
    """

    MOST = 1000

    def __init__(self) -> None:
        self._secrets: tuple[str, ...] = ()

    def __call__(self) -> tuple[str, ...]:
        """Return them."""
        return self._secrets

    def add(self, secrets: set[str]) -> None:
        """Remember *secrets*, if they are not too many."""
        if new := secrets.difference(self._secrets):
            self._secrets = (*self._secrets, *new)[: self.MOST]


@contextmanager
def sources(*, alone: bool = True) -> Iterator[None]:
    """Forget at the end what has been remembered within.

    Args:
        alone: Whether what was remembered before does not count within.
    """
    token = _sources.set(() if alone else _sources.get())
    try:
        yield
    finally:
        _sources.reset(token)


def remember(source: Source) -> None:
    """Ask *source* for secrets in every event of the current isolation scope.

    Events may be sent after a request or task is over, or from a thread it has
    started: the scope goes with them. Logs know only the context they are in.
    """
    here = (source, Met())

    def add(event: Any, hint: dict[str, Any]) -> Any:
        hint[HINT] = (*hint.get(HINT, ()), *here)
        return event

    sentry_sdk.get_isolation_scope().add_event_processor(add)
    _sources.set((*_sources.get(), *here))


def collect(hint: Mapping[str, Any]) -> set[str]:
    """Return the secrets of the current request and task, and of *hint*."""
    error = (hint.get("exc_info") or (None, None))[1]
    met = {*of_stack()} if error is None else {*of_error(error), *_of_session()}
    met.update(_of_g())
    if "log_record" in hint:
        met.update(named_secrets(vars(hint["log_record"])))
    secrets = {*met}
    for source in {*_sources.get(), *hint.get(HINT, ()), _current}:
        secrets.update(source())
        if isinstance(source, Met):
            source.add(met)
    return secrets


def _current() -> Iterator[str]:
    """Yield the secrets of the request and task this runs in."""
    flask = sys.modules.get("flask")
    if flask is not None and flask.has_request_context():
        yield from request_secrets(flask.request)
    celery = sys.modules.get("celery")
    if celery is not None and celery.current_task:
        yield from task_secrets(celery.current_task)()


def _of_g() -> Iterator[str]:
    """Yield the secrets on Flask's ``g``."""
    flask = sys.modules.get("flask")
    if flask is not None and flask.has_app_context():
        yield from named_secrets(vars(flask.g._get_current_object()))  # noqa: SLF001


def _of_session() -> Iterator[str]:
    """Yield the secrets in Flask's session; looking there adds ``Vary: Cookie``."""
    flask = sys.modules.get("flask")
    if flask is not None and flask.has_request_context():
        yield from named_secrets(flask.session._get_current_object())  # noqa: SLF001
