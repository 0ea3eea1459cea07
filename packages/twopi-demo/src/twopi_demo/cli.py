"""The command ``twopi-demo``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from twopi_config import build_url
from twopi_demo.options import Options, StartError
from twopi_demo.server import HOST, leave_on_signals, serve


class Parser(argparse.ArgumentParser):
    """A parser that complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2, saying what was wrong."""
        self.exit(2, f"{self.prog}: {message}; {self.prog} --help lists the options\n")


def between(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a reader of whole numbers within bounds."""

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and lowest <= int(text[:20]) <= highest:
            return int(text)
        raise argparse.ArgumentTypeError(f"{text!r} is not in {lowest}..{highest}")

    return read


def parser() -> Parser:
    """Return the parser of the command line."""
    made = Parser(
        prog="twopi-demo",
        description="Punchcard: a timesheet service on this machine, for this machine.",
    )
    add = made.add_argument
    add(
        "--port",
        type=between(0, 65_535),
        help="where to listen; 0 takes any free port (5005; with --once 0)",
    )
    add(
        "--data",
        type=Path,
        metavar="DIR",
        help="keep the data in this folder (a temporary one, removed at the end)",
    )
    add(
        "--rows",
        type=between(0, 5_000_000),
        default=60_000,
        metavar="N",
        help="time entries that a new database starts with (%(default)s)",
    )
    add(
        "--access-ttl",
        type=between(1, 86_400),
        metavar="S",
        help="seconds that an access token lives (60; with --once 3)",
    )
    add("--sentry-dsn", metavar="URL", help="where to report errors (nowhere)")
    add("--once", action="store_true", help="try everything, stop, exit with 0 or 1")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Punchcard until it is told to stop, or only to try it.

    Returns:
        The exit status: 0 after a clean stop, 1 if it cannot start or a trial failed;
        wrong options exit with 2.
    """
    leave_on_signals()
    command = parser()
    given = command.parse_args(arguments)
    if given.once and given.data:
        command.error("--once makes a folder of its own, so it takes no --data")
    port, access_ttl = (0, 3) if given.once else (5005, 60)
    options = Options(
        port=port if given.port is None else given.port,
        data=given.data,
        rows=given.rows,
        access_ttl=given.access_ttl or access_ttl,
        sentry_dsn=given.sentry_dsn,
    )
    try:
        if given.once:
            from twopi_demo import check

            return check.run(options)
        serve(options, ready=announce)
    except StartError as error:
        command.exit(1, f"{command.prog}: {error}\n")
    return 0


def announce(_: object, port: int) -> None:
    """Print where Punchcard is and who may come in."""
    from twopi_demo.seed import PASSWORD

    url = build_url("http://", hostname=HOST, port=port)
    who = f"log in as ada (manager) or bob (member), password {PASSWORD}"
    print(f"Punchcard is ready: {url} ({who})", flush=True)  # noqa: T201
