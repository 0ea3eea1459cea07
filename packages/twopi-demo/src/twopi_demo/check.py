"""``twopi-demo --once``: start Punchcard, try all it does over HTTP, and stop it."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from werkzeug.exceptions import HTTPException

from twopi_demo.client import Client
from twopi_demo.options import Options
from twopi_demo.seed import PASSWORD
from twopi_demo.server import serve
from twopi_demo.trials import TRIALS, Stage


@dataclass
class Outcome:
    """How the trials went."""

    complete: bool = False
    passed: int = 0
    faults: list[str] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)


def run(options: Options) -> int:
    """Start, try, stop, look for leftovers, and say how it went.

    Returns:
        0, or 1 if anything is not as it has to be.
    """
    began = time.monotonic()
    outcome = Outcome()
    with sandbox() as folder:

        def begin(app: Flask, port: int) -> None:
            arguments = (outcome, app, port, folder)
            threading.Thread(target=rehearse, args=arguments, daemon=True).start()

        with contextlib.suppress(SystemExit):  # a signal while it was starting
            serve(options, ready=begin)
        faults = [*outcome.faults, *leftovers(folder)]
    if not outcome.complete:
        faults.append("stopped before everything was tried")
    for fault in faults:
        print("FAIL", fault)  # noqa: T201
    seconds = f"{time.monotonic() - began:.1f} s"
    if faults:
        print(f"Punchcard failed after {seconds}")  # noqa: T201
        return 1
    print(  # noqa: T201
        f"Punchcard passed {outcome.passed} trials of all its endpoints in {seconds} "
        "and left no process and no file"
    )
    return 0


def rehearse(outcome: Outcome, app: Flask, port: int, folder: Path) -> None:
    """Run all trials, whatever each of them does, and then stop the server."""
    try:
        with contextlib.closing(open_database(folder)) as database:
            nobody, bob, cyd, ada = (Client(port, outcome.seen) for _ in range(4))
            stage = Stage(
                nobody=nobody,
                bob=bob.log_in("bob", PASSWORD),
                cyd=cyd.log_in("cyd", PASSWORD),
                ada=ada.log_in("ada", PASSWORD),
                database=database,
            )
            for trial in TRIALS:
                try:
                    trial(stage)
                except Exception as error:  # noqa: BLE001  the other trials go on
                    outcome.faults.append(f"{trial.__doc__} {error!r}")
                else:
                    outcome.passed += 1
                    print("ok  ", trial.__doc__, flush=True)  # noqa: T201
        outcome.faults += untried(app, outcome.seen)
        outcome.complete = True
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def untried(app: Flask, seen: set[tuple[str, str]]) -> Iterator[str]:
    """Name the endpoints that no request of *seen* went to."""
    adapter = app.url_map.bind("")
    tried = set()
    for method, path in seen:
        with contextlib.suppress(HTTPException):
            tried.add((method, adapter.match(path, method)[0]))
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            if (method, rule.endpoint) not in tried:
                yield f"{method} {rule} was not tried"


def open_database(folder: Path) -> sqlite3.Connection:
    """Return a connection to the database that the server made in *folder*."""
    [file] = folder.glob("*/punchcard.sqlite")
    return sqlite3.connect(file)


@contextlib.contextmanager
def sandbox() -> Iterator[Path]:
    """Yield a folder where this process and those it starts work and put files."""
    with tempfile.TemporaryDirectory(prefix="twopi-demo-") as name:
        folder = Path(name).resolve()
        (folder / "version.txt").write_text("check", encoding="ascii")
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
        with contextlib.chdir(folder):
            yield folder


def leftovers(folder: Path) -> Iterator[str]:
    """Name the files in the sandbox *folder* and, on Linux, the processes of it."""
    for file in folder.rglob("*"):
        if file.name != "version.txt":
            yield f"the file {file} is left"
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it ended, or is somebody else's
            if f"TMPDIR={folder}".encode() in environment.read_bytes().split(b"\0"):
                yield f"the process {environment.parent.name} is left"
