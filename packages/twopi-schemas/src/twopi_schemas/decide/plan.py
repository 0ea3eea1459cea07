"""What is decided about one field, and about the schema around it."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeAlias

from marshmallow import Schema
from marshmallow.fields import Nested

from twopi_schemas.marshmallow_internals import PARTIAL_BY_NAME, AnyField

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


#: What `partial` may be for compiled code; names are those of fields, with dots.
Partial: TypeAlias = "bool | tuple[str, ...] | None"


class Scope(NamedTuple):
    """What the plan of a field depends on, beside the field.

    *entry* is the class whose method called us, if one did: overrides of `load` and
    `dump` before it in the method resolution order have run by then.
    """

    schema: Schema
    partial: Partial
    child: Callable[[Nested], Any]
    above: tuple[type[Schema], ...]
    entry: type | None = None

    def skips(self, name: str) -> bool:
        """Return whether the field *name* may be missing because of `partial`."""
        partial = self.partial
        return partial is True or (type(partial) is tuple and name in partial)

    def within(self, name: str, field: AnyField) -> Scope:
        """Return the scope of what is inside the field *name*."""
        partial = self.partial
        if type(partial) is not tuple:
            return self
        if field.data_key is not None and not PARTIAL_BY_NAME:
            name = field.data_key
        if not isinstance(name, str):
            raise HandedOverError(f"data_key {name!r} is not a string")
        prefix = f"{name}."
        inner = [each[len(prefix) :] for each in partial if each.startswith(prefix)]
        return self._replace(partial=tuple(inner))

    @property
    def options(self) -> dict[str, Any]:
        """Return what `marshmallow.fields.Field.deserialize` is called with."""
        partial = self.partial
        if type(partial) is tuple:
            return {"partial": list(partial)}
        return {} if partial is None else {"partial": partial}


def partial_of(given: Any) -> Partial:
    """Return *given* as compiled code takes it, or raise `HandedOverError`."""
    if given is None or given is True or given is False:
        return given
    if type(given) in (tuple, list, set, frozenset):
        names = tuple(given)
        if all(type(name) is str for name in names):
            return names
    raise HandedOverError(f"partial={given!r} is marshmallow's to read")


#: The calls that a mixin of ours may stand before.
CALLS = frozenset({"load", "dump", "validate"})
#: A class with this attribute of its own overrides `CALLS` without changing them.
TRANSPARENT = "_twopi_schemas_transparent"


def overrides(
    schema: Schema, names: frozenset[str], entry: type | None = None
) -> list[str]:
    """Name those of *names* that the schema does in its own way."""
    kinds = type(schema).__mro__
    passed = kinds.index(entry) if entry is not None else -1
    own = set(names.intersection(vars(schema)))
    if entry is not None:
        own -= CALLS
    for position, kind in enumerate(kinds):
        if kind is Schema:
            break
        found = names.intersection(vars(kind))
        if position <= passed or TRANSPARENT in vars(kind):
            found -= CALLS
        own |= found
    return sorted(own)


def refuse_overrides(
    schema: Schema, names: frozenset[str], entry: type | None = None
) -> None:
    """Hand the schema over if it does one of *names* in its own way."""
    if own := overrides(schema, names, entry):
        raise HandedOverError(f"the schema overrides {', '.join(own)}")
    if not _is_original(Schema, names):
        raise HandedOverError("marshmallow's Schema was patched")
    if schema.dict_class not in (dict, OrderedDict):
        raise HandedOverError("the schema sets dict_class")


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
