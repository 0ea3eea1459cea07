"""An application of 1.x runs unchanged: the facts of 1.1.11 against ours."""

import importlib.metadata
import json
import logging
import warnings
from pathlib import Path

import pytest
import tomllib

from compat import all_facts

FOLDER = Path(__file__).parent
RECORDED = json.loads((FOLDER / "recorded.json").read_text("utf-8"))
DIFFERENCES = tomllib.loads((FOLDER / "differences.toml").read_text("utf-8"))
MARSHMALLOW = int(importlib.metadata.version("marshmallow").partition(".")[0])
PAGE = FOLDER.parents[3] / "docs" / "migrate" / "from-1.x.md"


@pytest.fixture(name="found", scope="module")
def facts_found():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        yield all_facts()
        logging.disable(logging.NOTSET)


def broke(fact):
    """Return whether *fact* is a crash, a status of 500, or a test that fails."""
    if isinstance(fact, dict):
        return "raises" in fact
    return isinstance(fact, list) and fact[:1] in (["fails"], [500])


def allowed(name):
    for difference in DIFFERENCES["difference"]:
        if difference.get("marshmallow", MARSHMALLOW) == MARSHMALLOW:
            for pattern in difference["facts"]:
                start = pattern.removesuffix("*")
                if name == pattern or (start != pattern and name.startswith(start)):
                    yield pattern


def test_every_fact_was_recorded(found):
    assert found.keys() == RECORDED.keys()


def test_whole_applications_pass_their_suites_on_both_sides(found):
    suites = [name for name in found if name.startswith("applications: ")]

    assert len(suites) > 20
    for name in suites:
        assert (found[name], RECORDED[name]) == ("passes", "passes"), name


def test_nothing_differs_but_what_is_listed(found):
    unlisted = {
        name: (RECORDED[name], fact)
        for name, fact in found.items()
        if fact != RECORDED[name]
        and not broke(RECORDED[name])
        and not any(allowed(name))
    }

    assert unlisted == {}


def test_what_worked_in_1_x_does_not_crash_unless_it_is_listed(found):
    crashed = {name for name, fact in found.items() if broke(fact)}

    for name in crashed:
        assert broke(RECORDED[name]) or any(allowed(name)), name


def test_every_listed_difference_is_one(found):
    differing = [name for name, fact in found.items() if fact != RECORDED[name]]
    used = {pattern for name in differing for pattern in allowed(name)}

    for difference in DIFFERENCES["difference"]:
        if difference.get("marshmallow", MARSHMALLOW) == MARSHMALLOW:
            assert used >= set(difference["facts"]), difference["what"]


def table():
    """Return the differences as a table of the migration page."""
    rows = [
        "| where | what | 1.x | 2 | why | what to do |",
        "|---|---|---|---|---|---|",
    ]
    for each in DIFFERENCES["difference"]:
        cells = [each[name] for name in ("what", "was", "now", "why", "do")]
        rows.append(" | ".join(["| " + each["part"], *cells]) + " |")
    return "\n".join(rows)


def test_the_page_has_the_list():
    assert table() in PAGE.read_text("utf-8"), "write this into the page:\n" + table()
