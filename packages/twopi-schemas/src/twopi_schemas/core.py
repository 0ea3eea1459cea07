"""One schema and the two sides of it that are compiled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Nested

from twopi_schemas.decide.plan import Partial, Scope, is_schema_class, overrides
from twopi_schemas.dump.side import DumpSide
from twopi_schemas.load.side import LoadSide
from twopi_schemas.marshmallow_internals import DUMP, LOAD, VALIDATE

_LOAD, _DUMP, _VALIDATE = (frozenset({name}) for name in ("load", "dump", "validate"))


class Core:
    """A schema, how it is entered, and what is compiled of it.

    `load` and `dump` are replaced by generated functions, in the instance and in its
    *front*, once the schema has been used often enough.

    Args:
        schema: the schema.
        watched: whether others have it, so that it may change.
        entry: the class whose `load` or `dump` called us; it is marshmallow's turn
            after that class. None if we stand in front of the schema.
    """

    #: Held while something is compiled, by any schema.
    lock = threading.RLock()

    def __init__(
        self, schema: Schema, *, watched: bool, entry: type | None = None
    ) -> None:
        self.schema = schema
        self.watched = watched
        self.entry = entry
        self.front: object | None = None
        self.children: dict[int, Core] | None = None
        self.loading = LoadSide(self)
        self.dumping = DumpSide(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.schema, self.entry)

    def load(
        self, data: Any, *, many: Any = None, partial: Any = None, unknown: Any = None
    ) -> Any:
        """Load as `marshmallow.Schema.load` does."""
        return self.loading.load(data, many=many, partial=partial, unknown=unknown)

    def dump(self, obj: Any, *, many: Any = None) -> Any:
        """Dump as `marshmallow.Schema.dump` does."""
        return self.dumping.dump(obj, many=many)

    def validate(self, data: Any, *, many: Any = None, partial: Any = None) -> Any:
        """Validate as `marshmallow.Schema.validate` does."""
        if self.loading.validate(data, many=many, partial=partial):
            return {}
        given = {"many": many, "partial": partial}
        return self.hand_over(_VALIDATE, VALIDATE)(data, **_given(given))

    def runner(
        self, unknown: Any, partial: Any, above: tuple[type[Schema], ...] = ()
    ) -> Callable[[Any], Any]:
        """Return the function that loads one mapping, or raise `HandedOverError`."""
        return self.loading.runner(unknown, partial, above)

    def enter(self, name: str, function: Callable[..., Any]) -> None:
        """Put a generated function in the place of the method *name*."""
        vars(self)[name] = function
        if self.front is not None:
            vars(self.front)[name] = function

    def leave(self, name: str) -> None:
        """Take back what `enter` did."""
        vars(self).pop(name, None)
        if self.front is not None:
            vars(self.front).pop(name, None)

    def expose(self) -> None:
        """Look for changes from now on: a caller got hold of what can be changed."""
        if not self.watched:
            with self.lock:
                self.watched, self.children = True, None
                self.loading.forget()
                self.dumping.forget()

    def load_source(self) -> str:
        """Return the source generated for the usual load, if any is."""
        self.loading.generate()
        found = [way.generated for way in self.loading.ways.values() if way.generated]
        return found[0].source if found else ""

    def dump_source(self) -> str:
        """Return the source generated for dumping mappings, if any is."""
        from twopi_schemas.codegen import source_of  # not at import, for its time

        self.dumping.generate()
        program = self.dumping.program
        return "" if program is None else source_of(self.dumping.learn(dict))

    # Marshmallow itself

    def hand_over_load(
        self, data: Any, *, many: Any, partial: Any, unknown: Any
    ) -> Any:
        """Let marshmallow load."""
        given = {"many": many, "partial": partial, "unknown": unknown}
        return self.hand_over(_LOAD, LOAD)(data, **_given(given))

    def hand_over_dump(self, obj: Any, *, many: Any) -> Any:
        """Let marshmallow dump."""
        return self.hand_over(_DUMP, DUMP)(obj, **_given({"many": many}))

    def hand_over(
        self, name: frozenset[str], original: Callable[..., Any]
    ) -> Callable[..., Any]:
        """Return the method of the schema that is next after `entry`."""
        schema = self.schema
        if overrides(schema, name, self.entry):
            if self.entry is None:
                return getattr(schema, *name)  # type: ignore[no-any-return]
            return getattr(super(self.entry, schema), *name)  # type: ignore[no-any-return]
        return original.__get__(schema)  # type: ignore[no-any-return]

    # What the sides share

    def scope(self, partial: Partial, above: tuple[type[Schema], ...] = ()) -> Scope:
        """Return what the plans of the fields depend on."""
        above = (*above, type(self.schema))
        return Scope(self.schema, partial, self.child, above, self.entry)

    def child(self, field: Nested) -> Core:
        """Return the core of the schema of *field*.

        It is watched unless marshmallow made that schema for this field alone.
        """
        schema, nested = field.schema, field.nested
        if self.children is None:
            self.children = {}
        known = self.children.get(id(field))
        if known is None or known.schema is not schema:
            private = isinstance(nested, (str, dict)) or is_schema_class(nested)
            known = Core(schema, watched=self.watched or not private)
            self.children[id(field)] = known
        return known


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that a caller gave; not every override takes the others."""
    return {name: value for name, value in options.items() if value is not None}


def _again(schema: Schema, entry: type | None) -> Core:
    return Core(schema, watched=True, entry=entry)
