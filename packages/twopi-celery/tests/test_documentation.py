"""The documentation names all that can be set, imported and raised."""

import re
from pathlib import Path

import pytest

import twopi_celery
from twopi_celery import settings
from twopi_celery.workers.reliable import SETTINGS

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "packages" / "twopi-celery.md"

pytestmark = pytest.mark.skipif(not DOCS.exists(), reason="not in a checkout")


def section(title):
    return PAGE.read_text(encoding="utf-8").split(f"## {title}\n")[1].split("\n## ")[0]


def test_all_settings_are_documented():
    own = {
        value
        for name, value in vars(settings).items()
        if name.isupper() and isinstance(value, str)
    }
    known = own | SETTINGS.keys() | {"broker_transport", "broker_transport_options"}

    assert {"REQUEST_ID_HEADER", "SQLALCHEMY_DATABASE_URI"} <= own
    documented = set(re.findall(r"^\| `(\w+)`", section("Settings"), re.MULTILINE))
    assert documented == known | {"CELERY_BROKER_URL"}


def test_all_that_reliable_sets_is_explained():
    page = (DOCS / "howto" / "do-not-lose-tasks.md").read_text(encoding="utf-8")

    assert not [name for name in SETTINGS if f"| `{name}` |" not in page]


def test_all_errors_are_documented():
    errors = {name for name in twopi_celery.__all__ if name.endswith("Error")}

    assert errors == set(re.findall(r"^\| `(\w+)`", section("Errors"), re.MULTILINE))


def test_all_names_are_documented():
    page = PAGE.read_text(encoding="utf-8")

    missing = [name for name in twopi_celery.__all__ if f"`{name}" not in page]
    assert missing == ["Finding"]  # what a report is made of
