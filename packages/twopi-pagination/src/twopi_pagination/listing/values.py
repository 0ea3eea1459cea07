"""From the text of a filter in the query string to a value that a database takes."""

from __future__ import annotations

import datetime as dt
import enum
import re
import uuid
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validate
from sqlalchemy import BigInteger, DateTime, Double, Enum, Numeric, literal
from sqlalchemy.sql.expression import ColumnElement

MAX_TEXT = 1000
"""The most characters that a value has."""

_WHOLE = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_MOST_DIGITS = 100


class _Whole(fields.Integer):
    """A whole number of ASCII digits, that fits in 64 bits."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if not _WHOLE.fullmatch(str(value)) or not -(2**63) <= int(value) < 2**63:
            raise self.make_error("invalid")
        return int(value)


class _Decimal(fields.Decimal):
    """A decimal number with no more digits than every database takes."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        number: Any = super()._deserialize(value, *args, **kwargs)
        if abs(number.adjusted()) > _MOST_DIGITS:
            raise self.make_error("invalid")
        return number


class _Text(fields.String):
    """A text without NUL characters, which PostgreSQL does not take."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text: Any = super()._deserialize(value, *args, **kwargs)
        if "\0" in text:
            raise ValidationError("Must not have NUL characters.")
        return text


def field_of(column: Any) -> fields.Field[Any]:
    """Return the marshmallow field that loads values for *column*.

    Raises:
        TypeError: There is none for its type.
    """
    type_ = column.type
    if isinstance(type_, Enum):
        if type_.enum_class is not None:
            return fields.Enum(type_.enum_class)
        return fields.String(validate=validate.OneOf(type_.enums))
    if isinstance(type_, DateTime):
        if type_.timezone:
            return fields.AwareDateTime(default_timezone=dt.UTC)
        return fields.NaiveDateTime(timezone=dt.UTC)
    kind = python_type_of(column)
    made: dict[type, Any] = {
        bool: fields.Boolean,
        int: _Whole,
        float: fields.Float,
        Decimal: _Decimal,
        str: _Text,
        dt.date: fields.Date,
        dt.time: fields.Time,
        uuid.UUID: fields.UUID,
    }
    if kind not in made:
        raise TypeError(
            f"there is no field for a filter of {column}, whose type is {type_!r}; "
            "pass Filter(..., field=) a marshmallow field"
        )
    field: fields.Field[Any] = made[kind]()
    return field


def python_type_of(column: Any) -> type:
    """Return the Python type of the values of *column*."""
    try:
        kind: type = column.type.python_type
    except NotImplementedError:
        return object
    return str if issubclass(kind, enum.Enum) else kind


def bound(value: Any) -> Any:
    """Return *value* as it is sent to the database.

    A number has a wide type: one that is too large for the column is not an error.
    """
    if isinstance(value, list):
        return [bound(each) for each in value]
    types: dict[type, Any] = {int: BigInteger(), float: Double(), Decimal: Numeric()}
    type_ = types.get(type(value))
    return value if type_ is None else _literal(value, type_)


def _literal(value: Any, type_: Any) -> ColumnElement[Any]:
    return literal(value, type_)
