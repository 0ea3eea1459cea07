"""The schemas that a parser makes, and what it loads by."""

from __future__ import annotations

import functools
from typing import Any
from weakref import WeakSet

from marshmallow import Schema

from twopi_schemas import CompiledSchema, compiled

LOADER = "_twopi_webargs_loader"
"""The attribute of a schema made here that holds its compiled form, or None yet."""

_used: WeakSet[Schema] = WeakSet()


@functools.lru_cache(maxsize=256)
def schema_of(schema_class: type[Schema], items: tuple[tuple[str, Any], ...]) -> Schema:
    """Return the schema of a dictionary's items, made once."""
    return made(schema_class.from_dict(dict(items)))


@functools.lru_cache(maxsize=256)
def made(schema_class: type[Schema]) -> Schema:
    """Return a schema that is ours, so that nobody changes it once it is compiled."""
    schema = schema_class()
    vars(schema)[LOADER] = None
    return schema


def loader_of(schema: Schema) -> Any:
    """Return what loads as *schema* does: compiled, if it is not for one request."""
    own = vars(schema)
    loader = own.get(LOADER)
    if loader is not None:
        return loader
    if schema not in _used:
        _used.add(schema)
        return schema
    if LOADER not in own:
        return compiled(schema)
    own[LOADER] = CompiledSchema(schema, watched=False)
    return own[LOADER]
