"""What a run prints and leaves behind."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import pyperf  # type: ignore[import-untyped]

from benchmarks.cases import Bar, Case, Suite
from benchmarks.loop import AGAIN
from benchmarks.ratios import Ratio, ratio


@dataclass(frozen=True)
class Verdict:
    """Whether a bar is kept: by the upper end of the interval."""

    text: str
    ratio: Ratio
    kept: bool


class Result:
    """The measurements of one case."""

    def __init__(self, case: Case, seconds: Mapping[str, Sequence[float]]) -> None:
        self.case = case
        self.seconds = seconds
        self.ratios = {
            name: ratio(seconds[name], seconds[case.baseline])
            for name in (*case.subjects, AGAIN)
        }
        self.verdicts = [self._judge(bar) for bar in case.bars]

    def _judge(self, bar: Bar) -> Verdict:
        subject, peer = self.seconds[bar.subject], self.seconds[bar.peer]
        text = f"{bar.subject} <= {bar.limit:g} x {bar.peer}"
        if bar.over is not None:
            bare = self.seconds[bar.over]
            subject, peer = _minus(subject, bare), _minus(peer, bare)
            text += f", over {bar.over}"
        found = ratio(subject, peer)
        return Verdict(text, found, found.high <= bar.limit)

    def table(self) -> str:
        """Return the case as lines of text."""
        case = self.case
        rounds = len(self.seconds[case.baseline])
        lines = [f"{case.name}: {case.title} ({rounds} rounds)"]
        for name, found in self.ratios.items():
            spent = median(self.seconds[name]) * 1e6
            lines.append(f"  {name:<24}{spent:>10.2f} us   x {found}")
        for verdict in self.verdicts:
            word = "kept  " if verdict.kept else "MISSED"
            lines.append(f"  {word}  {verdict.text}: {verdict.ratio}")
        return "\n".join(lines)

    def data(self) -> dict[str, Any]:
        """Return the case as plain data."""
        return {
            "subjects": {
                name: {
                    "us": round(median(self.seconds[name]) * 1e6, 3),
                    "ratio": [round(each, 4) for each in found],
                }
                for name, found in self.ratios.items()
            },
            "bars": {
                verdict.text: {
                    "ratio": [round(each, 4) for each in verdict.ratio],
                    "kept": verdict.kept,
                }
                for verdict in self.verdicts
            },
        }


def _minus(seconds: Sequence[float], bare: Sequence[float]) -> list[float]:
    return [one - other for one, other in zip(seconds, bare, strict=True)]


def versions(suite: Suite) -> dict[str, str]:
    """Return the versions of all that takes part."""
    found = {"python": platform.python_version()}
    for name in suite.distributions:
        found[name] = importlib.metadata.version(name)
    return found


def json_line(suite: Suite, results: Sequence[Result]) -> str:
    """Return the whole run as one line of JSON."""
    return json.dumps(
        {
            "suite": suite.name,
            "versions": versions(suite),
            "cases": {result.case.name: result.data() for result in results},
            "kept": all(v.kept for result in results for v in result.verdicts),
        }
    )


def save(suite: Suite, results: Sequence[Result], path: Path) -> None:
    """Leave the samples in pyperf's format, for its own commands to read."""
    benchmarks = []
    for result in results:
        for name, seconds in result.seconds.items():
            metadata = {"name": f"{suite.name}.{result.case.name}.{name}"}
            run = pyperf.Run(
                list(seconds),
                metadata={**metadata, "unit": "second"},
                collect_metadata=False,
            )
            benchmarks.append(pyperf.Benchmark([run]))
    path.parent.mkdir(parents=True, exist_ok=True)
    pyperf.BenchmarkSuite(benchmarks).dump(str(path), replace=True)
