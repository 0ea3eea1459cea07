"""How the values of each type are written in cursors.

A value that is not of the type that its expression claims is an error when the cursor
is written: the database would compare it in another way than it sorts.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any


@dataclasses.dataclass(frozen=True)
class Codec:
    """How the values of one type are written in JSON.

    Attributes:
        name: What tells cursors of this type from others.
        encode: Returns what to write; raises `TypeError` or `ValueError` for a value
            of another type.
        decode: Returns the value.
    """

    name: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


def _only(kind: type, encode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return *encode* for values of *kind*; a datetime is not a date."""

    def checked(value: Any) -> Any:
        if not isinstance(value, kind) or (
            kind is dt.date and isinstance(value, dt.datetime)
        ):
            raise TypeError(f"expected {kind.__name__}, not {type(value).__name__}")
        return encode(value)

    return checked


def _same(value: Any) -> Any:
    return value


def _integer(value: Any) -> int:
    # sums are Decimal on the servers, whatever their type says
    if not isinstance(value, int | float | Decimal) or value != int(value):
        raise ValueError("the value of an integer key is not an integer")
    return int(value)


def _number(value: Any) -> float:
    if not isinstance(value, int | float | Decimal):
        raise TypeError("the value of a number key is not a number")
    return float(value)


def _decimal(value: Any) -> str:
    if not isinstance(value, int | float | Decimal):
        raise TypeError("the value of a number key is not a number")
    return str(value)


def _encode_bytes(value: Any) -> str:
    return base64.b64encode(bytes(memoryview(value))).decode()


def _encode_stored(value: Any) -> Any:
    if isinstance(value, bytes):
        return [_encode_bytes(value)]
    if not isinstance(value, int | float | str):
        raise TypeError("SQLite cannot store a value of this type")
    return value


def _decode_stored(value: Any) -> Any:
    return base64.b64decode(value[0]) if isinstance(value, list) else value


STORED = Codec("stored", _encode_stored, _decode_stored)
"""What SQLite stores, whatever the type of the column."""

LITERAL = Codec("literal", _only(str, _same), _same)
"""A value as the database writes and reads it, cast to text."""

CODECS: dict[Any, Codec] = {
    bool: Codec("bool", _only(bool, _same), bool),
    int: Codec("int", _integer, int),
    float: Codec("float", _number, float),
    Decimal: Codec("decimal", _decimal, Decimal),
    str: Codec("str", _only(str, _same), _same),
    bytes: Codec("bytes", _encode_bytes, base64.b64decode),
    dt.date: Codec("date", _only(dt.date, dt.date.isoformat), dt.date.fromisoformat),
    dt.datetime: Codec(
        "datetime",
        _only(dt.datetime, dt.datetime.isoformat),
        dt.datetime.fromisoformat,
    ),
    dt.time: Codec("time", _only(dt.time, dt.time.isoformat), dt.time.fromisoformat),
    uuid.UUID: Codec("uuid", _only(uuid.UUID, str), uuid.UUID),
}

_BY_NAME = {codec.name: codec for codec in CODECS.values()}


def _encode_untyped(value: Any) -> list[Any]:
    codec = next((CODECS[kind] for kind in type(value).__mro__ if kind in CODECS), None)
    if codec is None:
        raise TypeError(f"a {type(value).__name__} cannot be in a cursor")
    return [codec.name, codec.encode(value)]


def _decode_untyped(value: Any) -> Any:
    name, encoded = value
    return _BY_NAME[name].decode(encoded)


UNTYPED = Codec("untyped", _encode_untyped, _decode_untyped)
"""For functions of which SQLAlchemy does not know the type."""
