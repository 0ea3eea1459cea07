"""What is decided about one field, and about the schema around it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from marshmallow import Schema
from marshmallow.fields import Nested

from twopi_schemas.marshmallow_internals import AnyField

COMPILED = "compiled"
CALLED = "called"
HANDED_OVER = "handed over"


class Plan(NamedTuple):
    """How one field is treated, and why."""

    how: str
    why: str = ""


class HandedOverError(Exception):
    """Marshmallow itself has to do it; the message says why."""


class UnsureError(Exception):
    """This value is not for the fast path."""


class Child(Protocol):
    """The compiled schema of a `Nested` field."""

    def load(self, data: Any, *, partial: Any = None, unknown: Any = None) -> Any:
        """Load as `marshmallow.Schema.load` does."""

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Dump as `marshmallow.Schema.dump` does."""

    def runner(
        self, unknown: Any, partial: Any, above: tuple[type[Schema], ...] = ()
    ) -> Callable[[Any], Any]:
        """Return the function that loads one mapping, or raise `HandedOverError`."""


class Scope(NamedTuple):
    """What the plan of a field depends on, beside the field."""

    schema: Schema
    partial: bool | None
    child: Callable[[Nested], Child]
    above: tuple[type[Schema], ...]


def refuse_overrides(schema: Schema, names: frozenset[str]) -> None:
    """Hand the schema over if it does one of *names* in its own way."""
    for place in (schema, *type(schema).__mro__):
        if place is Schema:
            break
        if not names.isdisjoint(vars(place)):
            own = ", ".join(sorted(names.intersection(vars(place))))
            raise HandedOverError(f"the schema overrides {own}")
    if not _is_original(Schema, names):
        raise HandedOverError("marshmallow's Schema was patched")
    if schema.dict_class is not dict:
        raise HandedOverError("the schema is ordered or sets dict_class")


_METHODS = frozenset(
    {
        *("serialize", "deserialize", "get_value", "make_error"),
        *("_serialize", "_deserialize", "_validate", "_validate_missing"),
    }
)


def refuse_patches(field: AnyField) -> None:
    """Hand a field over that was given methods of its own, or whose class was."""
    if not _METHODS.isdisjoint(vars(field)):
        raise HandedOverError("the field was given methods of its own")
    kind: Any = type(field)
    if kind.__module__ == Nested.__module__ and not _is_original(kind, _METHODS):
        raise HandedOverError(f"marshmallow's {kind.__name__} was patched")


@functools.lru_cache(maxsize=128)
def _is_original(kind: type, names: frozenset[str]) -> bool:
    """Tell whether the methods of a class of marshmallow's are marshmallow's."""
    return all(
        getattr(kind, name).__module__.partition(".")[0] == "marshmallow"
        for name in names
    )


def describe(field: AnyField) -> str:
    """Name the class of *field* as its user does."""
    return type(field).__name__


def is_schema_class(candidate: Any) -> bool:
    """Tell whether *candidate* is a class of marshmallow schemas."""
    return isinstance(candidate, type) and issubclass(candidate, Schema)
