"""Values that are one string: text, numbers, dates, sizes, choices.

environs parses most of them; what is here describes them and writes them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from twopi_config.declaring.byte_size import ByteSize
from twopi_config.declaring.kind import Kind
from twopi_config.secret import Secret


def choice_of(choices: Mapping[str, Any]) -> Kind:
    """Return the kind of a value that is one of *choices*, by their strings."""
    spelled = {value: text for text, value in reversed([*choices.items()])}
    names = ", ".join(choices)
    return Kind(f"one of {names}", choices.__getitem__, spelled.__getitem__)


@cache
def _env_of_one() -> type[Any]:
    """Return a class of environments whose every variable is the same string."""
    from environs import Env

    class EnvOfOne(Env):
        text = ""

        def _get_value(self, env_key: str, default: Any) -> Any:  # noqa: ARG002
            return self.text

    return EnvOfOne


def _reader(method: str, **options: Any) -> Callable[[str], Any]:
    """Return a function that reads a string by a method of `environs.Env`."""

    def read(text: str) -> Any:
        env = _env_of_one()()
        env.text = text
        return getattr(env, method)("", **options)

    return read


def _read_duration(text: str) -> Any:
    if not text.strip().lstrip("+-").startswith("P"):
        return _reader("timedelta")(text)
    if text.strip()[-1] in "PT":  # which environs takes for nothing at all
        raise ValueError
    return _reader("timedelta", format="iso8601")(text)


def _spell_duration(value: dt.timedelta) -> str:
    units = ((value.days, "d"), (value.seconds, "s"), (value.microseconds, "us"))
    return " ".join(f"{count}{unit}" for count, unit in units if count) or "0s"


SCALARS: dict[type, Kind] = {
    str: Kind("a string", str),
    Secret: Kind("a string", Secret, Secret.reveal),
    bool: Kind("true or false", _reader("bool"), lambda value: str(value).lower()),
    int: Kind("a whole number", _reader("int")),
    float: Kind("a number", _reader("float")),
    Decimal: Kind("a decimal number", _reader("decimal")),
    ByteSize: Kind('a size like "64 MiB" or a number of bytes', ByteSize),
    Path: Kind("a path", _reader("path")),
    uuid.UUID: Kind("a UUID", _reader("uuid")),
    dt.date: Kind("a date like 2026-11-22", _reader("date"), dt.date.isoformat),
    dt.time: Kind("a time like 18:30:00", _reader("time"), dt.time.isoformat),
    dt.datetime: Kind(
        "a date and time like 2026-11-22T18:30:00+00:00",
        _reader("datetime"),
        dt.datetime.isoformat,
    ),
    dt.timedelta: Kind(
        'a duration like "1h 30m" or PT1H30M, or a number of seconds',
        _read_duration,
        _spell_duration,
    ),
}
"""The kinds of single types."""
