"""Notice that a schema instance, or a field of it, was changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import ne
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Dict, Enum, List, Nested, Tuple

from twopi_schemas.marshmallow_internals import (
    DUMP_METHODS,
    LOAD_METHODS,
    AnyField,
    resolved_schema,
)

_INNER: dict[type, Callable[[Any], Iterable[AnyField | None]]] = {
    Dict: lambda field: (field.key_field, field.value_field),
    Enum: lambda field: (field.field,),
    List: lambda field: (field.inner,),
    Tuple: lambda field: field.tuple_fields,
}
_METHODS = LOAD_METHODS | DUMP_METHODS


def with_inner(fields: Iterable[AnyField | None]) -> list[AnyField]:
    """Return *fields* and those inside of them, as far as they are compiled."""
    found = [field for field in fields if field is not None]
    for field in found:
        inner = _INNER.get(type(field))
        if inner is not None:
            found += [each for each in inner(field) if each is not None]
    return found


class Watch:
    """What a schema's fields were when they were compiled.

    The lists of validators are compared in any case, since marshmallow shares them
    among all instances of a class, and so are the schemas that `Nested` fields look
    up late. All else can only change in a schema that others have. Comparing is done
    in C: the attributes of all fields against copies of them. As 1 equals True, what
    compiled code takes from a field's defaults, constant and places it reads when it
    needs it.

    Args:
        schema: the schema.
        own: the name of the dictionary of its fields: ``load_fields``, ``dump_fields``.
        thorough: whether others have the schema, so that anything may change.
    """

    def __init__(self, schema: Schema, own: str, *, thorough: bool) -> None:
        self._schema, self._own, self._thorough = schema, own, thorough
        declared = getattr(schema, own)
        fields = with_inner(declared.values())
        self._live: list[Any] = [field.validators for field in fields]
        self._nested = [field for field in fields if isinstance(field, Nested)]
        if thorough:
            self._live += [declared, *map(vars, fields)]
        self._then = [each.copy() for each in self._live]
        self._late = list(map(resolved_schema, self._nested))
        self._around = self._look_around() if thorough else ()

    def _look_around(self) -> tuple[Any, ...]:
        """Return what is not in the fields; compared one by one, by identity."""
        schema = self._schema
        declared = getattr(schema, self._own)
        sizes = [len(vars(kind)) for kind in type(schema).__mro__ if kind is not Schema]
        return (
            schema.many,
            schema.partial,
            schema.unknown,
            schema.dict_class,
            frozenset(_METHODS.intersection(vars(schema))),
            tuple(sizes),
            tuple(declared),
        )

    def changed(self) -> bool:
        """Return whether anything was changed since."""
        try:
            if ne(self._live, self._then):
                return True
            if self._nested and self._late != list(map(resolved_schema, self._nested)):
                return True
            return self._thorough and self._look_around() != self._around
        except Exception:  # noqa: BLE001 - values that cannot be compared differ
            return True
