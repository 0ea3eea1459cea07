"""Punchcard as processes: a web server here, a worker beside it, a folder for both.

Nothing heavy is imported here, so that the worker's process starts at once and an
option that cannot work is refused at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from twopi_demo.options import Options, StartError
from twopi_demo.worker_process import WorkerProcess

if TYPE_CHECKING:
    from flask import Flask

HOST = "127.0.0.1"
SIGNALS = [
    getattr(signal, name)
    for name in ("SIGHUP", "SIGINT", "SIGTERM")
    if hasattr(signal, name)  # Windows has no SIGHUP
]


def leave_on_signals() -> None:
    """End the program in order on Ctrl-C, ``kill`` and a closed terminal."""

    def leave(*_: object) -> None:
        for each in SIGNALS:  # a second Ctrl-C must not interrupt the tidying up
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(0)

    for each in SIGNALS:
        signal.signal(each, leave)


def serve(options: Options, *, ready: Callable[[Flask, int], None]) -> None:
    """Start everything, serve until the program is told to end, stop everything.

    Args:
        options: What was chosen.
        ready: Called with the application and its port when all of it works.

    Raises:
        StartError: There is something in the way.
    """
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(listen(options.port))
        folder = stack.enter_context(data_folder(options.data))
        worker = stack.enter_context(WorkerProcess())
        from twopi_demo import web  # takes a second or two, as it does in the worker

        web.serve(options, listener, folder, worker, ready)


def listen(port: int) -> socket.socket:
    """Take *port* of the loopback interface, or any free one for 0."""
    try:
        return socket.create_server((HOST, port))
    except OSError as error:  # its own text names the address again
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StartError(
            f"cannot listen on {HOST}:{port}: {reason}; "
            "choose another --port, or --port 0 for any free one"
        ) from error


@contextlib.contextmanager
def data_folder(kept: Path | None) -> Iterator[Path]:
    """Yield the folder *kept*, or a temporary one, which no other Punchcard uses."""
    with contextlib.ExitStack() as stack:
        if kept is None:
            temporary = tempfile.TemporaryDirectory(prefix="punchcard-")
            folder = Path(stack.enter_context(temporary)).resolve()
        else:
            folder = kept.resolve()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = sqlite3.connect(folder / "lock", timeout=0)
            stack.enter_context(contextlib.closing(lock))
            lock.execute("BEGIN EXCLUSIVE")  # the system undoes it if we are killed
        except (OSError, sqlite3.Error) as error:
            taken = getattr(error, "sqlite_errorname", None) == "SQLITE_BUSY"
            reason = "another Punchcard does" if taken else error
            raise StartError(
                f"cannot use the folder {folder}: {reason}; choose another --data"
            ) from error
        yield folder
