"""The content of a file that is small and there at once."""

from __future__ import annotations

import os
import select
import stat
import time
from pathlib import Path

LARGEST = 2**20
"""Bytes of a file that holds settings."""
SECONDS = 5.0
"""How long a pipe may take, such as one of ``<(command)`` in a shell."""


def read_text(path: Path, encoding: str = "utf-8-sig") -> str:
    """Return the text of a file or a pipe.

    Raises:
        OSError: It cannot be read, or a pipe delivers nothing in `SECONDS`.
        ValueError: It is larger than `LARGEST`, or not of this encoding.
    """
    # O_NONBLOCK and O_BINARY exist on one kind of system each.
    options = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, os.O_RDONLY | options)
    try:
        data = _read(descriptor)
    finally:
        os.close(descriptor)
    return data.decode(encoding)


def _read(descriptor: int) -> bytes:
    data, waited = b"", False
    deadline = time.monotonic() + SECONDS
    while len(data) <= LARGEST:
        left = max(0.0, deadline - time.monotonic())
        try:
            more = os.read(descriptor, LARGEST + 1 - len(data))
        except BlockingIOError:  # the writer of a pipe is not done
            _wait(descriptor, left)
            continue
        data += more
        if not more:
            if data or waited or not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                return data
            _wait(descriptor, left)  # no process has opened the pipe to write
            waited = True
    raise ValueError("too large")


def _wait(descriptor: int, seconds: float) -> None:
    """Wait until there is something to read.

    Raises:
        TimeoutError: There is nothing.
    """
    if not select.select([descriptor], [], [], seconds)[0]:
        raise TimeoutError
