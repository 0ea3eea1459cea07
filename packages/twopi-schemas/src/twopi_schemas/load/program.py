"""Compile the inner loop of `load`.

A field without code of a user in it has a *table*: per type of value, a function
without effects. If all fields have one, a value that no table covers, or that its
function raises on, sends the whole of the data to marshmallow: nothing has
happened yet. If a user's code runs in any field, each field in turn either takes
its fast path or is given to marshmallow's field, so that all code runs once and in
marshmallow's order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema, ValidationError, missing
from marshmallow.utils import set_value

from twopi_schemas.decide.plan import (
    COMPILED,
    HandedOverError,
    Plan,
    Scope,
    UnsureError,
    refuse_overrides,
)
from twopi_schemas.load.fields import row_of
from twopi_schemas.load.user_code import Step, step_of
from twopi_schemas.marshmallow_internals import LOAD_METHODS, AnyField

Run = Callable[[Any], dict[str, Any]]
Collect = Callable[[Any, Any, int | None], dict[str, Any]]


class Pure(NamedTuple):
    """The inner loop of `load` without code of a user; raises where it is unsure."""

    run: Run


class Collecting(NamedTuple):
    """The inner loop of `load` with code of a user in it; stores errors."""

    collect: Collect
    why: str

    def all(self, data: Any, store: Any, *, many: bool, numbered: bool) -> Any:
        """Load one mapping, or with *many* a list of them."""
        if not many:
            return self.collect(data, store, None)
        return [
            self.collect(each, store, index if numbered else None)
            for index, each in enumerate(data)
        ]


LoadProgram: TypeAlias = Pure | Collecting


def compile_load(scope: Scope, unknown: str) -> LoadProgram:
    """Compile how one mapping is loaded, or raise `HandedOverError`."""
    schema = scope.schema
    refuse_overrides(schema, LOAD_METHODS, scope.entry)
    names = [(name, *names_of(name, field), field) for name, field in _fields(schema)]
    rows: list[Any] = []
    try:
        for name, source, target, field in names:
            rows.append((source, target, *row_of(name, field, scope)))
    except HandedOverError as reason:
        why = f".{names[len(rows)][0]}: {reason}"
        steps = [
            (
                source,
                target,
                step_of(field, source, scope.within(name, field))[0],
                scope.skips(name),
            )
            for name, source, target, field in names
        ]
        return Collecting(_collector(steps, schema, unknown), why)
    return Pure(_runner(rows, unknown, schema.dict_class))


def plan_load(scope: Scope) -> dict[str, Plan]:
    """Say of each field how it is loaded."""
    refuse_overrides(scope.schema, LOAD_METHODS, scope.entry)
    plans = {}
    for name, field in _fields(scope.schema):
        source, _ = names_of(name, field)
        try:
            row_of(name, field, scope)
            plans[name] = Plan(COMPILED)
        except HandedOverError as reason:
            plan = step_of(field, source, scope.within(name, field))[1]
            plans[name] = plan._replace(why=str(reason))
    return plans


def _fields(schema: Schema) -> list[tuple[str, AnyField]]:
    return list(schema.load_fields.items())


def names_of(name: str, field: AnyField) -> tuple[Any, str]:
    """Return the key of *field* in the data and in the result."""
    target = field.attribute or name
    if not isinstance(target, str):
        raise HandedOverError(f"attribute {target!r} is not text")
    return field.data_key if field.data_key is not None else name, target


def _runner(rows: list[Any], unknown: str, make: type[dict[str, Any]]) -> Run:
    names = frozenset(source for source, *_ in rows)
    finish = _finisher(rows, names, unknown, make)

    def run(data: Any) -> dict[str, Any]:
        if type(data) is not dict and not isinstance(data, Mapping):
            raise UnsureError
        get = data.get
        result = make()
        for source, target, kind, convert, optional, other in rows:
            value = get(source, missing)
            if type(value) is kind:
                result[target] = value if convert is None else convert(value)
            elif value is not missing or not optional:
                value = other(value)
                if value is not missing:
                    result[target] = value
        return result if finish is None else finish(result, data)

    return run


def _finisher(
    rows: list[Any], names: frozenset[Any], unknown: str, make: type[dict[str, Any]]
) -> Callable[[dict[str, Any], Any], dict[str, Any]] | None:
    """Return what treats unknown keys and dotted names, if anything is to be done."""
    dotted = any("." in target for _, target, *_ in rows)
    if unknown == EXCLUDE and not dotted:
        return None

    def finish(result: dict[str, Any], data: Any) -> dict[str, Any]:
        if unknown == RAISE and not names.issuperset(data):
            raise UnsureError
        if dotted:
            flat, result = result, make()
            for target, value in flat.items():
                set_value(result, target, value)
        if unknown == INCLUDE:
            for key in set(data) - names:
                result[key] = data[key]
        return result

    return finish


def _collector(
    steps: list[tuple[Any, str, Step, bool]], schema: Schema, unknown: str
) -> Collect:
    names = {source for source, *_ in steps}
    make = schema.dict_class

    def collect(data: Any, store: Any, index: int | None) -> dict[str, Any]:
        result = make()
        if not isinstance(data, Mapping):
            store.store_error([schema.error_messages["type"]], index=index)
            return result
        for source, target, deserialize, skipped in steps:
            value: Any = data.get(source, missing)
            if skipped and value is missing:
                continue
            try:
                value = deserialize(value, data)
            except ValidationError as error:
                store.store_error(error.messages, source, index=index)
                value = error.valid_data or missing
            if value is not missing:
                set_value(result, target, value)
        if unknown != EXCLUDE:
            for key in set(data) - names:
                value = data[key]
                if unknown == INCLUDE:
                    result[key] = value
                else:
                    messages = [schema.error_messages["unknown"]]
                    store.store_error(messages, key, index=index)
        return result

    return collect
