"""Random environments: a message names all that is bad, and shows no value."""

import datetime as dt
import enum
import json
import os
import tempfile
from pathlib import Path
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from twopi_config import (
    ByteSize,
    Secret,
    Settings,
    SettingsError,
    parse_url,
    variable,
)

EXAMPLES = int(os.environ.get("TWOPI_CONFIG_EXAMPLES", "150"))
MARK = "Zq"


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Cache(Settings):
    url: Secret | None = None
    size: int = 5


class Acme(Settings, prefix="ACME_"):
    database_url: Secret = variable(
        check=lambda url: parse_url(url.reveal()), wanted="a URL with //"
    )
    api_key: Secret
    token: Secret | None = None
    name: str
    port: int = variable(
        default=80, check=lambda port: 0 < port < 65536, wanted="a port", name="PORT"
    )
    ratio: float
    debug: bool = False
    day: dt.date | None = None
    life: dt.timedelta = dt.timedelta(seconds=5)
    color: Color = Color.RED
    mode: Literal["fast", "safe"]
    hosts: tuple[str, ...] = ()
    sizes: list[int] = variable(default_factory=list)
    limits: dict[str, int] = variable(default_factory=dict)
    upload: ByteSize = ByteSize("1 MiB")
    workers: Literal["auto"] | int = "auto"
    cache: Cache = Cache()
    old_keys: list[Secret] = variable(default_factory=list)


# What a .env file can hold on one line, in single quotes; marked, so that it is found
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]),
    min_size=1,
    max_size=20,
).map(lambda text: f"{MARK}{text}{MARK}")
bad_in_any_type = st.one_of(
    texts, texts.map(lambda text: f"1{text}"), texts.map(lambda text: f"a={text},b")
)
integers = st.integers(-(10**9), 10**9).map(str)
GOOD = {
    "ACME_DATABASE_URL": texts.map(lambda text: f"redis://:{text}@h/0"),
    "ACME_API_KEY": texts,
    "ACME_TOKEN": texts,
    "ACME_NAME": texts,
    "PORT": st.integers(1, 65535).map(str),
    "ACME_RATIO": st.floats(allow_nan=False, allow_infinity=False).map(repr),
    "ACME_DEBUG": st.sampled_from(["true", "0", "on", "no"]),
    "ACME_DAY": st.dates().map(str),
    "ACME_LIFE": st.integers(0, 10**6).map(lambda count: f"{count}s"),
    "ACME_COLOR": st.sampled_from(["RED", "BLUE"]),
    "ACME_MODE": st.sampled_from(["fast", "safe"]),
    "ACME_HOSTS": st.lists(texts, min_size=1, max_size=3).map(",".join),
    "ACME_SIZES": st.lists(integers, min_size=1, max_size=3).map(",".join),
    "ACME_LIMITS": integers.map(lambda count: f"{MARK}={count}")
    | integers.map(lambda count: f'{{"{MARK}": {count}}}'),
    "ACME_UPLOAD": st.integers(0, 2**40).map(lambda count: f"{count} KiB"),
    "ACME_WORKERS": integers | st.just("auto"),
    "ACME_CACHE__URL": texts,
    "ACME_CACHE__SIZE": integers,
    "ACME_OLD_KEYS": st.lists(texts, min_size=1, max_size=3).map(json.dumps),
}
BAD = {
    **dict.fromkeys(GOOD, bad_in_any_type | texts.map(lambda text: f'["{text}'))
    | {"ACME_OLD_KEYS": texts.map(lambda text: f'["{text}')},
    "PORT": st.one_of(bad_in_any_type, st.sampled_from(["0", "65536", "8e1"])),
    "ACME_RATIO": st.one_of(bad_in_any_type, st.sampled_from(["nan", "inf"])),
    "ACME_DATABASE_URL": texts.map(lambda text: text.replace("/", "")),
}
ANY_TEXT = {"ACME_API_KEY", "ACME_TOKEN", "ACME_NAME", "ACME_HOSTS", "ACME_CACHE__URL"}
REQUIRED = {"ACME_DATABASE_URL", "ACME_API_KEY", "ACME_NAME", "ACME_RATIO", "ACME_MODE"}
IN_FILES = {"ACME_DATABASE_URL", "ACME_API_KEY", "ACME_TOKEN", "ACME_MODE", "PORT"}


@st.composite
def environments(draw):
    """Draw what becomes of each variable, and two sets of values for it."""
    plan = {}
    for name in GOOD:
        kinds = ["good", "good", "unset", "empty"]
        kinds += [] if name in ANY_TEXT else ["bad"]
        kinds += ["file", "no file", "both"] if name in IN_FILES else []
        plan[name] = draw(st.sampled_from(kinds)), draw(st.booleans())
    plan["misspelt"] = draw(st.booleans())
    plan["unreadable"] = draw(st.booleans())
    values = [
        {
            name: draw(BAD[name] if kind == "bad" else GOOD[name])
            for name, (kind, _) in variables_of(plan)
        }
        | {"other": draw(texts)}
        for _ in range(2)
    ]
    return plan, values


def variables_of(plan):
    return [(name, each) for name, each in plan.items() if name in GOOD]


def expected_problems(plan):
    if plan["unreadable"]:
        yield ".env:1"
    for name, (kind, _) in variables_of(plan):
        if kind in {"no file", "both"}:
            yield f"{name}_FILE"
        elif kind == "bad" or (kind in {"unset", "empty"} and name in REQUIRED):
            yield name
    if plan["misspelt"]:
        yield "ACME_DATABSE_URL"


def write(folder, plan, values):
    """Return the environment, and the file that holds the other half of it."""
    environ, lines = {}, []
    if plan["unreadable"]:
        lines.append(f"? 'x' {values['other']}\n")
    if plan["misspelt"]:
        environ["ACME_DATABSE_URL"] = values["other"]
    for name, (kind, in_file) in variables_of(plan):
        text = values[name]
        mounted = folder / name
        here = {}
        if kind in {"good", "bad", "both"}:
            here[name] = text
        elif kind == "empty":
            here[name] = ""
        if kind in {"file", "both"}:
            mounted.write_text(f"{text}\n", encoding="utf-8", newline="\n")
            here[f"{name}_FILE"] = str(mounted)
        elif kind == "no file":
            here[f"{name}_FILE"] = str(folder / f"{MARK}nowhere")
        if in_file:
            for each, given_text in here.items():
                quoted = given_text.replace("\\", "\\\\").replace("'", "\\'")
                lines.append(f"{each}='{quoted}'\n")
        else:
            environ |= here
    file = folder / ".env"
    file.write_text("".join(lines), encoding="utf-8", newline="\n")
    return environ, file


def outcome(folder, plan, values):
    environ, file = write(folder, plan, values)
    try:
        return Acme.load(environ, file)
    except SettingsError as error:
        return error


@settings(max_examples=EXAMPLES)
@given(environments())
def test_a_message_names_every_bad_variable_and_shows_no_value(drawn):
    plan, both = drawn
    wrong = [*expected_problems(plan)]

    with tempfile.TemporaryDirectory() as folder:
        results = [outcome(Path(folder), plan, values) for values in both]

    if not wrong:
        for result, values in zip(results, both, strict=True):
            assert isinstance(result, Acme)
            assert result.api_key.reveal() == values["ACME_API_KEY"]
            assert result.name == values["ACME_NAME"]
            assert "api_key='***'" in repr(result)
        return
    messages = [str(result) for result in results]
    for message, result in zip(messages, results, strict=True):
        assert [each.name for each in result.problems] == wrong
        assert all(name in message for name in wrong)
        assert MARK not in message
        assert folder not in message
    # it depends on what is wrong alone: no value, marked or not, has a part in it
    assert messages[0] == messages[1]
