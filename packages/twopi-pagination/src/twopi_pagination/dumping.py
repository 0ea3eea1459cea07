"""Rows to plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema

from twopi_schemas import CompiledSchema, compiled


def schema_of(schema_type: Any) -> CompiledSchema:
    """Return what dumps as the schema does; it is compiled once, not per page.

    Raises:
        TypeError: *schema_type* is no schema.
    """
    is_class = isinstance(schema_type, type) and issubclass(schema_type, Schema)
    if is_class or isinstance(schema_type, Schema):
        return compiled(schema_type)
    raise TypeError(
        "schema_type must be a marshmallow Schema, the class or an instance, "
        f"not {schema_type!r}"
    )


def dump_items(schema: CompiledSchema, items: Sequence[Any]) -> list[Any]:
    """Return *items* as plain data."""
    dumped: list[Any] = schema.dump(items, many=True)
    return dumped
