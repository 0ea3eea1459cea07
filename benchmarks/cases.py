"""What a suite is made of: cases, their subjects, and the bars they must keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import process_time_ns
from typing import Any


@dataclass(frozen=True)
class Subject:
    """One way of doing what a case is about.

    Without *prepare*, *run* is called with nothing. With it, *prepare* makes the
    argument of each call beforehand, outside the clock.
    """

    run: Callable[..., object]
    prepare: Callable[[], Any] | None = None


@dataclass(frozen=True)
class Bar:
    """The time of *subject* is at most *limit* times that of *peer*.

    With *over*, what that subject takes is taken off both.
    """

    subject: str
    peer: str
    limit: float
    over: str | None = None


@dataclass(frozen=True)
class Case:
    """Subjects that do the same, the first of which is the baseline.

    *check* proves before any timing that they do the same; it raises otherwise. The
    *clock* gives nanoseconds: of the CPU, or where a server works for the subjects, of
    the wall. Slow cases take fewer *rounds*.
    """

    name: str
    title: str
    subjects: Mapping[str, Subject]
    check: Callable[[], None]
    bars: Sequence[Bar] = ()
    clock: Callable[[], int] = process_time_ns
    rounds: int | None = None

    @property
    def baseline(self) -> str:
        """Name the subject that all others are compared with."""
        return next(iter(self.subjects))


@dataclass(frozen=True)
class Suite:
    """Cases, the distributions whose versions matter, and notes to print."""

    name: str
    cases: Sequence[Case]
    distributions: Sequence[str]
    notes: Callable[[], Sequence[str]] = field(default=tuple)
