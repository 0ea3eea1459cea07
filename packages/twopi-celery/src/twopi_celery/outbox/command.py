"""``python -m twopi_celery relay shop:celery shop:outbox``."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pkgutil import resolve_name
from threading import Event

from celery import Celery

from twopi_celery.outbox.outbox import Outbox
from twopi_celery.settings import read_engine


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of the command, except the application.

    Args:
        command: The parser of the command.
    """
    add = command.add_argument
    add("outbox", help="the Outbox, such as shop:outbox")
    add("--batch", type=int, default=100, help="rows in a transaction (100)")
    add("--poll", type=float, default=0.5, help="seconds between two looks (0.5)")
    add("--keep", type=float, default=0, help="seconds to keep published rows (0)")
    add("--once", action="store_true", help="stop when nothing is pending")


def run(celery: Celery, options: argparse.Namespace) -> int:
    """Publish what is pending in an outbox, until SIGTERM or SIGINT.

    The batch at hand is finished first. The database is that of the settings of
    *celery*, see `create_db_session`.

    Args:
        celery: The application.
        options: Those of `add_options`.

    Returns:
        0.

    Raises:
        SystemExit: There is no such outbox.
        ConfigurationError: There is no database in the settings.
    """
    from sqlalchemy import create_engine

    celery.loader.import_default_modules()
    outbox = _find(options.outbox)
    url, engine_options = read_engine(celery.conf)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    engine = create_engine(url, **engine_options)
    count = outbox.relay(
        engine,
        celery,
        stop=None if options.once else stop,
        batch=options.batch,
        poll=options.poll,
        keep=options.keep,
    )
    engine.dispose()
    sys.stdout.write(f"{count} published\n")
    return 0


def _find(name: str) -> Outbox:
    try:
        found = resolve_name(name)
    except (AttributeError, ImportError, ValueError) as error:
        sys.exit(f"twopi_celery: {name!r} cannot be imported: {error}")
    if not isinstance(found, Outbox):
        sys.exit(f"twopi_celery: {name!r} is no Outbox; write module:attribute")
    return found
