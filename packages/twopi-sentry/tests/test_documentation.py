import inspect
from pathlib import Path

import pytest

import twopi_sentry
from twopi_sentry.__main__ import _parser
from twopi_sentry.settings import WANTED

PACKAGE = Path(__file__).parents[1]
PAGE = PACKAGE.parents[1] / "docs" / "packages" / "twopi-sentry.md"
PLACES = [PAGE, PACKAGE / "README.md"]

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="an sdist has no docs")


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_name_and_setting_is_documented(place):
    text = place.read_text("utf-8")

    assert [each for each in twopi_sentry.__all__ if f"`{each}" not in text] == []
    assert [each for each in WANTED if f"`{each}`" not in text] == []


def test_every_setting_has_a_row():
    text = PAGE.read_text("utf-8")

    assert [each for each in WANTED if f"| `{each}` |" not in text] == []


def test_every_argument_is_on_the_page():
    text = PAGE.read_text("utf-8")
    functions = ["inject_sentry", "celery_inject_sentry", "create_client"]

    for name in functions:
        [line] = (each for each in text.splitlines() if each.startswith(f"| `{name}("))
        arguments = inspect.signature(getattr(twopi_sentry, name)).parameters
        assert [each for each in arguments if each not in line] == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_command_is_documented(place):
    [commands] = (each for each in _parser()._actions if each.dest == "command")

    text = place.read_text("utf-8")
    for name, command in commands.choices.items():
        assert f"python -m twopi_sentry {name}" in text
        options = [each for each in command._option_string_actions if "--" in each]
        assert [each for each in options if each not in text] == ["--help"]
