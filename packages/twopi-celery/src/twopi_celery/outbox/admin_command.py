"""``python -m twopi_celery outbox list``, ``show``, ``retry`` and ``drop``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from celery import Celery

from twopi_celery.outbox.command import find
from twopi_celery.outbox.engine import relay_engine
from twopi_celery.outbox.outbox import Outbox


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        command: The parser of the command.
    """
    add = command.add_argument
    add("action", choices=["list", "show", "retry", "drop"])
    add("app", help="the application, such as shop:celery")
    add("outbox", help="the Outbox, such as shop:outbox")
    add("ids", nargs="*", type=int, metavar="ROW", help="numbers of rows")
    add("--all", action="store_true", help="retry or drop all dead rows")
    add("--limit", type=int, default=100, help="how many rows to list (100)")
    add("--json", action="store_true", help="print JSON")


def run(celery: Celery, options: argparse.Namespace) -> int:
    """List the dead rows of an outbox, show some, try them again or remove them.

    Args:
        celery: The application; the database is that of its settings.
        options: Those of `add_options`.

    Returns:
        0, or 1 if one of the rows is not a dead one.

    Raises:
        SystemExit: There is no such outbox, or no row is named.
    """
    from sqlalchemy.orm import Session

    outbox = find(options.outbox, Outbox)
    if options.action != "list" and not options.ids and not options.all:
        sys.exit(f"twopi_celery: {options.action} needs numbers of rows, or --all")
    engine = relay_engine(celery)
    try:
        with Session(engine) as session:
            if options.action == "list":
                return _list(outbox, session, options)
            ids = options.ids
            if options.all:
                ids = [each.id for each in outbox.dead(session, 1_000_000)]
            if options.action == "show":
                return _show(outbox, session, ids)
            change = outbox.retry if options.action == "retry" else outbox.drop
            count = change(session, *ids)
            session.commit()
    finally:
        engine.dispose()
    done = {"retry": "retried", "drop": "dropped"}[options.action]
    _print({done: count} if options.json else f"{count} {done}")
    return 0 if count == len(ids) else 1


def _list(outbox: Outbox, session: Any, options: argparse.Namespace) -> int:
    backlog = outbox.backlog(session)
    dead = outbox.dead(session, options.limit)
    if options.json:
        _print({"backlog": asdict(backlog), "dead": [asdict(each) for each in dead]})
        return 0
    _print(
        f"{backlog.pending} pending ({backlog.retrying} failed before), the oldest for "
        f"{backlog.age:.0f} s; {backlog.refused} dead"
    )
    for each in dead:
        _print(
            f"{each.id}  {each.task}  {each.task_id}  {each.attempts} attempts  "
            f"{each.error}"
        )
    return 0


def _show(outbox: Outbox, session: Any, ids: list[int]) -> int:
    table = outbox.table
    found = session.execute(table.select().where(table.c.id.in_(ids))).mappings()
    rows = [dict(each) for each in found]
    for row in rows:
        _print(row)
    return 0 if len(rows) == len(set(ids)) else 1


def _print(what: Any) -> None:
    text = what if isinstance(what, str) else json.dumps(what)
    sys.stdout.write(f"{text}\n")
