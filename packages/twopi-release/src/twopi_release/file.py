"""The release written into a file when the application was deployed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

UNKNOWN = "__UNKNOWN__"
"""What `get_release` returns where no release has been written."""
LARGEST = 2**16
"""Bytes of a file that holds a release."""


def get_release() -> str:
    """Return the stripped text of ``version.txt`` in the working directory.

    The file is read anew at each call, as UTF-8 whatever the locale says; a byte
    order mark, as PowerShell writes it, is not part of the release. A pipe, a device
    and a file of more than 64 KiB are not read.

    Returns:
        The release, or `UNKNOWN` if the file is missing, empty or not readable text.
    """
    return read_text(Path("version.txt")) or UNKNOWN


def read_text(path: Path) -> str:
    """Return the stripped text of *path*; the empty string if it cannot be read."""
    try:
        # A pipe would wait for its writer; each flag exists on one kind of system.
        options = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, os.O_RDONLY | options), "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode) or state.st_size > LARGEST:
                return ""
            data = file.read(LARGEST + 1)
        return "" if len(data) > LARGEST else data.decode("utf-8-sig").strip()
    except (OSError, ValueError):  # ValueError: not UTF-8, or a NUL in the path
        return ""
