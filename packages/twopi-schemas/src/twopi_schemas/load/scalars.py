"""What marshmallow's own scalar fields do when they load, by type of value."""

from __future__ import annotations

import datetime as dt
import decimal
import email.utils
import math
import uuid
from collections.abc import Callable
from typing import Any

from marshmallow import fields, utils

from twopi_schemas.decide.purity import is_plain_enum
from twopi_schemas.marshmallow_internals import AnyField, deserialize_of
from twopi_schemas.registry import ANYTHING, AS_IS, Convert, Table, TableOf, loads

_PARSERS = (
    *(dt.datetime.fromisoformat, dt.date.fromisoformat, dt.time.fromisoformat),
    *(email.utils.parsedate_to_datetime, utils.from_timestamp, utils.from_timestamp_ms),
    *(
        getattr(utils, name, None)
        for name in ("from_iso_datetime", "from_iso_date", "from_iso_time", "from_rfc")
    ),
)


def _own(field: AnyField) -> Callable[[Any], Any]:
    """Convert with the field's own method, which has no effects."""
    deserialize = deserialize_of(field)
    return lambda value: deserialize(value, field.name, None)


def _string(_: AnyField) -> Table:
    return {str: AS_IS}


def _integer(field: fields.Integer) -> Table:
    return {int: AS_IS} if field.strict else {int: AS_IS, str: int, float: int}


def _float(field: fields.Float) -> Table:
    own = _own(field)
    if field.allow_nan:
        return {float: AS_IS, int: own, str: own}

    def finite(value: float) -> float:
        if math.isfinite(value):
            return value
        raise ValueError

    return {float: finite, int: own, str: own}


def _decimal(field: fields.Decimal) -> Table:
    own = _own(field)
    if field.allow_nan:
        return {str: own, decimal.Decimal: own, int: own, float: own}

    def finite(value: str | decimal.Decimal) -> decimal.Decimal:
        number = decimal.Decimal(value)
        if not number.is_finite():
            raise ValueError
        if field.places is not None:
            return number.quantize(field.places, rounding=field.rounding)
        return number

    return {str: finite, decimal.Decimal: finite, int: own, float: own}


def _boolean(field: fields.Boolean) -> Table:
    truthy, falsy = field.truthy, field.falsy

    def boolean(value: Any) -> bool:
        if not truthy:
            return bool(value)
        if value in truthy:
            return True
        if value in falsy:
            return False
        raise ValueError

    both = True in truthy and False in falsy and False not in truthy
    kept = AS_IS if both else boolean
    return {bool: kept, str: boolean, int: boolean, float: boolean}


def _temporal(field: Any) -> Table | None:
    own: Convert = _own(field)
    parse = field.DESERIALIZATION_FUNCS.get(field.format or field.DEFAULT_FORMAT)
    if parse is None:
        return {str: own}
    if parse not in _PARSERS:
        return None
    numbers = parse in (utils.from_timestamp, utils.from_timestamp_ms)
    if type(field) in (fields.DateTime, fields.Date, fields.Time):
        own = parse
    return {int: own, str: own, float: own} if numbers else {str: own}


def _timedelta(field: fields.TimeDelta) -> Table:
    own = _own(field)
    return {int: own, float: own, str: own}


def _uuid(_: fields.UUID) -> Table:
    return {str: uuid.UUID, uuid.UUID: AS_IS}


def _ip(field: AnyField) -> Table:
    return {str: _own(field)}


def _enum(field: fields.Enum[Any]) -> Table | None:
    members = field.enum
    if not is_plain_enum(members):
        return None
    if field.by_value:
        return _enum_by_value(field)
    names = members.__members__
    if any(getattr(members, name) is not names[name] for name in names):
        return None
    return {str: names.__getitem__}


def _enum_by_value(field: fields.Enum[Any]) -> Table | None:
    kind = type(field.field)
    table_of = SCALARS.get(kind) or loads.get(kind)
    table = table_of(field.field) if table_of else None
    if table is None or any(type(m.value) not in (str, int) for m in field.enum):
        return None
    members = {(type(member.value), member.value): member for member in field.enum}

    def lookup(convert: Convert) -> Callable[[Any], Any]:
        def member(value: Any) -> Any:
            if convert is not None:
                value = convert(value)
            return members[type(value), value]

        return member

    if table is ANYTHING:
        table = {str: AS_IS, int: AS_IS}
    return {kind: lookup(convert) for kind, convert in table.items()}


def _constant(field: fields.Constant[Any]) -> Table:
    return {object: lambda _: field.constant}


def _anything(_: AnyField) -> Table:
    return ANYTHING


#: The field classes of marshmallow that are known exactly.
SCALARS: dict[type[AnyField], TableOf] = {
    fields.AwareDateTime: _temporal,
    fields.Boolean: _boolean,
    fields.Constant: _constant,
    fields.Date: _temporal,
    fields.DateTime: _temporal,
    fields.Decimal: _decimal,
    fields.Email: _string,
    fields.Enum: _enum,
    fields.Float: _float,
    fields.IP: _ip,
    fields.IPInterface: _ip,
    fields.IPv4: _ip,
    fields.IPv4Interface: _ip,
    fields.IPv6: _ip,
    fields.IPv6Interface: _ip,
    fields.Integer: _integer,
    fields.NaiveDateTime: _temporal,
    fields.Raw: _anything,
    fields.String: _string,
    fields.Time: _temporal,
    fields.TimeDelta: _timedelta,
    fields.URL: _string,
    fields.UUID: _uuid,
}
