"""``python -m twopi_celery relay shop:celery shop:outbox``."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pkgutil import resolve_name
from threading import Event
from typing import TypeVar

from celery import Celery

from twopi_celery.outbox.engine import relay_engine
from twopi_celery.outbox.outbox import Outbox

T = TypeVar("T")

LAST_SECONDS = 4.0
"""For how long a relay that was told to stop may go on."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of the command, except the application.

    Args:
        command: The parser of the command.
    """
    add = command.add_argument
    add("outbox", help="the Outbox, such as shop:outbox")
    add("--batch", type=int, default=500, help="rows to publish at once (500)")
    add("--poll", type=float, default=0.5, help="seconds between two looks (0.5)")
    add("--keep", type=float, default=0, help="seconds to keep published rows (0)")
    add("--attempts", type=int, default=10, help="how often a row may fail (10)")
    longest = "seconds between two attempts at most (300)"
    add("--longest-delay", type=float, default=300, help=longest)
    lease = "seconds until another relay takes the rows of one that died (10)"
    add("--lease", type=float, default=10, help=lease)
    add("--once", action="store_true", help="stop when nothing is pending")


def run(celery: Celery, options: argparse.Namespace) -> int:
    """Publish what is pending in an outbox, until SIGTERM or SIGINT.

    The batch at hand is finished first, if that takes no more than 4 seconds: a server
    may be silent. Rows that are not finished then are published again. The database is
    that of the settings of *celery*, see `create_db_session`.

    Args:
        celery: The application.
        options: Those of `add_options`.

    Returns:
        0.

    Raises:
        SystemExit: There is no such outbox.
        ConfigurationError: There is no database in the settings.
    """
    celery.loader.import_default_modules()
    outbox = find(options.outbox, Outbox)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    stop = Event()

    def end(*_: object) -> None:
        if not stop.is_set():
            stop.set()
            timer = threading.Timer(LAST_SECONDS, _leave)
            timer.daemon = True
            timer.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    engine = relay_engine(celery)
    count = outbox.relay(
        engine,
        celery,
        stop=None if options.once else stop,
        batch=options.batch,
        poll=options.poll,
        keep=options.keep,
        max_attempts=options.attempts,
        longest_delay=options.longest_delay,
        lease=options.lease,
    )
    engine.dispose()
    sys.stdout.write(f"{count} published\n")
    return 0


def _leave() -> None:
    """End the process in whatever it waits for: its leases end by themselves."""
    sys.stderr.write("twopi_celery: a server is silent; not waiting for it\n")
    sys.stderr.flush()
    os._exit(0)


def find(name: str, kind: type[T]) -> T:
    """Return the object *name* of the class *kind*.

    Args:
        name: ``module:attribute``.
        kind: `Outbox` or another class.

    Raises:
        SystemExit: There is none of that name.
    """
    try:
        found = resolve_name(name)
    except (AttributeError, ImportError, ValueError) as error:
        sys.exit(f"twopi_celery: {name!r} cannot be imported: {error}")
    if not isinstance(found, kind):
        sys.exit(
            f"twopi_celery: {name!r} is no {kind.__name__}; write module:attribute"
        )
    return found
