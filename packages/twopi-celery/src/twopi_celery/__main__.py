"""``python -m twopi_celery``: ``check``, ``relay``, ``outbox`` and ``dead``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from pkgutil import resolve_name

from celery import Celery

from twopi_celery.health.check import check
from twopi_celery.health.heartbeats import Heartbeats
from twopi_celery.outbox import admin_command
from twopi_celery.outbox import command as relay_command
from twopi_celery.outbox.command import find
from twopi_celery.settings import URI
from twopi_celery.workers.dead_letters import dead_letters, replay_dead_letters


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The command line; the default is that of the process.

    Returns:
        What the command returned: 0 if all is well, 1 if not.
    """
    options = _parser().parse_args(arguments)
    code: int = options.run(options)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m twopi_celery", description="Look after a Celery application."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_check(commands)
    _add_relay(commands)
    _add_outbox(commands)
    _add_dead(commands)
    return parser


def find_celery(name: str) -> Celery:
    """Return the Celery application *name*, or that of the Flask application *name*.

    Args:
        name: ``module:attribute``, found from the working directory too.

    Raises:
        SystemExit: There is none of that name.
    """
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = resolve_name(name)
    except (AttributeError, ImportError, ValueError) as error:
        sys.exit(f"twopi_celery: {name!r} cannot be imported: {error}")
    found = getattr(found, "extensions", {}).get("twopi_celery", found)
    if not isinstance(found, Celery):
        sys.exit(
            f"twopi_celery: {name!r} is no Celery application, nor a Flask application "
            "that init_app was called for; write module:attribute"
        )
    return found


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "check", help="ask the broker, the database and the workers"
    )
    command.add_argument("app", help="the application, such as shop:celery")
    command.add_argument(
        "--workers", type=int, default=1, help="how many have to answer (1)"
    )
    command.add_argument(
        "--timeout", type=float, default=2.0, help="seconds to wait (2)"
    )
    add = command.add_argument
    add("--worker", metavar="NAME", help="ask for this worker alone: name@host")
    add("--heartbeats", help="the Heartbeats to ask, such as shop:heartbeats")
    add("--touch", metavar="FILE", help="touch this file if every check passed")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    celery = find_celery(options.app)
    session = None
    if celery.conf.get(URI):
        from twopi_celery.database.session import create_db_session

        session = create_db_session(celery)
    heartbeats = None
    if options.heartbeats:
        heartbeats = find(options.heartbeats, Heartbeats)
    report = check(
        celery,
        session,
        workers=options.workers,
        heartbeats=heartbeats,
        timeout=options.timeout,
        worker=options.worker,
    )
    if session is not None:
        session.get_bind().engine.dispose()
    text = json.dumps(report.as_dict()) if options.json else str(report)
    sys.stdout.write(f"{text}\n")
    if report.ok and options.touch:
        Path(options.touch).touch()
    return 0 if report.ok else 1


def _add_relay(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("relay", help="publish what is in an outbox")
    command.add_argument("app", help="the application, such as shop:celery")
    relay_command.add_options(command)
    command.set_defaults(
        run=lambda options: relay_command.run(find_celery(options.app), options)
    )


def _add_outbox(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("outbox", help="look after the rows of an outbox")
    admin_command.add_options(command)
    command.set_defaults(
        run=lambda options: admin_command.run(find_celery(options.app), options)
    )


def _add_dead(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "list the messages that workers have put aside, replay or drop them"
    command = commands.add_parser("dead", help=text)
    add = command.add_argument
    add("action", choices=["list", "replay", "drop"])
    add("app", help="the application, such as shop:celery")
    add("ids", nargs="*", metavar="TASK_ID", help="ids of tasks; all if there are none")
    add("--queue", help="the queue of the tasks; the default one")
    command.set_defaults(run=_dead)


def _dead(options: argparse.Namespace) -> int:
    celery = find_celery(options.app)
    if options.action == "list":
        for letter in dead_letters(celery, options.queue):
            sys.stdout.write(f"{json.dumps(asdict(letter))}\n")
        return 0
    drop = options.action == "drop"
    count = replay_dead_letters(celery, options.queue, *options.ids, drop=drop)
    sys.stdout.write(f"{count} {'dropped' if drop else 'replayed'}\n")
    return 0 if count or not options.ids else 1


if __name__ == "__main__":
    sys.exit(main())
