"""What loading one field does, where no code of a user takes part.

A field has a *table*: per exact type of value, a function without effects that does
what ``field._deserialize`` does. Around it stands what ``field.deserialize`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import missing
from marshmallow.fields import Dict, List, Nested, Pluck, Tuple

from twopi_schemas.decide.plan import (
    HandedOverError,
    Scope,
    UnsureError,
    describe,
    refuse_patches,
)
from twopi_schemas.decide.purity import is_repeatable, is_repeatable_default
from twopi_schemas.load.scalars import SCALARS
from twopi_schemas.marshmallow_internals import AnyField, plucked_key, resolved_schema
from twopi_schemas.registry import AS_IS, Convert, Table, declared, loads

#: The usual type, what converts it, whether it may be missing, and all the rest.
LoadRow = tuple[type | None, Convert, bool, Callable[[Any], Any]]


def table_of(field: AnyField, scope: Scope) -> Table:
    """Return what ``field._deserialize`` does by type, without effects."""
    refuse_patches(field)
    kind = type(field)
    container = _CONTAINERS.get(kind)
    if container is not None:
        return container(field, scope)
    tables = SCALARS.get(kind) or loads.get(kind)
    if tables is None:
        raise HandedOverError(f"{describe(field)} is not a known field class")
    table = tables(field)
    if not table or (kind in declared and not _EVERYWHERE.isdisjoint(table)):
        raise HandedOverError(f"{describe(field)} is not declared for its options")
    return table


def row_of(name: str, field: AnyField, scope: Scope) -> LoadRow:
    """Return how the field *name* is loaded, or raise `HandedOverError`."""
    refuse_code(field)
    kind, convert, other = whole(field, table_of(field, scope.within(name, field)))
    optional = not field.required and field.load_default is missing
    return kind, convert, scope.skips(name) or optional, other


def refuse_code(field: AnyField) -> None:
    """Raise `HandedOverError` if loading *field* runs code of a user."""
    refuse_processors(field)
    for check in field.validators:
        if not is_repeatable(check):
            raise HandedOverError(f"its validator {_name(check)} is called")
    if not is_repeatable_default(field.load_default):
        raise HandedOverError("its load_default is called")


def refuse_processors(field: AnyField) -> None:
    """Raise `HandedOverError` if *field* has marshmallow 4's own hooks."""
    if getattr(field, "pre_load", ()) or getattr(field, "post_load", ()):
        raise HandedOverError("it has pre_load or post_load functions")


def _name(code: Any) -> str:
    return getattr(code, "__qualname__", None) or type(code).__qualname__


def whole(field: AnyField, table: Table) -> tuple[type | None, Convert, Any]:
    """Add to *table* what ``field.deserialize`` does around it."""
    checks = tuple(field.validators)
    if checks:
        table = {kind: _checked(convert, checks) for kind, convert in table.items()}
    anything = table.get(object, UnsureError)

    def other(value: Any) -> Any:
        if value is missing:
            if field.required:
                raise UnsureError
            default = field.load_default
            return default() if callable(default) else default
        if value is None:
            if field.allow_none:
                return None
            raise UnsureError
        convert: Any = table.get(type(value), anything)
        if convert is None:
            return value
        if convert is UnsureError:
            raise UnsureError
        return convert(value)

    kind = next(iter(table))
    if kind is object:
        return None, None, other
    return kind, table[kind], other


def _checked(convert: Convert, checks: tuple[Any, ...]) -> Convert:
    if len(checks) == 1:
        (check,) = checks

        def checked(value: Any) -> Any:
            if convert is not None:
                value = convert(value)
            check(value)
            return value
    else:

        def checked(value: Any) -> Any:
            if convert is not None:
                value = convert(value)
            for check in checks:
                check(value)
            return value

    return checked


def _item(field: AnyField, scope: Scope) -> Callable[[Any], Any]:
    """Return what ``field.deserialize`` does to an item of a collection."""
    refuse_code(field)
    kind, convert, other = whole(field, table_of(field, scope))
    if convert is None:
        return lambda value: value if type(value) is kind else other(value)
    return lambda value: convert(value) if type(value) is kind else other(value)


def _list(field: Any, scope: Scope) -> Table:
    refuse_code(field.inner)
    kind, convert, other = whole(field.inner, table_of(field.inner, scope))
    if convert is None:

        def each(values: Any) -> list[Any]:
            return [v if type(v) is kind else other(v) for v in values]
    else:

        def each(values: Any) -> list[Any]:
            return [convert(v) if type(v) is kind else other(v) for v in values]

    return {list: each, tuple: each}


def _tuple(field: Any, scope: Scope) -> Table:
    items = [_item(each, scope) for each in field.tuple_fields]

    def each(values: Any) -> tuple[Any, ...]:
        return tuple(item(value) for item, value in zip(items, values, strict=True))

    return {list: each, tuple: each}


def _dict(field: Any, scope: Scope) -> Table:
    if field.mapping_type is not dict:
        raise HandedOverError("the field was given its own mapping_type")
    keys, values = field.key_field, field.value_field
    if not keys and not values:
        return {dict: dict}
    key: Any = _item(keys, scope) if keys else lambda value: value
    item: Any = _item(values, scope) if values else lambda value: value
    return {dict: lambda value: {key(k): item(v) for k, v in value.items()}}


def child_of(field: Any, scope: Scope) -> Any:
    """Return the compiled schema of *field*, or None if it is not looked up yet.

    Raises:
        HandedOverError: if it is a schema that we are inside of.
    """
    nested = resolved_schema(field)
    if nested is None:
        return None
    if type(nested) in scope.above:
        raise HandedOverError("its schema is recursive")
    return scope.child(field)


def _nested(field: Any, scope: Scope) -> Table:
    child = child_of(field, scope)
    if child is None:
        return {_NotYet: AS_IS}
    many = bool(field.schema.many)
    if many != bool(many or field.many):
        raise HandedOverError("its schema and the field differ in many")
    unknown, partial = field.unknown, scope.partial
    child.runner(unknown, partial, scope.above)

    def one(value: Any) -> Any:
        if type(value) is not dict:
            raise UnsureError
        return child.runner(unknown, partial)(value)

    def several(values: list[Any]) -> list[Any]:
        run = child.runner(unknown, partial)
        return [run(value) for value in values]

    if type(field) is Nested:
        return {list: several} if many else {dict: one}
    key = plucked_key(field)
    if bool(field.many) != many:
        raise HandedOverError("its schema and the field differ in many")
    if many:
        return {list: lambda values: several([{key: value} for value in values])}
    return {object: lambda value: one({key: value})}


class _NotYet:
    """The type of no value: marshmallow looks the schema up when it is needed."""


_CONTAINERS: dict[type, Callable[[Any, Scope], Table]] = {
    Dict: _dict,
    List: _list,
    Nested: _nested,
    Pluck: _nested,
    Tuple: _tuple,
}
#: Types that a declared class leaves to marshmallow.
_EVERYWHERE = {object, type(None), type(missing)}
