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
from marshmallow.fields import Dict, List, Nested, Pluck, Tuple
from marshmallow.utils import set_value

from twopi_schemas import load_tables  # noqa: F401
from twopi_schemas.borrowed import LOAD_METHODS, AnyField, plucked_key, validate_of
from twopi_schemas.checks import is_repeatable, is_repeatable_default
from twopi_schemas.plans import (
    CALLED,
    COMPILED,
    HANDED_OVER,
    HandedOverError,
    Plan,
    Scope,
    UnsureError,
    describe,
    refuse_overrides,
    refuse_patches,
)
from twopi_schemas.registry import Convert, Table, loads

Run = Callable[[Any], dict[str, Any]]
Collect = Callable[[Any, Any, int | None], dict[str, Any]]
Deserialize = Callable[[Any, Any], Any]


class Pure(NamedTuple):
    """The inner loop of `load` without code of a user; raises where it is unsure."""

    run: Run


class Collecting(NamedTuple):
    """The inner loop of `load` with code of a user in it; stores errors."""

    collect: Collect

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
    refuse_overrides(schema, LOAD_METHODS)
    names = [(*_names(name, field), field) for name, field in _fields(schema)]
    try:
        rows = [
            (source, target, *_row(field, scope)) for source, target, field in names
        ]
    except HandedOverError:
        steps = [
            (source, target, _step(field, source, scope)[0])
            for source, target, field in names
        ]
        return Collecting(_collector(steps, schema, unknown, scope.partial))
    return Pure(_runner(rows, unknown))


def plan_load(scope: Scope) -> dict[str, Plan]:
    """Say of each field how it is loaded."""
    refuse_overrides(scope.schema, LOAD_METHODS)
    plans = {}
    for name, field in _fields(scope.schema):
        source, _ = _names(name, field)
        try:
            _row(field, scope)
            plans[name] = Plan(COMPILED)
        except HandedOverError as reason:
            plans[name] = _step(field, source, scope)[1]._replace(why=str(reason))
    return plans


def _fields(schema: Schema) -> list[tuple[str, AnyField]]:
    return list(schema.load_fields.items())


def _names(name: str, field: AnyField) -> tuple[Any, str]:
    """Return the key of *field* in the data and in the result."""
    target = field.attribute or name
    if not isinstance(target, str):
        raise HandedOverError(f"attribute {target!r} is not text")
    return field.data_key if field.data_key is not None else name, target


# One field


def table_of(field: AnyField, scope: Scope) -> Table:
    """Return what ``field._deserialize`` does by type, without effects."""
    refuse_patches(field)
    kind = type(field)
    if kind is List:
        return _list(field, scope)
    if kind is Tuple:
        return _tuple(field, scope)
    if kind is Dict:
        return _dict(field, scope)
    if kind in (Nested, Pluck):
        return _nested(field, scope)
    tables = loads.get(kind)
    if tables is None:
        raise HandedOverError(f"{describe(field)} is not a known field class")
    table = tables(field)
    if table is None:
        raise HandedOverError(f"{describe(field)} is set up in an unknown way")
    return table


def _row(field: AnyField, scope: Scope) -> tuple[type | None, Convert, Convert]:
    """Return the usual type, what converts it, and what takes all other values."""
    _refuse_code(field)
    kind, convert, other = _whole(field, table_of(field, scope))
    if scope.partial:
        other = _skipping_missing(other)
    return kind, convert, other


def _refuse_code(field: AnyField) -> None:
    """Raise `HandedOverError` if loading *field* runs code of a user."""
    _refuse_processors(field)
    for check in field.validators:
        if not is_repeatable(check):
            raise HandedOverError(f"its validator {_name(check)} is called")
    if not is_repeatable_default(field.load_default):
        raise HandedOverError("its load_default is called")


def _refuse_processors(field: AnyField) -> None:
    if getattr(field, "pre_load", ()) or getattr(field, "post_load", ()):
        raise HandedOverError("it has pre_load or post_load functions")


def _name(code: Any) -> str:
    return getattr(code, "__qualname__", None) or type(code).__qualname__


def _whole(field: AnyField, table: Table) -> tuple[type | None, Convert, Any]:
    """Add to *table* what ``field.deserialize`` does around it."""
    checks = tuple(field.validators)
    if checks:
        table = {kind: _checked(convert, checks) for kind, convert in table.items()}
    required = field.required
    allow_none, default = field.allow_none, field.load_default
    make_default = callable(default)
    anything = table.get(object, UnsureError)

    def other(value: Any) -> Any:
        if value is missing:
            if required:
                raise UnsureError
            return default() if make_default else default
        if value is None:
            if allow_none:
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


def _skipping_missing(other: Any) -> Any:
    return lambda value: missing if value is missing else other(value)


def _item(field: AnyField, scope: Scope) -> Callable[[Any], Any]:
    """Return what ``field.deserialize`` does to an item of a collection."""
    _refuse_code(field)
    kind, convert, other = _whole(field, table_of(field, scope))
    if convert is None:
        return lambda value: value if type(value) is kind else other(value)
    return lambda value: convert(value) if type(value) is kind else other(value)


def _list(field: Any, scope: Scope) -> Table:
    _refuse_code(field.inner)
    kind, convert, other = _whole(field.inner, table_of(field.inner, scope))
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


def _child(field: Any, scope: Scope) -> Any:
    """Return the compiled schema of *field*, if it is not one we are inside of."""
    try:
        nested = field.schema
    except Exception as error:
        raise HandedOverError(f"its schema cannot be found: {error}") from error
    if type(nested) in scope.above:
        raise HandedOverError("its schema is recursive")
    return scope.child(field)


def _nested(field: Any, scope: Scope) -> Table:
    child = _child(field, scope)
    many = field.schema.many
    if bool(many) != bool(many or field.many):
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
    if bool(field.many) != bool(many):
        raise HandedOverError("its schema and the field differ in many")
    if many:
        return {list: lambda values: several([{key: value} for value in values])}
    return {object: lambda value: one({key: value})}


# One mapping, no code of a user


def _runner(rows: list[Any], unknown: str) -> Run:
    names = frozenset(source for source, *_ in rows)
    finish = _finisher(rows, names, unknown)

    def run(data: Any) -> dict[str, Any]:
        if type(data) is not dict and not isinstance(data, Mapping):
            raise UnsureError
        get = data.get
        result: dict[str, Any] = {}
        for source, target, kind, convert, other in rows:
            value = get(source, missing)
            if type(value) is kind:
                result[target] = value if convert is None else convert(value)
            else:
                value = other(value)
                if value is not missing:
                    result[target] = value
        return result if finish is None else finish(result, data)

    return run


def _finisher(
    rows: list[Any], names: frozenset[Any], unknown: str
) -> Callable[[dict[str, Any], Any], dict[str, Any]] | None:
    """Return what treats unknown keys and dotted names, if anything is to be done."""
    dotted = any("." in target for _, target, *_ in rows)
    if unknown == EXCLUDE and not dotted:
        return None

    def finish(result: dict[str, Any], data: Any) -> dict[str, Any]:
        if unknown == RAISE and not names.issuperset(data):
            raise UnsureError
        if dotted:
            flat, result = result, {}
            for target, value in flat.items():
                set_value(result, target, value)
        if unknown == INCLUDE:
            for key in set(data) - names:
                result[key] = data[key]
        return result

    return finish


# One mapping, code of a user in it


def _collector(
    steps: list[tuple[Any, str, Deserialize]],
    schema: Schema,
    unknown: str,
    partial: bool | None,
) -> Collect:
    names = {source for source, *_ in steps}

    def collect(data: Any, store: Any, index: int | None) -> dict[str, Any]:
        result: dict[str, Any] = {}
        if not isinstance(data, Mapping):
            store.store_error([schema.error_messages["type"]], index=index)
            return result
        for source, target, deserialize in steps:
            value: Any = data.get(source, missing)
            if value is missing and partial is True:
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


def _step(field: AnyField, source: Any, scope: Scope) -> tuple[Deserialize, Plan]:
    """Return what does exactly what ``field.deserialize`` does, all code included."""
    try:
        refuse_patches(field)
        _refuse_processors(field)
        try:
            return _known(field, source, scope), Plan(CALLED)
        except HandedOverError:
            if type(field) is Nested:
                return _nested_step(field, source, scope), Plan(CALLED)
            if type(field) is List:
                return _list_step(field, source, scope), Plan(CALLED)
            raise
    except HandedOverError:
        return _asking(field, source, scope), Plan(HANDED_OVER)


def _asking(field: AnyField, source: Any, scope: Scope) -> Deserialize:
    options: Any = {} if scope.partial is None else {"partial": scope.partial}

    def ask(value: Any, data: Any) -> Any:
        return field.deserialize(value, source, data, **options)

    return ask


def _known(field: AnyField, source: Any, scope: Scope) -> Deserialize:
    """Convert by table, then run the validators, each once."""
    table, ask = table_of(field, scope), _asking(field, source, scope)
    validate = validate_of(field) if field.validators else None
    anything = table.get(object, UnsureError)

    def known(value: Any, data: Any) -> Any:
        if value is None or value is missing:
            return ask(value, data)
        convert: Any = table.get(type(value), anything)
        if convert is UnsureError:
            return ask(value, data)
        if convert is not None:
            try:
                output = convert(value)
            except Exception:  # noqa: BLE001
                output = UnsureError
            if output is UnsureError:
                return ask(value, data)
            value = output
        if validate is not None:
            validate(value)
        return value

    return known


def _nested_step(field: Any, source: Any, scope: Scope) -> Deserialize:
    """Load with the compiled schema, whose code then runs as marshmallow runs it."""
    ask, many = _asking(field, source, scope), None
    child: Any = None

    def nested(value: Any, data: Any) -> Any:
        nonlocal child, many
        if child is None:
            schema = field.schema
            many, child = bool(schema.many), scope.child(field)
            if many != bool(schema.many or field.many):
                many = None
        if type(value) is not (list if many else dict) or many is None:
            return ask(value, data)
        try:
            output = child.load(value, unknown=field.unknown, partial=scope.partial)
        except ValidationError as error:
            raise ValidationError(
                error.messages, valid_data=error.valid_data
            ) from error
        validate_of(field)(output)
        return output

    return nested


def _list_step(field: Any, source: Any, scope: Scope) -> Deserialize:
    """Load each item in turn, as the field's own method does."""
    ask = _asking(field, source, scope)
    inner, _ = _step(field.inner, None, scope)

    def items(value: Any, data: Any) -> Any:
        if type(value) not in (list, tuple):
            return ask(value, data)
        result, errors = [], {}
        for index, each in enumerate(value):
            try:
                result.append(inner(each, None))
            except ValidationError as error:
                if error.valid_data is not None:
                    result.append(error.valid_data)
                errors[index] = error.messages
        if errors:
            raise ValidationError(errors, valid_data=result)
        validate_of(field)(result)
        return result

    return items
