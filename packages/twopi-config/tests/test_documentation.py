import importlib
import inspect
from pathlib import Path

import pytest

import twopi_config
from twopi_config import ConfigError, Settings, build_url, variable
from twopi_config.declaring.scalars import SCALARS

PACKAGE = Path(__file__).parents[1]
PAGE = PACKAGE.parents[1] / "docs" / "packages" / "twopi-config.md"
COMMANDS = ["check", "example", "docs"]

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="an sdist has no docs")


def mentioned(name, text):
    return f"`{name}" in text or f".{name}" in text


@pytest.mark.parametrize("name", twopi_config.__all__)
def test_every_public_name_is_on_the_page(name):
    assert mentioned(name, PAGE.read_text("utf-8"))


def test_every_method_and_argument_is_on_the_page():
    page = PAGE.read_text("utf-8")
    names = [*inspect.signature(variable).parameters]
    names += [*inspect.signature(build_url).parameters]
    names += [name for name in vars(Settings) if not name.startswith("_")]

    assert [name for name in names if name not in page] == []


@pytest.mark.parametrize("kind", SCALARS)
def test_every_type_is_on_the_page(kind):
    assert mentioned(kind.__name__, PAGE.read_text("utf-8"))


def test_every_error_is_in_the_table():
    table = PAGE.read_text("utf-8").partition("## Errors")[2]

    for error in ConfigError.__subclasses__():
        assert f"| `{error.__name__}` |" in table


@pytest.mark.parametrize("place", [PAGE, PACKAGE / "README.md"])
def test_every_command_is_documented(place):
    parser = importlib.import_module("twopi_config.__main__")._parser()
    [commands] = (each for each in parser._actions if each.dest == "command")

    assert [*commands.choices] == COMMANDS
    text = place.read_text("utf-8")
    every = f"python -m twopi_config {'|'.join(COMMANDS)}"
    assert every in text or all(f"twopi_config {each}" in text for each in COMMANDS)
