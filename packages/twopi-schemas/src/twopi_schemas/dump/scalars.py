"""What marshmallow's own scalar fields do when they dump, by type of value.

A function here gives what the field's own method gives, or raises what it raises.
"""

from __future__ import annotations

import datetime as dt
import decimal
import operator
import uuid
from typing import Any

from marshmallow import fields, utils

from twopi_schemas.decide.purity import is_plain_enum
from twopi_schemas.marshmallow_internals import AnyField, serialize_of
from twopi_schemas.registry import ANYTHING, AS_IS, Table, TableOf, dumps

_NONE: Table = {type(None): AS_IS}
_ISO = {
    dt.datetime: (dt.datetime.isoformat, getattr(utils, "isoformat", None)),
    dt.date: (dt.date.isoformat, getattr(utils, "to_iso_date", None)),
    dt.time: (dt.time.isoformat, getattr(utils, "to_iso_time", None)),
}


def _string(_: AnyField) -> Table:
    return {str: AS_IS, **_NONE}


def _number(field: fields.Integer | fields.Float) -> Table:
    convert = str if field.as_string else AS_IS
    return {field.num_type: convert, **_NONE}


def _decimal(field: fields.Decimal) -> Table:
    serialize, as_string = serialize_of(field), field.as_string

    def convert(value: decimal.Decimal) -> decimal.Decimal | str:
        if not value.is_finite():
            return serialize(value, field.name, None)  # type: ignore[no-any-return]
        if field.places is not None:
            value = value.quantize(field.places, rounding=field.rounding)
        return format(value, "f") if as_string else value

    return {decimal.Decimal: convert, **_NONE}


def _boolean(field: fields.Boolean) -> Table:
    if serialize_of(type(field)) is serialize_of(fields.Field):  # type: ignore[arg-type]
        return {bool: AS_IS, **_NONE}
    serialize = serialize_of(field)
    return {bool: lambda value: serialize(value, field.name, None), **_NONE}


def _temporal(field: Any) -> Table:
    kind = getattr(dt, field.OBJ_TYPE)
    wanted = field.format or field.DEFAULT_FORMAT
    write = field.SERIALIZATION_FUNCS.get(wanted)
    if write is None:
        return {kind: lambda value: value.strftime(wanted), **_NONE}
    return {kind: kind.isoformat if write in _ISO[kind] else write, **_NONE}


def _uuid(_: fields.UUID) -> Table:
    return {uuid.UUID: str, str: AS_IS, **_NONE}


def _enum(field: fields.Enum[Any]) -> Table:
    if not is_plain_enum(field.enum):
        return _NONE
    if field.by_value:
        kind = type(field.field)
        table_of = SCALARS.get(kind) or dumps.get(kind)
        if table_of is None or table_of(field.field) is not ANYTHING:
            return _NONE
        return {field.enum: operator.attrgetter("_value_"), **_NONE}
    return {field.enum: operator.attrgetter("_name_"), **_NONE}


def _anything(_: AnyField) -> Table:
    return ANYTHING


def _ask(_: AnyField) -> Table:
    return _NONE


#: The field classes of marshmallow that are known exactly.
SCALARS: dict[type[AnyField], TableOf] = {
    fields.AwareDateTime: _temporal,
    fields.Boolean: _boolean,
    fields.Date: _temporal,
    fields.DateTime: _temporal,
    fields.Decimal: _decimal,
    fields.Email: _string,
    fields.Enum: _enum,
    fields.Float: _number,
    fields.IP: _ask,
    fields.IPInterface: _ask,
    fields.IPv4: _ask,
    fields.IPv4Interface: _ask,
    fields.IPv6: _ask,
    fields.IPv6Interface: _ask,
    fields.Integer: _number,
    fields.NaiveDateTime: _temporal,
    fields.Raw: _anything,
    fields.String: _string,
    fields.Time: _temporal,
    fields.TimeDelta: _ask,
    fields.URL: _string,
    fields.UUID: _uuid,
}
