"""The secrets in the local variables of an error, and of whoever reports something."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

from twopi_config import Vocabulary
from twopi_sentry.scrubbing.named_values import FRAMEWORKS, Collector

BELOW = frozenset({"celery", "flask", "threading", "werkzeug"})
"""Packages that call an application's code; nothing of it is below them."""
REHEARSAL = frozenset({"twopi_sentry.rehearsal", "twopi_sentry.storm"})
"""Modules that stand for an application."""
MOST_FRAMES = 50
MOST_VALUES = 1000
"""How many values of a frame are looked at."""
MOST_ERRORS = 20
"""How many causes of an error are looked at."""


def of_error(error: BaseException, collector: Collector) -> None:
    """Collect the secrets in the frames that *error* and its causes went by."""
    left: list[BaseException] = [error]
    seen: set[int] = set()
    while left and len(seen) < MOST_ERRORS:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        collector.collect(each, most=MOST_VALUES)
        frames: list[FrameType] = []
        trace = each.__traceback__
        while trace is not None:
            frames.append(trace.tb_frame)
            trace = trace.tb_next
        for frame in frames[-MOST_FRAMES:]:
            if _package(frame) not in FRAMEWORKS:
                collector.collect(dict(frame.f_locals), most=MOST_VALUES)
        left += filter(None, [each.__cause__, each.__context__])
        left += getattr(each, "exceptions", ())


def of_stack(collector: Collector) -> None:
    """Collect the secrets in the frames of the application's code that calls this."""
    for frame in _frames():
        collector.collect(dict(frame.f_locals), most=MOST_VALUES)


def of_span(collector: Collector) -> None:
    """Collect the variables by name in the frames that end a span.

    A transaction is sent when these frames are gone. This is quick, since a frame is
    only looked at if its code has a variable with the name of a secret.
    """
    for frame in _frames():
        for name in _secret_names(frame.f_code, collector.vocabulary):
            value = frame.f_locals.get(name)
            if isinstance(value, str | bytes):
                collector.value(value)


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    left = MOST_FRAMES
    while frame is not None and left:
        package = _package(frame)
        if package in BELOW:
            return
        if package not in FRAMEWORKS:
            left -= 1
            yield frame
        frame = frame.f_back


def _package(frame: FrameType) -> str:
    module = str(frame.f_globals.get("__name__"))
    return module if module in REHEARSAL else module.partition(".")[0]


_MOST_CODES = 4096
_names: dict[tuple[int, int], tuple[Any, tuple[str, ...]]] = {}


def _secret_names(code: CodeType, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the variables of *code* whose names are of secrets."""
    key = (id(code), id(vocabulary))
    found = _names.get(key)
    if found is None:
        if len(_names) >= _MOST_CODES:
            _names.clear()
        names = (*code.co_varnames, *code.co_cellvars, *code.co_freevars)
        secret = tuple(name for name in names if vocabulary.is_secret_name(name))
        # it keeps both, so that no other object has their ids
        found = _names[key] = ((code, vocabulary), secret)
    return found[1]
