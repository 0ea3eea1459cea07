"""Rows to plain data."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from marshmallow import Schema


def schema_of(schema_type: Any) -> Schema:
    """Return the schema to dump with; a class is instantiated once, not per page.

    Raises:
        TypeError: *schema_type* is no schema.
    """
    if isinstance(schema_type, Schema):
        return schema_type
    if isinstance(schema_type, type) and issubclass(schema_type, Schema):
        return _instance(schema_type)
    raise TypeError(
        "schema_type must be a marshmallow Schema, the class or an instance, "
        f"not {schema_type!r}"
    )


@functools.lru_cache(maxsize=256)
def _instance(schema_class: type[Schema]) -> Schema:
    return schema_class()


def dump_items(schema: Schema, items: Sequence[Any]) -> list[Any]:
    """Return *items* as plain data."""
    dumped: list[Any] = schema.dump(items, many=True)
    return dumped
