"""Every name of marshmallow that is not documented API, in one place.

``tests/test_borrowed.py`` names each of them, so that a release of marshmallow
that moves one fails there first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from marshmallow import Schema
from marshmallow.decorators import (
    POST_DUMP,
    POST_LOAD,
    PRE_DUMP,
    PRE_LOAD,
    VALIDATES,
    VALIDATES_SCHEMA,
)
from marshmallow.error_store import ErrorStore as _ErrorStore
from marshmallow.fields import Field, Nested, Pluck

__all__ = [
    "DUMP",
    "DUMP_METHODS",
    "LOAD",
    "LOAD_METHODS",
    "PARTIAL_BY_NAME",
    "VALIDATE",
    "AnyField",
    "ErrorStore",
    "deserialize_as",
    "deserialize_of",
    "deserialize_with",
    "dump_hooks",
    "load_hooks",
    "plucked_key",
    "resolved_schema",
    "serialize_as",
    "serialize_of",
    "serialize_with",
    "validate_of",
]

#: A field of any kind; generic in marshmallow 4 alone.
AnyField: TypeAlias = "Field[Any]"

#: Where marshmallow collects the errors of a load.
ErrorStore: Callable[[], Any] = _ErrorStore

#: What decides the result of `load`; a schema that overrides one is handed over.
LOAD_METHODS = frozenset(
    {
        "load",
        "_do_load",
        "_deserialize",
        "_call_and_store",
        "_run_validator",
        "_invoke_load_processors",
        "_invoke_field_validators",
        "_invoke_schema_validators",
        "_invoke_processors",
    }
)
#: What decides the result of `dump`; a schema that overrides one is handed over.
DUMP_METHODS = frozenset(
    {
        "dump",
        "get_attribute",
        "_serialize",
        "_invoke_dump_processors",
        "_invoke_processors",
    }
)


#: Whether names in `partial` that have dots begin with the name of a field (from 4.3
#: on, which also brought ``pre_load``), or with its key in the data.
PARTIAL_BY_NAME = "pre_load" in Field.__init__.__code__.co_varnames

#: marshmallow's own calls, whatever is installed in their place later.
LOAD: Callable[..., Any] = Schema.load
DUMP: Callable[..., Any] = Schema.dump
VALIDATE: Callable[..., Any] = Schema.validate


class _StandIn:
    """A schema in all but one method."""

    def __init__(self, schema: Schema, **methods: Callable[..., Any]) -> None:
        self.__dict__.update(methods, schema=schema)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.schema, name)


def deserialize_with(schema: Schema, deserialize: Callable[..., Any]) -> Any:
    """Return marshmallow's `load` of *schema*, with another inner loop.

    Hooks, error collection and ``handle_error`` are marshmallow's own and run on
    *schema* itself.
    """
    stand_in: Any = _StandIn(schema, _deserialize=deserialize)
    return Schema._do_load.__get__(stand_in)  # noqa: SLF001


def serialize_with(schema: Schema, serialize: Callable[..., Any]) -> Any:
    """Return marshmallow's `dump` of *schema*, with another inner loop."""
    stand_in: Any = _StandIn(schema, _serialize=serialize)
    return DUMP.__get__(stand_in)


def deserialize_as(schema: Schema, data: Any, options: dict[str, Any]) -> Any:
    """Run marshmallow's own inner loop of `load`."""
    return schema._deserialize(data, **options)  # noqa: SLF001


def serialize_as(schema: Schema, obj: Any, *, many: bool) -> Any:
    """Run marshmallow's own inner loop of `dump`."""
    return schema._serialize(obj, many=many)  # noqa: SLF001


def load_hooks(schema: Schema) -> list[str]:
    """Name the kinds of hooks that *schema* runs when it loads."""
    hooks = schema._hooks  # noqa: SLF001
    kinds = (PRE_LOAD, VALIDATES, VALIDATES_SCHEMA, POST_LOAD)
    return [kind for kind in kinds if hooks.get(kind)]


def dump_hooks(schema: Schema) -> list[str]:
    """Name the kinds of hooks that *schema* runs when it dumps."""
    hooks = schema._hooks  # noqa: SLF001
    return [kind for kind in (PRE_DUMP, POST_DUMP) if hooks.get(kind)]


def deserialize_of(field: AnyField) -> Callable[[Any, str | None, Any], Any]:
    """Return the method that turns plain data into a value of *field*."""
    return field._deserialize  # noqa: SLF001


def serialize_of(field: AnyField) -> Callable[[Any, str | None, Any], Any]:
    """Return the method that turns a value of *field* into plain data."""
    return field._serialize  # noqa: SLF001


def validate_of(field: AnyField) -> Callable[[Any], None]:
    """Return the method that runs all validators of *field*."""
    return field._validate  # noqa: SLF001


def resolved_schema(field: Nested) -> Schema | None:
    """Return the schema of *field* if marshmallow has looked it up already."""
    return field._schema  # noqa: SLF001


def plucked_key(field: Pluck) -> str:
    """Return the key of the one value that *field* plucks."""
    return field._field_data_key  # noqa: SLF001
