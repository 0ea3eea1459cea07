"""Bring together the secrets that what is about to be sent may hold.

Flask and Celery are used if something else has imported them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sentry_sdk

from twopi_config import Vocabulary
from twopi_sentry.scrubbing import sources as places
from twopi_sentry.scrubbing.budget import Budget
from twopi_sentry.scrubbing.known_secrets import KnownSecrets
from twopi_sentry.scrubbing.local_variables import of_error, of_span, of_stack
from twopi_sentry.scrubbing.named_values import Collector
from twopi_sentry.scrubbing.sources import Source

HINT = "twopi_sentry"
_sources: ContextVar[tuple[Source, ...]] = ContextVar("twopi_sentry", default=())


class Met:
    """Secrets that one event of a request or task has met, for those after it.

    A transaction is sent when the frames of its errors are gone.
    """

    MOST = 1000
    SPANS = 10
    """So many spans have all their variables looked at, further ones some."""

    def __init__(self) -> None:
        self.known = KnownSecrets()
        self.spans = 0

    def __call__(self, collector: Collector) -> None:
        """Collect them."""
        collector.known.update(self.known)

    def add(self, known: KnownSecrets) -> None:
        """Remember *known*, if they are not too many."""
        if len(self.known) + len(known) <= self.MOST:
            self.known.update(known)


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


def remember_span(vocabulary: Vocabulary) -> None:
    """Remember the secrets of the frames that end a span, for its transaction."""
    if (met := _met()) is not None and len(met.known) <= Met.MOST:
        met.spans += 1
        look = of_stack if met.spans <= Met.SPANS else of_span
        look(Collector(met.known, vocabulary, Budget()))


def remember_end(vocabulary: Vocabulary) -> None:
    """Remember the secrets on ``g`` and in the session of a request that ends."""
    if (met := _met()) is not None:
        collector = Collector(met.known, vocabulary, Budget())
        places.of_g(collector)
        places.session(collector)


def _met() -> Met | None:
    found = [each for each in _sources.get() if isinstance(each, Met)]
    return found[-1] if found else None


def collect(
    hint: Mapping[str, Any], known: KnownSecrets, vocabulary: Vocabulary, budget: Budget
) -> None:
    """Add the secrets of the current request and task, and of *hint*, to *known*.

    Raises:
        OverBudgetError: There is more to look at than *budget* allows.
    """
    found = KnownSecrets()
    collector = Collector(found, vocabulary, budget)
    error = (hint.get("exc_info") or (None, None))[1]
    of_stack(collector)
    if error is not None:
        of_error(error, collector)
        places.session(collector)
    places.of_g(collector)
    if record := hint.get("log_record"):
        collector.collect(dict(vars(record)), most=places.FEW)
    collector = Collector(known, vocabulary, budget)
    given = dict.fromkeys((*_sources.get(), *hint.get(HINT, ())))
    for source in given:
        source(collector)
        if isinstance(source, Met):
            source.add(found)
    known.update(found)
    places.current_task(collector)
    if not any(isinstance(each, places.RequestSource) for each in given):
        _of_request(collector)


def _of_request(collector: Collector) -> None:
    """Collect the secrets of the request this runs in, if it was not remembered."""
    flask = sys.modules.get("flask")
    if flask is not None and flask.has_request_context():
        places.RequestSource(flask.request)(collector)
