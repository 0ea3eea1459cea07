"""The literal secrets in the local variables of an error, and of whoever logs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType

from twopi_sentry.scrubbing.known_secrets import named_secrets

BETWEEN = frozenset({"logging", "sentry_sdk", "twopi_sentry"})
"""Packages that stand between the code that reports something and this one."""
BELOW = frozenset({"celery", "flask", "threading", "werkzeug"})
"""Packages that call an application's code; nothing of it is below them."""
MOST_FRAMES = 50
MOST_VALUES = 1000
"""How many values of a frame are looked at for a log line; an error has time."""


def of_error(error: BaseException) -> Iterator[str]:
    """Yield the secrets in the frames that *error* and its causes went by."""
    left: list[BaseException] = [error]
    seen: set[int] = set()
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield from named_secrets([*each.args])
        trace = each.__traceback__
        while trace is not None:
            yield from named_secrets(dict(trace.tb_frame.f_locals))
            trace = trace.tb_next
        left += filter(None, [each.__cause__, each.__context__])
        left += getattr(each, "exceptions", ())


def of_stack() -> Iterator[str]:
    """Yield the secrets in the frames of the application's code that calls this."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    left = MOST_FRAMES
    while frame is not None and left:
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        if package in BELOW:
            return
        if package not in BETWEEN:
            left -= 1
            yield from named_secrets(dict(frame.f_locals), most=MOST_VALUES)
        frame = frame.f_back
