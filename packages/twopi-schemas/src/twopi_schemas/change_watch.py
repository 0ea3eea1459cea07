"""Notice that a schema instance, or a field of it, was changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from operator import ne
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Dict, Enum, List, Tuple

from twopi_schemas.marshmallow_internals import AnyField

_INNER: dict[type, Callable[[Any], Iterable[AnyField | None]]] = {
    Dict: lambda field: (field.key_field, field.value_field),
    Enum: lambda field: (field.field,),
    List: lambda field: (field.inner,),
    Tuple: lambda field: field.tuple_fields,
}


def _with_inner(fields: Iterable[AnyField | None]) -> list[AnyField]:
    """Return *fields* and those inside of them, as far as they are compiled."""
    found = [field for field in fields if field is not None]
    for field in found:
        inner = _INNER.get(type(field))
        if inner is not None:
            found += [each for each in inner(field) if each is not None]
    return found


class Watch:
    """What a schema's fields were when they were compiled.

    The lists of validators are looked at in any case: marshmallow shares them among
    all instances of a class. All else can only change in a schema that others have.
    Comparing is done in C: the attributes of all fields against copies of them. As
    1 equals True, what compiled code takes from a field's defaults, constant and
    places it reads when it needs it.

    Attributes:
        differs: That comparison, which is all there is to a watch that is not thorough;
            it raises where values cannot be compared.
    """

    def __init__(self, schema: Schema, *, thorough: bool) -> None:
        self._schema = schema
        self._thorough = thorough
        self._load_fields, self._dump_fields = schema.load_fields, schema.dump_fields
        self._many, self._partial = schema.many, schema.partial
        self._unknown = schema.unknown
        self._live: list[Any] = []
        if thorough:
            self._live += [self._load_fields, self._dump_fields]
        declared = {**schema.load_fields, **schema.dump_fields}
        fields = _with_inner(declared.values())
        self._live += [field.validators for field in fields]
        if thorough:
            self._live += map(vars, fields)
        then = [each.copy() for each in self._live]
        self.differs = partial(ne, self._live, then)

    def changed(self) -> bool:
        """Tell whether anything was changed since."""
        try:
            if self.differs():
                return True
        except Exception:  # noqa: BLE001 - values that cannot be compared differ
            return True
        if not self._thorough:
            return False
        schema = self._schema
        return (
            schema.load_fields is not self._load_fields
            or schema.dump_fields is not self._dump_fields
            or schema.many is not self._many
            or schema.partial is not self._partial
            or schema.unknown is not self._unknown
        )
