import inspect
from pathlib import Path

import pytest

import twopi_release
from twopi_release.__main__ import _parser

PACKAGE = Path(__file__).parents[1]
PAGE = PACKAGE.parents[1] / "docs" / "packages" / "twopi-release.md"

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="an sdist has no docs")


def test_every_public_name_is_on_the_page():
    text = PAGE.read_text("utf-8")

    assert [each for each in twopi_release.__all__ if f"`{each}" not in text] == []


def test_every_argument_is_on_the_page():
    text = PAGE.read_text("utf-8")
    functions = ["find_release", "release_blueprint", "stamp"]

    for name in functions:
        [line] = (each for each in text.splitlines() if each.startswith(f"| `{name}("))
        arguments = inspect.signature(getattr(twopi_release, name)).parameters
        assert [each for each in arguments if each not in line] == []


@pytest.mark.parametrize("place", [PAGE, PACKAGE / "README.md"])
def test_every_command_is_documented(place):
    [commands] = (each for each in _parser()._actions if each.dest == "command")

    text = place.read_text("utf-8")
    assert set(commands.choices) == {"show", "stamp", "labels"}
    assert all(f"python -m twopi_release {each}" in text for each in commands.choices)


def test_every_option_is_on_the_page():
    [commands] = (each for each in _parser()._actions if each.dest == "command")
    options = {
        option
        for command in commands.choices.values()
        for option in command._option_string_actions
        if option.startswith("--")
    }

    text = PAGE.read_text("utf-8")
    assert {each for each in options if each not in text} == {"--help"}
