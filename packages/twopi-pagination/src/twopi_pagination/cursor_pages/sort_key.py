"""The keys that rows are ordered by, and how their values are compared and sent.

What Python sees of a value is not always what the database compares. So a key says
three things: what ORDER BY names, what is fetched for a cursor, and what is compared
with the value of a cursor.

- SQLite keeps values in few types, whatever the column's is: they are fetched and
  compared as they are stored, without SQLAlchemy's conversion.
- FLOAT of single precision is fetched in double precision: its digits are too few
  to find the row again.
- MariaDB and MySQL order ENUM by its number and compare its text.
- A ``TypeDecorator`` converts for Python only: the type beneath is used.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Dialect,
    Double,
    Enum,
    Float,
    Integer,
    Numeric,
    String,
    TypeDecorator,
    bindparam,
    cast,
    literal,
    literal_column,
    type_coerce,
)
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.types import NullType, TypeEngine

from twopi_pagination.errors import UnsupportedOrdering

MYSQL = {"mysql", "mariadb"}
NULLS_ARE_LARGE = {"postgresql", "oracle"}


@dataclasses.dataclass(frozen=True)
class Codec:
    """How the values of one type are written in JSON."""

    name: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


@dataclasses.dataclass(frozen=True)
class Key:
    """One term of an order.

    Attributes:
        element: What ORDER BY names.
        descending: If large values come first.
        nulls_first: Where NULL comes.
        nullable: If there may be NULL.
        fetched: What a cursor takes its value from.
        compared: What is compared with a cursor's value.
        type_of: Returns the type that a cursor's value is sent to the database as.
        cast_to: What the database has to make of it first.
        codec: How the value is written.
    """

    element: ColumnElement[Any]
    descending: bool
    nulls_first: bool
    nullable: bool
    fetched: ColumnElement[Any]
    compared: ColumnElement[Any]
    type_of: Callable[[Any], TypeEngine[Any]]
    cast_to: TypeEngine[Any] | None
    codec: Codec

    def bound(self, name: str, type_: TypeEngine[Any]) -> ColumnElement[Any]:
        """Return the parameter called *name* for a cursor's value."""
        parameter: ColumnElement[Any] = bindparam(name, type_=type_)
        return parameter if self.cast_to is None else cast(parameter, self.cast_to)

    def backwards(self) -> Key:
        """Return the key of the opposite order."""
        return dataclasses.replace(
            self, descending=not self.descending, nulls_first=not self.nulls_first
        )

    def clauses(self, dialect: Dialect) -> list[ColumnElement[Any]]:
        """List the terms of ORDER BY; MariaDB and MySQL have no NULLS FIRST."""
        term = self.element.desc() if self.descending else self.element.asc()
        if not self.nullable or self.nulls_first == puts_nulls_first(
            dialect, descending=self.descending
        ):
            return [term]
        if dialect.name in MYSQL:
            missing = self.element.is_(None)
            return [missing.desc() if self.nulls_first else missing.asc(), term]
        return [term.nulls_first() if self.nulls_first else term.nulls_last()]


def puts_nulls_first(dialect: Dialect, *, descending: bool) -> bool:
    """Tell where the database puts NULL when the ORDER BY does not say."""
    return descending == (dialect.name in NULLS_ARE_LARGE)


def key_of(
    element: ColumnElement[Any],
    dialect: Dialect,
    *,
    descending: bool,
    nulls_first: bool | None,
    nullable: bool,
) -> Key:
    """Return the key of one term of an order.

    Raises:
        UnsupportedOrdering: Values of its type cannot be in a cursor.
    """
    codec, bind_type = _codec(element, dialect)
    fetched: Any
    compared: Any
    fetched = compared = type_coerce(element, bind_type)
    cast_to = None
    type_ = _plain_type(element.type, dialect)
    if dialect.name == "sqlite":
        pass
    elif isinstance(type_, Boolean) and dialect.name not in MYSQL:
        fetched = compared = cast(element, Integer)
    elif isinstance(type_, Float):
        if dialect.name in MYSQL:
            fetched = fetched + literal_column("0e0", Double())
        else:
            fetched = cast(element, Double)
    elif _is_native_enum(type_, dialect):
        if dialect.name in MYSQL:
            fetched = compared = fetched + literal_column("0", Integer())
        else:
            compared = element
            cast_to = type_
    return Key(
        element=element,
        descending=descending,
        nulls_first=(
            puts_nulls_first(dialect, descending=descending)
            if nulls_first is None
            else nulls_first
        ),
        nullable=nullable,
        fetched=fetched,
        compared=compared,
        type_of=_type_of_untyped if codec is UNTYPED else _typed(bind_type),
        cast_to=cast_to,
        codec=codec,
    )


def _codec(
    element: ColumnElement[Any], dialect: Dialect
) -> tuple[Codec, TypeEngine[Any]]:
    """Return how values are written, and the type they are fetched and bound as."""
    type_ = _plain_type(element.type, dialect)
    if isinstance(type_, NullType) and dialect.name != "sqlite":
        return UNTYPED, type_
    if isinstance(type_, Enum):
        number = dialect.name in MYSQL and _is_native_enum(type_, dialect)
        python_type: Any = int if number else str
    elif isinstance(type_, Boolean):
        python_type = int
    elif isinstance(type_, Float):
        python_type = float
    elif isinstance(type_, Numeric):
        python_type = Decimal
    else:
        try:
            python_type = type_.python_type
        except NotImplementedError:
            python_type = None
    if python_type not in CODECS and not isinstance(type_, NullType):
        raise UnsupportedOrdering(
            f"the values of {element} cannot be in a cursor, their type is "
            f"{type_!r}; if they are of another one, say so by type_coerce() or cast()"
        )
    if dialect.name == "sqlite":
        return STORED, NullType()
    bind_types: dict[Any, TypeEngine[Any]] = {
        # without a size or scale: a value of an expression may have more than its type
        int: BigInteger(),
        float: Double(),
        Decimal: Numeric(),
    }
    if isinstance(type_, Enum) and python_type is str:
        return CODECS[str], String()
    return CODECS[python_type], bind_types.get(python_type, type_)


def _plain_type(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    plain: TypeEngine[Any] = type_.dialect_impl(dialect)
    while isinstance(plain, TypeDecorator):
        plain = plain.load_dialect_impl(dialect)
    return plain


def _is_native_enum(type_: TypeEngine[Any], dialect: Dialect) -> bool:
    return (
        isinstance(type_, Enum)
        and bool(type_.native_enum)
        and bool(dialect.supports_native_enum)
    )


def _typed(type_: TypeEngine[Any]) -> Callable[[Any], TypeEngine[Any]]:
    if isinstance(type_, BigInteger):
        return lambda value: type_ if -(2**63) <= value < 2**63 else _WIDE
    return lambda _: type_


def _type_of_untyped(value: Any) -> TypeEngine[Any]:
    return _LONG if isinstance(value, int) else literal(value).type


_LONG, _WIDE = BigInteger(), Numeric()


def _same(value: Any) -> Any:
    return value


def _integer(value: Any) -> int:
    # sums are Decimal on the servers, whatever their type says
    if value != int(value):
        raise ValueError("a value of an integer key is no integer")
    return int(value)


def _encode_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _encode_stored(value: Any) -> Any:
    if isinstance(value, bytes):
        return [_encode_bytes(value)]
    if not isinstance(value, int | float | str):
        raise TypeError("a value is of no type that SQLite keeps")
    return value


def _decode_stored(value: Any) -> Any:
    return base64.b64decode(value[0]) if isinstance(value, list) else value


STORED = Codec("stored", _encode_stored, _decode_stored)

CODECS: dict[Any, Codec] = {
    int: Codec("int", _integer, int),
    float: Codec("float", float, float),
    Decimal: Codec("decimal", str, Decimal),
    str: Codec("str", str, _same),
    bytes: Codec("bytes", _encode_bytes, base64.b64decode),
    dt.date: Codec("date", dt.date.isoformat, dt.date.fromisoformat),
    dt.datetime: Codec("datetime", dt.datetime.isoformat, dt.datetime.fromisoformat),
    dt.time: Codec("time", dt.time.isoformat, dt.time.fromisoformat),
    uuid.UUID: Codec("uuid", str, uuid.UUID),
}


def _encode_untyped(value: Any) -> list[Any]:
    codec = CODECS[int if isinstance(value, bool) else type(value)]
    return [codec.name, codec.encode(value)]


def _decode_untyped(value: Any) -> Any:
    name, encoded = value
    [codec] = [each for each in CODECS.values() if each.name == name]
    return codec.decode(encoded)


UNTYPED = Codec("untyped", _encode_untyped, _decode_untyped)
"""For functions of which SQLAlchemy does not know the type."""
