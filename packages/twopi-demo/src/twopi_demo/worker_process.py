"""The worker, seen from its parent: started, started again if it dies, and stopped."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any, Self

PATIENCE = 5.0
"""Seconds that the worker may take to end before it is killed."""

log = logging.getLogger(__name__)


class WorkerProcess:
    """Keep one worker running for as long as the ``with`` block lasts.

    Its process is started at once, since it takes a while to import everything, and
    is told to `work` when there is a database to work on. One thread starts it, sees
    it die and stops it, so no two do so at a time.
    """

    def __init__(self) -> None:
        self.pid = 0
        self.deaths = 0
        self._settings = b""
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def work(self, settings: Mapping[str, Any]) -> None:
        """Let the worker begin, with the *settings* of the application."""
        self._settings = json.dumps(settings).encode() + b"\n"
        self._ready.set()

    def stop(self) -> None:
        """Let the worker finish what it does, if that is soon, and end it."""
        self._stopping.set()
        self._ready.set()
        self._keeper.join()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            with subprocess.Popen(
                [sys.executable, "-m", "twopi_demo.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in a terminal is for the parent
            ) as process:
                self.pid = process.pid
                self._ready.wait()
                if self._settings:
                    self._attend(process)
                    end(process)
                else:  # stopped before there was anything to work on
                    process.kill()
            self._stopping.wait(1)

    def _attend(self, process: subprocess.Popen[bytes]) -> None:
        """Return when the process is to be stopped or has ended by itself."""
        assert process.stdin  # noqa: S101 - asked for
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(self._settings)
            process.stdin.flush()
        while not self._stopping.wait(0.2):
            if process.poll() is not None:
                self.deaths += 1
                log.error("The worker ended (%s); another starts", process.returncode)
                return


def end(process: subprocess.Popen[bytes]) -> None:
    """Close the pipe, which tells the worker to end, and see that it does."""
    assert process.stdin  # noqa: S101 - asked for
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
