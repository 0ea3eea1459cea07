"""What loading one field does, where code of a user takes part.

A step does exactly what ``field.deserialize`` does: it takes the fast path up to the
user's code, or leaves the value to the field. Each piece of code runs once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError, missing
from marshmallow.fields import List, Nested

from twopi_schemas.decide.plan import (
    CALLED,
    HANDED_OVER,
    HandedOverError,
    Plan,
    Scope,
    UnsureError,
    refuse_patches,
)
from twopi_schemas.load.fields import refuse_processors, table_of
from twopi_schemas.marshmallow_internals import AnyField, validate_of

Step = Callable[[Any, Any], Any]


def step_of(field: AnyField, source: Any, scope: Scope) -> tuple[Step, Plan]:
    """Return what does exactly what ``field.deserialize`` does, all code included."""
    try:
        refuse_patches(field)
        refuse_processors(field)
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


def _asking(field: AnyField, source: Any, scope: Scope) -> Step:
    def ask(value: Any, data: Any) -> Any:
        return field.deserialize(value, source, data, **scope.options)

    return ask


def _known(field: AnyField, source: Any, scope: Scope) -> Step:
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


def _nested_step(field: Any, source: Any, scope: Scope) -> Step:
    """Load with the compiled schema, whose code then runs as marshmallow runs it."""
    ask = _asking(field, source, scope)
    child: Any = None
    many: bool | None = None

    def nested(value: Any, data: Any) -> Any:
        nonlocal child, many
        if value is None or value is missing:
            return ask(value, data)
        if child is None:
            schema = field.schema
            same = bool(schema.many) == bool(schema.many or field.many)
            many = bool(schema.many) if same else None
            child = scope.child(field)
        if type(value) is not (list if many else dict) or many is None:
            return ask(value, data)
        try:
            output = child.load(value, unknown=field.unknown, **scope.options)
        except ValidationError as error:
            raise ValidationError(
                error.messages, valid_data=error.valid_data
            ) from error
        validate_of(field)(output)
        return output

    return nested


def _list_step(field: Any, source: Any, scope: Scope) -> Step:
    """Load each item in turn, as the field's own method does."""
    ask = _asking(field, source, scope)
    inner, _ = step_of(field.inner, None, scope)

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
