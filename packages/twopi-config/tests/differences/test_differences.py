"""Two hundred environments, read by twopi-config and three other libraries.

Where they differ, a table of the documentation says so, and why.
`python packages/twopi-config/tests/differences/test_differences.py` prints the table.
"""

import contextlib
import datetime as dt
import functools
import os
import tempfile
import tomllib
import warnings
from pathlib import Path
from unittest import mock

import environ as django_environ
import environs
import pydantic
import pydantic_settings
import pytest

from twopi_config import Settings, SettingsError, variable

HERE = Path(__file__).parent
PAGE = HERE.parents[3] / "docs" / "choose" / "settings-library.md"
DATA = tomllib.loads((HERE / "environments.toml").read_text("utf-8"))
KINDS = {kind["name"]: kind for kind in DATA["kinds"]}
TYPES = {
    "str": (str, "default"),
    "int": (int, 0),
    "float": (float, 0.0),
    "bool": (bool, None),
    "list[str]": (list[str], ["default"]),
    "list[int]": (list[int], [0]),
    "dict[str, str]": (dict[str, str], {"default": ""}),
    "timedelta": (dt.timedelta, None),
}
ERROR, NOTHING = "error", "does not have it"


class Inner(Settings):
    host: str = "default"
    port: int = 0


class OurNested(Settings, prefix="SHOP_"):
    value: Inner = Inner()


def ours(kind, file):
    if kind == "nested":
        value = OurNested.load(env_file=file).value
        return value.host, value.port
    annotation, default = TYPES[kind]
    field = variable(default_factory=lambda: default)
    names = {"__annotations__": {"value": annotation | None}, "value": field}
    return type("Shop", (Settings,), names, prefix="SHOP_").load(env_file=file).value


def with_pydantic_settings(kind, file):
    class Nested(pydantic.BaseModel):
        host: str = "default"
        port: int = 0

    nested = kind == "nested"
    annotation, default = (Nested, Nested()) if nested else TYPES[kind]
    config = pydantic_settings.SettingsConfigDict(
        env_prefix="SHOP_",
        env_file=file,
        env_nested_delimiter="__",
        extra="ignore",  # otherwise it rejects every other name in a file
    )
    names = {
        "__annotations__": {"value": annotation | None},
        "value": default,
        "model_config": config,
        "__module__": __name__,
    }
    value = type("Shop", (pydantic_settings.BaseSettings,), names)().value
    return (value.host, value.port) if nested else value


def with_environs(kind, file):
    env = environs.Env()
    if file:
        env.read_env(file, recurse=False)
    with env.prefixed("SHOP_"):
        if kind == "nested":
            with env.prefixed("VALUE__"):
                return env.str("HOST", "default"), env.int("PORT", 0)
        name, _, item = kind.partition("[")
        options = {"subcast": int} if item == "int]" else {}
        return getattr(env, name)("VALUE", TYPES[kind][1], **options)


def with_django_environ(kind, file):
    env = django_environ.Env()
    if file:
        env.read_env(file)
    if kind == "nested":
        return (
            env.str("SHOP_VALUE__HOST", "default"),
            env.int("SHOP_VALUE__PORT", 0),
        )
    name, _, item = kind.partition("[")
    if not hasattr(env, name):
        return NOTHING
    options = {"cast": [int]} if item == "int]" else {}
    if options:
        return env("SHOP_VALUE", default=TYPES[kind][1], **options)
    return getattr(env, name)("SHOP_VALUE", default=TYPES[kind][1])


PEERS = {
    "pydantic-settings": with_pydantic_settings,
    "environs": with_environs,
    "django-environ": with_django_environ,
}


def sources(kind):
    """Yield what to show of each environment of *kind*, its variables and its file."""
    for value in kind.get("values", ()):
        yield value, {"SHOP_VALUE": value}, None
    for variables in kind.get("environs", ()):
        shown = " ".join(f"{name}={value}" for name, value in variables.items())
        yield shown, variables, None
    for text in kind.get("files", ()):
        yield text, {}, text.encode()
    for text in kind.get("hex", ()):
        yield f"bytes {text[:30]}", {}, bytes.fromhex(text)


def outcome(read, kind, variables, content):
    """Return the value that *read* has for an environment, or `ERROR`."""
    with tempfile.TemporaryDirectory() as folder:
        mounted = Path(folder, "mounted")
        mounted.write_text("a\n")
        file = Path(folder, ".env")
        if content is not None:
            file.write_bytes(content)
        here = {k: v.replace("{mounted}", str(mounted)) for k, v in variables.items()}
        with (
            mock.patch.dict(os.environ, here, clear=True),
            contextlib.suppress(SettingsError, pydantic.ValidationError),
            contextlib.suppress(pydantic_settings.SettingsError),
            contextlib.suppress(environs.EnvError, django_environ.ImproperlyConfigured),
            contextlib.suppress(ValueError, TypeError, KeyError, AttributeError),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            return read(kind, None if content is None else str(file))
    return ERROR


def shown(value):
    if isinstance(value, str) and value in {ERROR, NOTHING}:
        return value
    if any(repr(value) == repr(default) for _, default in TYPES.values()):
        return "the default"
    text = repr(value).removeprefix("datetime.").replace("|", "\\|")
    return f"`{text}`"


@functools.cache
def row(name):
    """Return the cells of the kind *name*, and whether any library differs."""
    kind = KINDS[name]
    environments = [*sources(kind)]
    results = {
        name: [outcome(read, kind["type"], *each[1:]) for each in environments]
        for name, read in {"ours": ours, **PEERS}.items()
    }
    cells, example = [], None
    for peer in PEERS:
        pairs = zip(results["ours"], results[peer], strict=True)
        differ = [number for number, (left, right) in enumerate(pairs) if left != right]
        if not differ:
            cells.append("same")
            continue
        example = differ[0] if example is None else example
        at = example if example in differ else differ[0]
        count = (
            f"{len(differ)} of {len(environments)}: " if len(environments) > 1 else ""
        )
        behind = "" if at == example else f" for {spelled(environments[at][0])}"
        cells.append(f"{count}{shown(results[peer][at])}{behind}")
    at = example or 0
    mine = f"{spelled(environments[at][0])} is {shown(results['ours'][at])}"
    return [kind["name"], mine, *cells, kind.get("reason", "")], example is not None


def spelled(text):
    quoted = repr(text)[1:-1].replace("|", "\\|")
    return f"`{quoted}`" if quoted.strip() else "nothing"


def table():
    """Return the Markdown table of the page."""
    head = ["environment", "twopi-config", *PEERS, "reason"]
    rows = [row(name)[0] for name in KINDS]
    lines = [f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines) + "\n"


def test_there_are_two_hundred():
    assert sum(len([*sources(kind)]) for kind in KINDS.values()) >= 200
    assert len(DATA["kinds"]) == len(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_difference_has_a_reason(name):
    cells, differs = row(name)

    assert differs == bool(KINDS[name].get("reason")), cells


@pytest.mark.skipif(not PAGE.exists(), reason="an sdist has no docs")
def test_the_table_of_the_documentation_has_every_difference():
    assert table() in PAGE.read_text("utf-8")


def test_what_the_page_says_about_errors(monkeypatch):
    """Who names the variable, and who shows its value."""
    monkeypatch.setenv("SHOP_VALUE", "zq")

    errors = {}
    for name, read in {"ours": ours, **PEERS}.items():
        with pytest.raises((ValueError, environs.EnvError)) as caught:
            read("int", None)
        errors[name] = str(caught.value)

    assert {name for name, text in errors.items() if "SHOP_VALUE" in text} == {
        "ours",
        "environs",
    }
    assert {name for name, text in errors.items() if "zq" in text} == {
        "pydantic-settings",
        "django-environ",
    }


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201
