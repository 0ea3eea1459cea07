"""The value of one argument, and the data that a schema is to load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import INCLUDE, Schema, fields
from webargs.core import missing


def get_value(data: Any, name: str, field: fields.Field[Any]) -> Any:
    """Return the value of *name* in *data*, all of them for a list; else ``missing``.

    A list as *data* is the value of a nested field of many.
    """
    if isinstance(field, fields.Nested) and field.many and isinstance(data, list):
        return data
    if not hasattr(data, "get"):
        return missing
    value = data.get(name, missing)
    delimiter = getattr(field, "delimiter", None)
    if delimiter and isinstance(value, list):  # which webargs 8 takes as text only
        return delimiter.join(map(str, value))
    if value is missing or delimiter or not isinstance(field, fields.List):
        return value
    if hasattr(data, "getlist"):
        return data.getlist(name)
    return value if value is None or isinstance(value, list | tuple) else [value]


def known(data: Any, schema: Schema) -> Any:
    """Return *data* with the names only that *schema* and its nested schemas have.

    marshmallow 2 ignored all others.
    """
    if isinstance(data, list):
        return [known(each, schema) for each in data]
    if not isinstance(data, Mapping) or schema.unknown == INCLUDE:
        return data
    found = {}
    for name, field in schema.load_fields.items():
        key = name if field.data_key is None else field.data_key
        if key in data:
            found[key] = _known_of(data[key], field)
    return found


def _known_of(value: Any, field: fields.Field[Any]) -> Any:
    if isinstance(field, fields.Nested) and field.unknown != INCLUDE:
        return known(value, field.schema)
    if isinstance(field, fields.List) and isinstance(value, list):
        return [_known_of(each, field.inner) for each in value]
    return value
