"""What a value of a type looks like in the environment, and how it is read.

The parsing is environs'; each kind adds how to say what is wanted, and how to spell a
default.
"""

from __future__ import annotations

import datetime as dt
import enum
import types
import typing
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from twopi_config.secret import Secret


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of one type are read, described and spelled.

    Attributes:
        wanted: What the value has to be, for a message: "a whole number".
        parse: Makes a value of a text, or raises anything.
        spell: Makes the text that *parse* reads as the value.
    """

    wanted: str
    parse: Callable[[str], Any]
    spell: Callable[[Any], str] = str


def kind_of(annotation: Any) -> Kind | None:
    """Return the kind of what is annotated so, or `None` if it cannot be read."""
    if isinstance(annotation, type) and annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {types.UnionType, typing.Union}:
        left = [each for each in arguments if each is not types.NoneType]
        return kind_of(left[0]) if len(left) == 1 else None
    if origin is typing.Literal:
        return _choice({str(each): each for each in arguments})
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        by_value = issubclass(annotation, str)
        members = annotation.__members__.items()
        return _choice({it.value if by_value else name: it for name, it in members})
    if origin is tuple and arguments[1:] == (...,):
        return _several(tuple, kind_of(arguments[0]))
    if origin in {list, set, frozenset}:
        return _several(origin, kind_of(arguments[0]))
    if origin is dict and arguments[0] is str:
        return _pairs(kind_of(arguments[1]))
    return None


def _reader(method: str, **options: Any) -> Callable[[str], Any]:
    """Return a function that reads a text by a method of `environs.Env`."""

    def read(text: str) -> Any:
        from environs import Env

        class Text(Env):
            """An environment whose every variable is *text*."""

            def _get_value(self, env_key: str, default: Any) -> Any:  # noqa: ARG002
                return text

        return getattr(Text(), method)("", **options)

    return read


def _choice(choices: Mapping[str, Any]) -> Kind:
    spelled = {value: text for text, value in reversed([*choices.items()])}
    names = ", ".join(choices)
    return Kind(f"one of {names}", choices.__getitem__, spelled.__getitem__)


def _several(make: Callable[[Any], Any], one: Kind | None) -> Kind | None:
    if one is None:
        return None
    item = one
    read = _reader("list", subcast=lambda text: item.parse(text.strip()))

    def spell(values: Any) -> str:
        texts = [item.spell(each) for each in values]
        return ",".join(sorted(texts) if make in {set, frozenset} else texts)

    wanted = f"a list with commas, each item {item.wanted}"
    return Kind(wanted, lambda text: make(read(text)), spell)


def _pairs(one: Kind | None) -> Kind | None:
    if one is None:
        return None
    item = one
    read = _reader("dict", subcast_values=lambda text: item.parse(text.strip()))

    def spell(values: Any) -> str:
        return ",".join(f"{name}={item.spell(each)}" for name, each in values.items())

    return Kind(f"a list like a=...,b=..., each value {item.wanted}", read, spell)


def _spell_duration(value: dt.timedelta) -> str:
    units = ((value.days, "d"), (value.seconds, "s"), (value.microseconds, "us"))
    return " ".join(f"{count}{unit}" for count, unit in units if count) or "0s"


_PLAIN: dict[type, Kind] = {
    str: Kind("a text", str),
    Secret: Kind("a text", Secret, Secret.reveal),
    bool: Kind("true or false", _reader("bool"), lambda value: str(value).lower()),
    int: Kind("a whole number", _reader("int")),
    float: Kind("a number", _reader("float")),
    Decimal: Kind("a decimal number", _reader("decimal")),
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
        'a duration like "1h 30m" or a number of seconds',
        _reader("timedelta"),
        _spell_duration,
    ),
}
