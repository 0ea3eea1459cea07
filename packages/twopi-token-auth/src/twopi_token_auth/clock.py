"""The time: all of it comes from here, so that tests can stop it in one place."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic, time

__all__ = ["monotonic", "now", "seconds", "since_start", "time"]


def now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.fromtimestamp(time(), UTC)


def seconds() -> float:
    """Return the time in seconds since 1970."""
    return time()


def since_start() -> float:
    """Return seconds of a clock that nobody sets."""
    return monotonic()
