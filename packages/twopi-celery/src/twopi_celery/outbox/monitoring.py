"""The backlog of an outbox as numbers for monitoring, and as a health check."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from twopi_celery.errors import HealthError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, scoped_session

    from twopi_celery.outbox.outbox import Outbox

TEXTS = {
    "pending": "Tasks to be published",
    "retrying": "Tasks to be published that have failed before",
    "dead": "Tasks that are not published any more",
    "oldest_seconds": "How long the oldest pending task has been waiting",
}
"""What the numbers mean."""


def outbox_numbers(
    outbox: Outbox, session: scoped_session[Session]
) -> dict[str, float]:
    """Return the numbers ``pending``, ``retrying``, ``dead`` and ``oldest_seconds``.

    Args:
        outbox: The outbox.
        session: What to ask with: another session of the same kind is made and closed.

    .. versionadded:: 2.0
    """
    with session.session_factory() as own:
        backlog = outbox.backlog(own)
    return {
        "pending": backlog.pending,
        "retrying": backlog.retrying,
        "dead": backlog.refused,
        "oldest_seconds": backlog.age,
    }


def outbox_check(
    outbox: Outbox,
    session: scoped_session[Session],
    *,
    max_age: float = 60.0,
    max_dead: int = 0,
) -> Callable[[], None]:
    """Return a function that raises `HealthError` if an outbox is not worked off.

    It goes beside those of `health_checks`:
    ``{**health_checks(celery, session), "outbox": outbox_check(outbox, session)}``.

    Args:
        outbox: The outbox.
        session: As for `outbox_numbers`.
        max_age: For how many seconds the oldest pending task may have been waiting.
        max_dead: How many tasks may be dead.

    .. versionadded:: 2.0
    """

    def check() -> None:
        found = outbox_numbers(outbox, session)
        if found["oldest_seconds"] > max_age or found["dead"] > max_dead:
            raise HealthError(
                f"outbox    failed  {found['pending']:g} pending, the oldest for "
                f"{found['oldest_seconds']:.0f} s; {found['dead']:g} dead"
            )

    return check


def register_outbox_metrics(
    outbox: Outbox, session: scoped_session[Session], registry: Any = None
) -> None:
    """Let ``prometheus_client`` ask for the numbers with each scrape.

    They are the gauges ``twopi_outbox_pending`` and so on, with the label ``table``.

    Args:
        outbox: The outbox.
        session: As for `outbox_numbers`.
        registry: A registry of ``prometheus_client``; its default one if None.

    Raises:
        ModuleNotFoundError: Install ``twopi-celery[prometheus]``.

    .. versionadded:: 2.0
    """
    client: Any = importlib.import_module("prometheus_client")
    core: Any = importlib.import_module("prometheus_client.core")

    class Collector:
        """Asks when it is asked."""

        def describe(self) -> list[Any]:
            """Return nothing: the database need not be there yet."""
            return []

        def collect(self) -> Iterator[Any]:
            """Yield the gauges."""
            for name, value in outbox_numbers(outbox, session).items():
                full = f"twopi_outbox_{name}"
                gauge = core.GaugeMetricFamily(full, TEXTS[name], labels=["table"])
                gauge.add_metric([outbox.table.name], value)
                yield gauge

    collector: Any = Collector()
    (registry or client.REGISTRY).register(collector)
