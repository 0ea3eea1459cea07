"""Run the Python blocks of every README, docs page and docstring as tests.

Property tests have no deadline, since machines are shared, and are the same at each
run of a server: what they find at random, they find on somebody's desk.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest
from sybil import Example, Sybil
from sybil.document import PythonDocStringDocument
from sybil.example import NotEvaluated
from sybil.parsers import markdown, rest

with suppress(ModuleNotFoundError):  # not every package has property tests
    from hypothesis import HealthCheck, settings

    settings.register_profile(
        "twopi",
        deadline=None,
        derandomize="CI" in os.environ,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("twopi")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add the test to the failures that noxfile.py lists at its end."""
    if report.failed and (file := os.environ.get("TWOPI_FAILURES")):
        with Path(file).open("a", encoding="utf-8") as failures:
            failures.write(f"{report.nodeid}\n")


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Add a file that cannot be collected."""
    pytest_runtest_logreport(report)  # type: ignore[arg-type]


class Docstrings(PythonDocStringDocument):
    """A module's docstrings, run against the *installed* package."""

    def import_document(self, example: Example) -> NoReturn:  # noqa: ARG002
        """Leave the checkout's module alone; examples import what they use."""
        self.pop_evaluator(self.import_document)
        raise NotEvaluated


def name_module(namespace: dict[str, object]) -> None:
    """Give examples a ``__name__``, which ``Flask(__name__)`` asks for."""
    namespace["__name__"] = "example"


pages = Sybil(
    setup=name_module,
    parsers=[markdown.PythonCodeBlockParser(), markdown.SkipParser()],
    patterns=["*.md"],
)
docstrings = Sybil(
    setup=name_module,
    parsers=[rest.PythonCodeBlockParser(), rest.DocTestParser()],
    patterns=["src/**/*.py", "**/src/**/*.py"],
    document_types={".py": Docstrings},
)

pytest_collect_file = (pages + docstrings).pytest()
