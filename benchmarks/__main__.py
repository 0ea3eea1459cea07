"""Run a suite: ``python -m benchmarks SUITE [--quick]``."""

# ruff: noqa: T201 - printing is what it is for

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from pathlib import Path

from benchmarks import suites
from benchmarks.cases import Case
from benchmarks.loop import FULL, QUICK, Effort, measure
from benchmarks.picture import draw
from benchmarks.report import Result, json_line, save, versions

FOLDER = Path(__file__).parent / "results"


def judge(case: Case, effort: Effort) -> Result:
    """Measure; where a bar is missed, add rounds before believing it."""
    result = Result(case, measure(case, effort))
    for seed in (2, 3):
        if all(verdict.kept for verdict in result.verdicts):
            break
        more = measure(case, effort, seed)
        pooled = {name: [*each, *more[name]] for name, each in result.seconds.items()}
        result = Result(case, pooled)
    return result


def main() -> None:
    """Measure, print, leave files behind; exit 1 if a bar is missed."""
    names = sorted(module.name for module in pkgutil.iter_modules(suites.__path__))
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("suite", choices=names)
    parser.add_argument("--quick", action="store_true", help="fewer, shorter rounds")
    parser.add_argument("--cases", default="", help="only those with this in the name")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="for .json and .svg"
    )
    options = parser.parse_args()

    module = importlib.import_module(f"benchmarks.suites.{options.suite}")
    suite = module.suite()
    known = ", ".join(f"{name} {text}" for name, text in versions(suite).items())
    print(f"{suite.name}: {known}", flush=True)
    cases = [case for case in suite.cases if options.cases in case.name]
    if not cases:
        names = ", ".join(repr(case.name) for case in suite.cases)
        parser.error(f"--cases {options.cases} is in none of {names}")
    for case in cases:
        case.check()
    print("all subjects of each case do the same\n", flush=True)

    results = []
    for case in cases:
        results.append(judge(case, QUICK if options.quick else FULL))
        print(results[-1].table(), flush=True)
    for note in suite.notes():
        print(note)
    save(suite, results, options.folder / f"{suite.name}.json")
    picture = options.folder / f"{suite.name}.svg"
    picture.write_text(draw(f"{suite.name} ({known})", results), encoding="utf-8")
    print(json_line(suite, results))
    if not all(verdict.kept for result in results for verdict in result.verdicts):
        sys.exit(1)


if __name__ == "__main__":
    main()
