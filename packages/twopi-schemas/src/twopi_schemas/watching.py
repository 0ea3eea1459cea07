"""Notice that a schema instance, or a field of it, was changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Dict, Enum, List, Tuple

from twopi_schemas.borrowed import AnyField


def _fields(field: AnyField) -> Iterator[AnyField]:
    yield field
    inner: list[Any] = []
    if isinstance(field, List):
        inner = [field.inner]
    elif isinstance(field, Tuple):
        inner = list(field.tuple_fields)
    elif isinstance(field, Dict):
        inner = [each for each in (field.key_field, field.value_field) if each]
    elif isinstance(field, Enum):
        inner = [field.field]
    for each in inner:
        yield from _fields(each)


class Watch:
    """What a schema's fields were when they were compiled.

    The lists of validators are looked at in any case: marshmallow shares them among
    all instances of a class. All else can only change in a schema that others have.
    Comparing is done in C: the attributes of all fields against copies of them.
    """

    def __init__(self, schema: Schema, *, thorough: bool) -> None:
        self._schema = schema
        self._thorough = thorough
        self._mappings = (schema.load_fields, schema.dump_fields)
        self._live: list[Any] = list(self._mappings) if thorough else []
        declared = {**schema.load_fields, **schema.dump_fields}
        for top in declared.values():
            for field in _fields(top):
                self._live.append(field.validators)
                if thorough:
                    self._live.append(vars(field))
        self._then = [each.copy() for each in self._live]

    def changed(self) -> bool:
        """Tell whether anything was changed since."""
        if self._live != self._then:
            return True
        schema, mappings = self._schema, self._mappings
        return self._thorough and (
            schema.load_fields is not mappings[0]
            or schema.dump_fields is not mappings[1]
        )
