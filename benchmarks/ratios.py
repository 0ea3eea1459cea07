"""Ratios of interleaved measurements, with what they may be off by."""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Ratio(NamedTuple):
    """The median of the ratios of all rounds, and its 95 % bootstrap interval."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3f} [{self.low:.3f} .. {self.high:.3f}]"


def ratio(
    subject: Sequence[float], peer: Sequence[float], *, resamples: int = 1000
) -> Ratio:
    """Compare two subjects round by round."""
    rounds = [ours / theirs for ours, theirs in zip(subject, peer, strict=True)]
    chance = random.Random(1)  # noqa: S311
    medians = sorted(
        median(chance.choices(rounds, k=len(rounds))) for _ in range(resamples)
    )
    low, high = medians[int(resamples * 0.025)], medians[int(resamples * 0.975)]
    return Ratio(median(rounds), low, high)
