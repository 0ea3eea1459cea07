"""Compile the inner loop of `dump`.

Each value is read once, in order. A value of a type that the field's table covers
is converted here, any other is given to marshmallow's field as it was read.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from marshmallow import Schema, missing

from twopi_schemas.decide.plan import Plan, Scope, refuse_overrides
from twopi_schemas.dump.attribute_access import MISS, Access, access, stored
from twopi_schemas.dump.fields import Row, row_of
from twopi_schemas.marshmallow_internals import DUMP_METHODS, serialize_as

#: Classes of objects remembered by one program.
_MAX_CLASSES = 64


#: The class of the result.
Make = type[dict[str, Any]]


class DumpProgram(NamedTuple):
    """The inner loop of `dump`."""

    one: Callable[[Any], dict[str, Any]]


def compile_dump(scope: Scope) -> DumpProgram:
    """Compile how one object is dumped, or raise `HandedOverError`."""
    refuse_overrides(scope.schema, DUMP_METHODS, scope.entry)
    fields = scope.schema.dump_fields.items()
    rows = [row_of(name, field, scope)[0] for name, field in fields]
    return DumpProgram(_dumper(rows, scope.schema))


def plan_dump(scope: Scope) -> dict[str, Plan]:
    """Say of each field how it is dumped."""
    refuse_overrides(scope.schema, DUMP_METHODS, scope.entry)
    fields = scope.schema.dump_fields.items()
    return {name: row_of(name, field, scope)[1] for name, field in fields}


def asking(schema: Schema) -> Callable[[Any], dict[str, Any]]:
    """Return marshmallow's own inner loop."""
    return functools.partial(serialize_as, schema, many=False)


def _dumper(rows: list[Row], schema: Schema) -> Callable[[Any], dict[str, Any]]:
    known: dict[type, Callable[[Any], dict[str, Any]]] = {}
    make: Make = schema.dict_class

    def learn(kind: type) -> Callable[[Any], dict[str, Any]]:
        how = access(kind)
        reader: Callable[[Any], dict[str, Any]]
        if how is Access.ASK:
            reader = asking(schema)
        elif how is Access.KEY:
            reader = _by_key(rows, make)
        elif how is Access.ATTRIBUTE:
            reader = _by_attribute(rows, make)
        else:
            reader = _by_state(rows, kind, make)
        if len(known) >= _MAX_CLASSES:
            known.clear()
        known[kind] = reader
        return reader

    def one(obj: Any) -> dict[str, Any]:
        return (known.get(type(obj)) or learn(type(obj)))(obj)

    return one


def _by_key(rows: list[Row], make: Make) -> Callable[[Any], dict[str, Any]]:
    def dump(obj: Any) -> dict[str, Any]:
        result = make()
        for key, attribute, kind, convert, other in rows:
            if attribute is None:
                value = missing
            else:
                try:
                    value = obj[attribute]
                except MISS:
                    value = getattr(obj, attribute, missing)
            if type(value) is kind:
                result[key] = value if convert is None else convert(value)
            else:
                value = other(value, obj)
                if value is not missing:
                    result[key] = value
        return result

    return dump


def _by_attribute(rows: list[Row], make: Make) -> Callable[[Any], dict[str, Any]]:
    def dump(obj: Any) -> dict[str, Any]:
        result = make()
        for key, attribute, kind, convert, other in rows:
            value = missing if attribute is None else getattr(obj, attribute, missing)
            if type(value) is kind:
                result[key] = value if convert is None else convert(value)
            else:
                value = other(value, obj)
                if value is not missing:
                    result[key] = value
        return result

    return dump


def _by_state(
    rows: list[Row], mapped: type, make: Make
) -> Callable[[Any], dict[str, Any]]:
    names = stored(mapped, [row[1] for row in rows if row[1]])
    steps = [(row[1] if row[1] in names else missing, *row) for row in rows]

    def dump(obj: Any) -> dict[str, Any]:
        state = obj.__dict__
        result = make()
        for name, key, attribute, kind, convert, other in steps:
            value = state.get(name, missing)
            if type(value) is kind:
                result[key] = value if convert is None else convert(value)
                continue
            if value is missing and attribute is not None:
                value = getattr(obj, attribute, missing)
            value = other(value, obj)
            if value is not missing:
                result[key] = value
        return result

    return dump
