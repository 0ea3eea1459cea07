"""One loop for all subjects of a case, so that a busy machine is busy for all.

Every round times a chunk of each subject, in a new random order, on the clock of the
case. The baseline runs twice under two names: how far its ratio to itself is from 1 is
the noise of the run.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.cases import Case, Subject

#: The name under which the baseline runs a second time.
AGAIN = "(baseline again)"


@dataclass(frozen=True)
class Effort:
    """How long to measure: rounds, and nanoseconds a chunk."""

    rounds: int
    chunk: int


FULL = Effort(rounds=120, chunk=2_000_000)
QUICK = Effort(rounds=30, chunk=1_000_000)


def measure(case: Case, effort: Effort, seed: int = 1) -> dict[str, list[float]]:
    """Return the seconds per call of each subject, one figure a round."""
    subjects = {**case.subjects, AGAIN: case.subjects[case.baseline]}
    order = random.Random(seed)  # noqa: S311
    names = list(subjects)
    calls = {
        name: calibrate(subjects[name], effort.chunk, case.clock) for name in names
    }
    seconds: dict[str, list[float]] = {name: [] for name in names}
    enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(min(effort.rounds, case.rounds or effort.rounds)):
            order.shuffle(names)
            gc.collect()
            for name in names:
                spent = chunk(subjects[name], calls[name], case.clock)
                seconds[name].append(spent / calls[name] / 1e9)
    finally:
        if enabled:
            gc.enable()
    return seconds


def calibrate(subject: Subject, wanted: int, clock: Callable[[], int]) -> int:
    """Return how many calls take about *wanted* nanoseconds, warming up on the way."""
    calls = 1
    while True:
        spent = chunk(subject, calls, clock)
        if spent >= wanted / 2:
            return max(1, round(calls * wanted / spent))
        calls *= 2


def chunk(subject: Subject, calls: int, clock: Callable[[], int]) -> int:
    """Return the nanoseconds that *calls* calls take."""
    run = subject.run
    if subject.prepare is None:
        start = clock()
        for _ in range(calls):
            run()
        return clock() - start
    arguments = [subject.prepare() for _ in range(calls)]
    start = clock()
    for argument in arguments:
        run(argument)
    return clock() - start
