"""A pytest plugin: run somebody else's suite through `twopi_schemas.install`.

``TWOPI_SUITE`` says how: ``plain`` (not at all), ``interpreted`` or ``generated``, each
from the first call on. What became of each test, and how many calls were compiled, is
written to the file that ``TWOPI_SUITE_REPORT`` names.
"""

import json
import os
from pathlib import Path

MODE = os.environ["TWOPI_SUITE"]
outcomes = {}
calls = {"all": 0, "handed over": 0}


def pytest_configure():
    """Install the fast path before the suite is imported, unless the mode is plain."""
    if MODE == "plain":
        return
    import twopi_schemas
    from twopi_schemas import core, installation, tiers

    tiers.INTERPRETED_AFTER = 0
    tiers.SOURCE_AFTER = 0 if MODE == "generated" else 10**9
    find = installation.core_of

    def counted(*args, **kwargs):
        calls["all"] += 1
        return find(*args, **kwargs)

    installation.core_of = counted
    for name in ("hand_over_load", "hand_over_dump"):
        setattr(core.Core, name, handing_over(getattr(core.Core, name)))
    twopi_schemas.install()


def handing_over(method):
    """Return *method*, counted."""

    def counted(*args, **kwargs):
        calls["handed over"] += 1
        return method(*args, **kwargs)

    return counted


def pytest_runtest_logreport(report):
    """Note the worst that happened to a test."""
    known = outcomes.get(report.nodeid, "passed")
    if report.when == "call" or report.outcome != "passed":
        worse = known if known == "failed" else report.outcome
        outcomes[report.nodeid] = worse


def pytest_sessionfinish():
    """Write the report."""
    report = {"outcomes": outcomes, "calls": calls}
    Path(os.environ["TWOPI_SUITE_REPORT"]).write_text(json.dumps(report))
