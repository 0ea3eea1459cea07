"""Locks on files, where the system has them."""

from __future__ import annotations

import importlib
import time
from contextlib import suppress
from typing import IO, Any


def _find(name: str) -> Any:
    """Return a module that only some systems have, or None."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


fcntl = _find("fcntl")  # not on Windows
msvcrt = _find("msvcrt")  # on Windows

TRIES = 1000


def lock(file: IO[Any]) -> None:
    """Wait until *file* is locked by this process alone; closing it unlocks.

    Args:
        file: An open file. Without locks of the system this does nothing.
    """
    if fcntl is not None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
    elif msvcrt is not None:
        for _ in range(TRIES):
            with suppress(OSError):
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                return
            time.sleep(0.01)


def share(file: IO[Any]) -> None:
    """Lock *file* together with others, so that `is_free` tells that it is used.

    Args:
        file: An open file.
    """
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)


def is_free(file: IO[Any]) -> bool:
    """Return whether no living process shares *file*; False where nobody can know.

    Args:
        file: An open file.
    """
    if fcntl is None:
        return False
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
