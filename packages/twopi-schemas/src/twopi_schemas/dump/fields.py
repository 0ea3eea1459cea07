"""What dumping one field does, given the value that was read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, missing
from marshmallow.fields import (
    Constant,
    Dict,
    Function,
    List,
    Method,
    Nested,
    Pluck,
    Tuple,
)
from marshmallow.utils import get_value

from twopi_schemas.decide.plan import (
    CALLED,
    COMPILED,
    HANDED_OVER,
    HandedOverError,
    Plan,
    Scope,
    describe,
    refuse_patches,
)
from twopi_schemas.dump.scalars import SCALARS
from twopi_schemas.marshmallow_internals import AnyField, plucked_key, serialize_of
from twopi_schemas.registry import AS_IS, Convert, Table, declared, dumps

Serialize = Callable[[Any, Any], Any]
#: Key in the result, attribute to read, usual type, what converts it, all the rest.
Row = tuple[str, str | None, type | None, Convert, Serialize]

_COMPILED = Plan(COMPILED)


def row_of(name: str, field: AnyField, scope: Scope) -> tuple[Row, Plan]:
    """Return how *field* is dumped, and what to say of it."""
    key = field.data_key if field.data_key is not None else name
    try:
        return _known(key, name, field, scope)
    except HandedOverError as reason:
        ask = _asking(name, field, scope.schema)
        return (key, None, None, AS_IS, ask), Plan(HANDED_OVER, str(reason))


def _known(key: Any, name: str, field: AnyField, scope: Scope) -> tuple[Row, Plan]:
    attribute: Any = field.attribute
    if type(field) is Constant:
        refuse_patches(field)
        return (key, None, None, AS_IS, lambda *_: field.constant), _COMPILED
    if type(field) in (Method, Function):
        refuse_patches(field)
        serialize = serialize_of(field)
        called = (key, None, None, AS_IS, lambda _, obj: serialize(None, name, obj))
        return called, Plan(CALLED, f"{describe(field)} is called")
    if attribute is None:
        attribute = name
    if not isinstance(attribute, str) or not attribute:
        raise HandedOverError(f"attribute {attribute!r} is not a name")

    kind, convert, whole = inner_of(field, name, scope)

    def other(value: Any, obj: Any) -> Any:
        if value is missing:
            default = field.dump_default
            value = default() if callable(default) else default
            if value is missing:
                return missing
        return whole(value, obj)

    if "." not in attribute:
        return (key, attribute, kind, convert, other), _COMPILED

    def dotted(_: Any, obj: Any) -> Any:
        return other(get_value(obj, attribute, missing), obj)

    return (key, None, None, AS_IS, dotted), _COMPILED


def _asking(name: str, field: AnyField, schema: Schema) -> Serialize:
    """Give the object itself to marshmallow's field."""

    def ask(_: Any, obj: Any) -> Any:
        return field.serialize(name, obj, accessor=schema.get_attribute)

    return ask


def inner_of(
    field: AnyField, name: str | None, scope: Scope
) -> tuple[type | None, Convert, Serialize]:
    """Return the usual type, what converts it, and what does ``field._serialize``."""
    refuse_patches(field)
    container = _CONTAINERS.get(type(field))
    if container is not None:
        return None, AS_IS, container(field, name, scope)
    tables = SCALARS.get(type(field)) or dumps.get(type(field))
    table = tables(field) if tables else None
    if table is None:
        raise HandedOverError(f"{describe(field)} is not a known field class")
    kind = next(iter(table))
    if kind is object and table[kind] is AS_IS:
        return None, AS_IS, lambda value, _: value
    serialize = serialize_of(field)
    if type(field) in declared:
        return None, AS_IS, _by_declared_table(table, serialize, name)
    return kind, table[kind], _by_table(table, serialize, name)


def _by_declared_table(table: Table, serialize: Any, name: str | None) -> Serialize:
    def whole(value: Any, obj: Any) -> Any:
        try:
            convert: Any = table[type(value)]
            return value if convert is AS_IS else convert(value)
        except Exception:  # noqa: BLE001 - marshmallow says what is wrong
            return serialize(value, name, obj)

    return whole


def _by_table(table: Table, serialize: Any, name: str | None) -> Serialize:
    def whole(value: Any, obj: Any) -> Any:
        convert: Any = table.get(type(value), serialize)
        if convert is AS_IS:
            return value
        if convert is serialize:
            return serialize(value, name, obj)
        return convert(value)

    return whole


def _list(field: Any, name: str | None, scope: Scope) -> Serialize:
    kind, convert, other = inner_of(field.inner, name, scope)
    usual = kind if convert is AS_IS else None

    def items(value: Any, obj: Any) -> Any:
        if value is None:
            return None
        return [v if type(v) is usual else other(v, obj) for v in value]

    return items


def _tuple(field: Any, name: str | None, scope: Scope) -> Serialize:
    fields = [inner_of(each, name, scope)[2] for each in field.tuple_fields]
    serialize = serialize_of(field)

    def items(value: Any, obj: Any) -> Any:
        if type(value) not in (tuple, list) or len(value) != len(fields):
            return serialize(value, name, obj)
        return tuple(item(each, obj) for item, each in zip(fields, value, strict=True))

    return items


def _dict(field: Any, name: str | None, scope: Scope) -> Serialize:
    serialize = serialize_of(field)
    keys, values = field.key_field, field.value_field
    key = inner_of(keys, None, scope)[2] if keys else None
    item = inner_of(values, None, scope)[2] if values else None

    def items(value: Any, obj: Any) -> Any:
        if type(value) is not dict or field.mapping_type is not dict:
            return serialize(value, name, obj)
        if key is None and item is None:
            return dict(value)
        names = {k: key(k, None) for k in value} if key else {k: k for k in value}
        if item is None:
            return {names[k]: v for k, v in value.items()}
        return {names[k]: item(v, None) for k, v in value.items()}

    return items


def _nested(field: Any, _: str | None, scope: Scope) -> Serialize:
    """Dump with the compiled schema, which is looked up as late as marshmallow does."""
    child: Any = None
    schema: Any = None

    def nested(value: Any, __: Any) -> Any:
        nonlocal child, schema
        if child is None:
            schema = field.schema
            child = scope.child(field)
        if value is None:
            return None
        return child.dump(value, many=schema.many or field.many)

    return nested


def _pluck(field: Any, name: str | None, scope: Scope) -> Serialize:
    dump = _nested(field, name, scope)

    def pluck(value: Any, obj: Any) -> Any:
        value = dump(value, obj)
        if value is None:
            return None
        key = plucked_key(field)
        return [each[key] for each in value] if field.many else value[key]

    return pluck


_CONTAINERS: dict[type, Callable[[Any, Any, Scope], Serialize]] = {
    Dict: _dict,
    List: _list,
    Nested: _nested,
    Pluck: _pluck,
    Tuple: _tuple,
}
