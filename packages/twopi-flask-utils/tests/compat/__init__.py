"""What an application of 1.x relies on, as facts that can be found on both sides."""

import importlib

from compat.kit import FACTS, outcome

PARTS = [
    "applications",
    "others",
    "pagination",
    "restful",
    "testing",
    "tokens",
    "webargs",
]


def all_facts():
    """Return the outcome of each fact by its name."""
    for part in PARTS:
        importlib.import_module("compat.facts_" + part)
    return {name: outcome(find) for name, find in sorted(FACTS.items())}
