"""A field of marshmallow as JSON Schema 2020-12."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

from marshmallow import Schema, fields, missing

from twopi_openapi import dates
from twopi_openapi.validators import keywords

JSONSchema = dict[str, Any]
Side = Literal["load", "dump"]

_INTEGER = r"^-?\d+$"
_DECIMAL = r"^-?\d+(\.\d+)?$"
_COPIED = {"title", "description", "deprecated", "examples", "externalDocs", "format"}


class Names(Protocol):
    """What gives schemas their names."""

    def ref(self, schema: Schema, side: Side) -> JSONSchema:
        """Return a reference to *schema*, or its body if it has no name."""


def describe(field: fields.Field[Any], side: Side, names: Names) -> JSONSchema:
    """Return what *field* takes or sends.

    A class that is not marshmallow's is described as its nearest base class that is, or
    by a mapping ``__openapi__`` of its own.

    Args:
        field: A field that is bound to its schema.
        side: ``"load"`` for what clients send, ``"dump"`` for what they get.
        names: What gives nested schemas their names.
    """
    schema = _describer(type(field))(field, side, names)
    if side == "load":
        _narrow(schema, keywords(field.validators, schema))
    schema = _with_null(schema) if field.allow_none else schema
    more = _metadata(field.metadata)
    if side == "load" and _is_json(field.load_default):
        more["default"] = field.load_default
    schema.update(more)  # OpenAPI 3.1 lets keywords stand beside a $ref
    return schema


def _narrow(schema: JSONSchema, rules: JSONSchema) -> None:
    """Add *rules*; what has the name of a keyword that is there stands beside it."""
    for name, value in rules.items():
        if name in schema and schema[name] != value:
            schema.setdefault("allOf", []).append({name: value})
        else:
            schema[name] = value


def _describer(kind: type) -> Callable[[Any, Side, Names], JSONSchema]:
    for each in kind.__mro__:
        said = vars(each).get("__openapi__")
        if isinstance(said, Mapping):
            return lambda *_: dict(said)
        if each in _DESCRIBE:
            return _DESCRIBE[each]
    return _anything


def _with_null(schema: JSONSchema) -> JSONSchema:
    """Return *schema* that takes null too."""
    if not schema:
        return schema
    if isinstance(schema.get("type"), str) and "not" not in schema:
        schema = schema | {"type": [schema["type"], "null"]}
        if "enum" in schema and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
        if "const" in schema:
            schema["enum"] = [schema.pop("const"), None]
        if "allOf" not in schema:
            return schema
    return {"anyOf": [schema, {"type": "null"}]}


def _metadata(metadata: Mapping[str, Any]) -> JSONSchema:
    found = {}
    for name, value in metadata.items():
        if name in _COPIED:
            found[name] = value
        elif name == "example":
            found["examples"] = [value]
        elif name.startswith(("x_", "x-")):
            found[f"x-{name[2:]}"] = value
    return found


def _is_json(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_json, value))
    if isinstance(value, dict):
        return all(type(key) is str and _is_json(each) for key, each in value.items())
    return value is not missing and (
        value is None or type(value) in {str, int, float, bool}
    )


def _anything(*_: object) -> JSONSchema:
    return {}


def _string(*_: object) -> JSONSchema:
    return {"type": "string"}


def _formatted(form: str) -> Callable[[Any, Side, Names], JSONSchema]:
    return lambda *_: {"type": "string", "format": form}


def _integer(field: fields.Integer, side: Side, _: Names) -> JSONSchema:
    if field.as_string and (side == "dump" or not field.strict):
        return {"type": "string", "pattern": _INTEGER}
    return {"type": "integer"}


def _float(field: fields.Float, _: Side, __: Names) -> JSONSchema:
    if field.as_string:
        return {"type": "string", "pattern": r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$"}
    return {"type": "number"}


def _decimal(field: fields.Decimal, side: Side, _: Names) -> JSONSchema:
    """A Decimal that is not made into a string is made one by Flask's JSON provider."""
    if field.as_string:
        return {"type": "string", "pattern": _DECIMAL}
    return {"type": "number"} if side == "load" else {"type": ["number", "string"]}


def _boolean(*_: object) -> JSONSchema:
    return {"type": "boolean"}


def _date_time(field: fields.DateTime, side: Side, _: Names) -> JSONSchema:
    schema = dates.date_time(getattr(field, "AWARENESS", None), field.format)
    if schema["type"] == "number" and side == "load":
        most = 253_402_300_799 * (1000 if field.format == "timestamp_ms" else 1)
        schema |= {"minimum": 0, "maximum": most}  # the end of the year 9999
    return schema


def _date(field: fields.Date, _: Side, __: Names) -> JSONSchema:
    return dates.date(field.format)


def _time(field: fields.Time, _: Side, __: Names) -> JSONSchema:
    return dates.time(field.format)


def _time_delta(field: fields.TimeDelta, side: Side, _: Names) -> JSONSchema:
    kind = "integer" if getattr(field, "serialization_type", float) is int else "number"
    schema: JSONSchema = {"type": kind, "description": f"In {field.precision}."}
    if side == "load":
        most = dt.timedelta.max // dt.timedelta(**{field.precision: 1})
        schema |= {"minimum": -most, "maximum": most}
    return schema


def _ip(*_: object) -> JSONSchema:
    return {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}


def _list(field: fields.List[Any], side: Side, names: Names) -> JSONSchema:
    return {"type": "array", "items": describe(field.inner, side, names)}


def _tuple(field: fields.Tuple, side: Side, names: Names) -> JSONSchema:
    parts = [describe(each, side, names) for each in field.tuple_fields]
    number = len(parts)
    return {
        "type": "array",
        "prefixItems": parts,
        "minItems": number,
        "maxItems": number,
    }


def _mapping(field: Any, side: Side, names: Names) -> JSONSchema:
    schema: JSONSchema = {"type": "object"}
    if field.key_field is not None:
        schema["propertyNames"] = describe(field.key_field, side, names)
    if field.value_field is not None:
        schema["additionalProperties"] = describe(field.value_field, side, names)
    return schema


def _nested(field: fields.Nested, side: Side, names: Names) -> JSONSchema:
    schema = field.schema
    if field.unknown is not None and field.unknown != schema.unknown:
        schema = copy.copy(schema)
        schema.unknown = field.unknown
    one = names.ref(schema, side)
    many = field.many or field.schema.many
    return {"type": "array", "items": one} if many else one


def _pluck(field: fields.Pluck, side: Side, names: Names) -> JSONSchema:
    one = describe(field.schema.fields[field.field_name], side, names)
    many = field.many or field.schema.many
    return {"type": "array", "items": one} if many else one


def _enum(field: Any, side: Side, names: Names) -> JSONSchema:
    if field.by_value is False:
        return {"type": "string", "enum": list(field.enum.__members__)}
    sent = [field.field._serialize(each.value, None, None) for each in field.enum]  # noqa: SLF001
    if field.by_value is not True:
        schema = describe(field.field, side, names)
        return schema | ({"enum": sent} if all(map(_is_json, sent)) else {})
    if not all(map(_is_json, sent)):
        return {}
    kinds = {type(each) for each in sent}
    kind = {str: "string", int: "integer", float: "number", bool: "boolean"}
    only = kind.get(kinds.pop()) if len(kinds) == 1 else None
    return {**({"type": only} if only else {}), "enum": sent}


def _constant(field: fields.Constant[Any], _: Side, __: Names) -> JSONSchema:
    return {"const": field.constant} if _is_json(field.constant) else {}


_DESCRIBE: dict[type, Callable[[Any, Side, Names], JSONSchema]] = {
    fields.AwareDateTime: _date_time,
    fields.Boolean: _boolean,
    fields.Constant: _constant,
    fields.Date: _date,
    fields.DateTime: _date_time,
    fields.Decimal: _decimal,
    fields.Email: _formatted("email"),
    fields.Enum: _enum,
    fields.Float: _float,
    fields.IP: _ip,
    fields.IPInterface: _string,
    fields.IPv4: _formatted("ipv4"),
    fields.IPv6: _formatted("ipv6"),
    fields.Integer: _integer,
    fields.List: _list,
    fields.Mapping: _mapping,
    fields.NaiveDateTime: _date_time,
    fields.Nested: _nested,
    fields.Pluck: _pluck,
    fields.String: _string,
    fields.Time: _time,
    fields.TimeDelta: _time_delta,
    fields.Tuple: _tuple,
    fields.URL: _formatted("uri"),
    fields.UUID: _formatted("uuid"),
}
