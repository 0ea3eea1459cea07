"""The command ``twopi-demo``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import NoReturn

from twopi_config import SettingsError, build_url
from twopi_demo.options import Options, StartError
from twopi_demo.server import HOST, leave_on_signals, serve


class Parser(argparse.ArgumentParser):
    """A parser that complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2, saying what was wrong."""
        self.exit(2, f"{self.prog}: {message}; {self.prog} --help lists the options\n")


def parser() -> Parser:
    """Return the parser of the command line; `Options` reads what is given."""
    made = Parser(
        prog="twopi-demo",
        description="Punchcard: a timesheet service on this machine, for this machine.",
        epilog="PUNCHCARD_PORT, PUNCHCARD_ROWS and so on do the same as the options.",
    )
    add = made.add_argument
    add("--port", help="where to listen; 0 takes any free port (5005; with --once 0)")
    add(
        "--data",
        metavar="DIR",
        help="keep the data in this folder (a temporary one, removed at the end)",
    )
    add("--rows", metavar="N", help="time entries of a new database (60000)")
    add(
        "--access-ttl",
        metavar="S",
        help="seconds that an access token lives (60; with --once 3)",
    )
    add("--sentry-dsn", metavar="URL", help="where to report errors (nowhere)")
    add("--once", action="store_true", help="try everything, stop, exit with 0 or 1")
    return made


def read(given: argparse.Namespace) -> Options:
    """Return what was chosen.

    Raises:
        SettingsError: Some of it cannot be used.
    """
    chosen = {"port": "0", "access_ttl": "3"} if given.once else {}
    chosen |= {name: each for name, each in vars(given).items() if type(each) is str}
    variables = {f"PUNCHCARD_{name.upper()}": text for name, text in chosen.items()}
    return Options.load({**os.environ, **variables})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Punchcard until it is told to stop, or only to try it.

    Returns:
        The exit status: 0 after a clean stop, 1 if it cannot start or a trial failed;
        wrong options exit with 2.
    """
    leave_on_signals()
    command = parser()
    if os.name == "nt":
        command.error("Punchcard runs on Linux and macOS; on Windows, run it in WSL")
    given = command.parse_args(arguments)
    try:
        options = read(given)
    except SettingsError as error:
        command.error(" ".join(str(error).split()))
    if given.once and options.data:
        command.error("--once makes a folder of its own, so it takes no --data")
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
