"""The `load` of one schema: interpreted, then generated."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema, ValidationError

from twopi_schemas import tiers
from twopi_schemas.change_watch import Watch
from twopi_schemas.decide.plan import HandedOverError, Partial, partial_of
from twopi_schemas.load.program import Collecting, LoadProgram, Pure, compile_load
from twopi_schemas.marshmallow_internals import (
    LOAD,
    ErrorStore,
    deserialize_as,
    deserialize_with,
    load_hooks,
)

if TYPE_CHECKING:
    from twopi_schemas.core import Core
    from twopi_schemas.load.source import Generated

_MODES = (EXCLUDE, INCLUDE, RAISE)


class Way(NamedTuple):
    """How one combination of `unknown` and `partial` is loaded.

    Attributes:
        program: the inner loop, or None if it is marshmallow's.
        why: what keeps it from being compiled, if anything does.
        with_hooks: marshmallow's own call around it, if the schema has hooks.
        generated: the same inner loop as generated source.
    """

    program: LoadProgram | None
    why: str = ""
    with_hooks: Callable[..., Any] | None = None
    generated: Generated | None = None


_NO_WAY = Way(None)


def one_of(way: Way, data: Any) -> Callable[[Any], Any]:
    """Return what loads *data*; generated source takes dictionaries only."""
    generated = way.generated
    if generated is not None and type(data) is dict:
        return lambda value: generated.rows([value])[0]
    return way.program.run  # type: ignore[union-attr]


class LoadSide:
    """What is known of a schema's `load`; a `Core` has one."""

    __slots__ = ("calls", "owner", "patience", "tried", "watch", "ways")

    def __init__(self, owner: Core) -> None:
        self.owner = owner
        self.calls = 0
        self.patience = 1
        self.tried = False
        self.watch: Watch | None = None
        self.ways: dict[Any, Way] = {}

    def load(self, data: Any, *, many: Any, partial: Any, unknown: Any) -> Any:
        """Load by the tier that the number of calls allows."""
        self.calls += 1
        if self.calls > tiers.SOURCE_AFTER * self.patience and not self.tried:
            self.generate()
        return self.run(data, many=many, partial=partial, unknown=unknown)

    def run(self, data: Any, *, many: Any, partial: Any, unknown: Any) -> Any:
        """Load in whichever way the schema and the options of the call allow."""
        schema = self.owner.schema
        mode = schema.unknown if unknown is None else unknown
        lenient = schema.partial if partial is None else partial
        several = schema.many if many is None else bool(many)
        way = self.way(mode, lenient)
        program, _, with_hooks, generated = way
        if program is None:
            load = self.owner.hand_over_load
            return load(data, many=many, partial=partial, unknown=unknown)
        if with_hooks is not None:
            return with_hooks(data, many=many, partial=partial, unknown=unknown)
        if isinstance(program, Pure):
            try:
                if not several:
                    return one_of(way, data)(data)
                if type(data) is list:
                    if generated is not None:
                        return generated.rows(data)
                    return list(map(program.run, data))
            except Exception:  # noqa: BLE001, S110 - marshmallow says why
                pass
        elif not several or type(data) is list:
            return self._collect(program, data, many=several, partial=lenient)
        return LOAD(schema, data, many=many, partial=partial, unknown=unknown)

    def validate(self, data: Any, *, many: Any, partial: Any) -> bool:
        """Return whether *data* is surely valid."""
        schema = self.owner.schema
        lenient = schema.partial if partial is None else partial
        several = schema.many if many is None else bool(many)
        program, _, with_hooks, _ = self.way(schema.unknown, lenient)
        if not isinstance(program, Pure) or with_hooks is not None:
            return False
        with contextlib.suppress(Exception):  # marshmallow says what is wrong
            if not several:
                program.run(data)
                return True
            if type(data) is list:
                for each in data:
                    program.run(each)
                return True
        return False

    def repeatable(self, unknown: Any, partial: Any) -> bool:
        """Return whether such a load has no effects, so that it may be repeated."""
        schema = self.owner.schema
        mode = schema.unknown if unknown is None else unknown
        way = self.way(mode, schema.partial if partial is None else partial)
        pure = isinstance(way.program, Pure) and way.with_hooks is None
        fields = schema.load_fields.values()
        return pure and not any(field.load_default is uuid.uuid4 for field in fields)

    def runner(
        self, unknown: Any, partial: Any, above: tuple[type[Schema], ...] = ()
    ) -> Callable[[Any], Any]:
        """Return the function that loads one mapping; it raises where it is unsure.

        Raises:
            HandedOverError: if marshmallow, or a user's code, takes part.
        """
        schema = self.owner.schema
        mode = schema.unknown if unknown is None else unknown
        lenient = schema.partial if partial is None else partial
        way = self.way(mode, lenient, above)
        if way.with_hooks is not None:
            raise HandedOverError(f"{type(schema).__name__} has hooks")
        if isinstance(way.program, Pure):
            return way.program.run
        raise HandedOverError(f"{type(schema).__name__}{way.why}")

    def way(
        self, unknown: Any, partial: Any, above: tuple[type[Schema], ...] = ()
    ) -> Way:
        """Return how a call with these options is loaded, compiled if need be."""
        self.check()
        try:
            lenient = partial_of(partial)
        except HandedOverError:
            return _NO_WAY
        try:
            return self.ways[unknown, lenient]
        except (KeyError, TypeError):
            if unknown not in _MODES:
                return _NO_WAY
        with self.owner.lock:
            schema = self.owner.schema
            if self.watch is None:
                self.owner.watched |= bool(load_hooks(schema))
                thorough = self.owner.watched
                self.watch = Watch(schema, "load_fields", thorough=thorough)
            program: LoadProgram | None = None
            try:
                program = compile_load(self.owner.scope(lenient, above), unknown)
                why = program.why if isinstance(program, Collecting) else ""
            except HandedOverError as reason:
                why = f": {reason}"
            with_hooks = None
            if load_hooks(schema):
                with_hooks = deserialize_with(schema, self._deserialize)
            if len(self.ways) >= tiers.MAX_OPTIONS:
                self.ways.clear()
            found = self.ways[unknown, lenient] = Way(program, why, with_hooks)
        return found

    def check(self) -> None:
        """Forget what was compiled of a schema that was changed since."""
        watch = self.watch
        if watch is None:
            return
        if watch.changed() or (self.tried and self._outdated()):
            self.forget()

    def _outdated(self) -> bool:
        """Return whether a schema inside of generated source was changed since."""
        made = [way.generated for way in self.ways.values()]
        return any(each is not None and each.outdated() for each in made)

    def forget(self) -> None:
        """Compile anew at the next call; generate source later than before."""
        with self.owner.lock:
            self.owner.leave("load")
            self.ways, self.watch = {}, None
            if self.tried:
                self.patience = min(self.patience * 2, tiers.MAX_PATIENCE)
                self.calls, self.tried = 0, False

    # Generated source

    def generate(self) -> None:
        """Put generated source in the place of all that is interpreted."""
        with self.owner.lock:
            if self.tried:
                return
            self.tried = True
            schema = self.owner.schema
            with contextlib.suppress(HandedOverError):
                usual = schema.unknown, partial_of(schema.partial)
                self.way(*usual)
                for key in list(self.ways):
                    self._generate(key, entry=key == usual)

    def _generate(self, key: tuple[Any, Partial], *, entry: bool) -> None:
        way = self.ways[key]
        if not isinstance(way.program, Pure):
            return
        from twopi_schemas.load.source import write_load  # not at import, for its time

        generated = write_load(self.owner, *key, other=self.other, stale=self.stale)
        self.ways[key] = way._replace(generated=generated)
        if entry and way.with_hooks is None:
            self.owner.enter("load", generated.entry)

    def other(self, data: Any, *, many: Any, partial: Any, unknown: Any) -> Any:
        """Load a call with options; generated source calls this."""
        return self.run(data, many=many, partial=partial, unknown=unknown)

    def stale(self, data: Any, *, many: Any, partial: Any, unknown: Any) -> Any:
        """Load after a change; generated source calls this."""
        self.forget()
        return self.owner.load(data, many=many, partial=partial, unknown=unknown)

    # Marshmallow around the inner loops

    def _collect(
        self, program: Collecting, data: Any, *, many: bool, partial: Any
    ) -> Any:
        """Load with code of a user in the fields, and raise the errors found."""
        schema, store = self.owner.schema, ErrorStore()
        numbered = schema.opts.index_errors
        result = program.all(data, store, many=many, numbered=numbered)
        if store.errors:
            error = ValidationError(store.errors, data=data, valid_data=result)
            schema.handle_error(error, data, many=many, partial=partial)
            raise error
        return result

    def _deserialize(self, data: Any, **options: Any) -> Any:
        """Stand in for marshmallow's own method of this name, between its hooks."""
        schema, many = self.owner.schema, options["many"]
        way = self.way(options["unknown"], options["partial"])
        program, _, _, generated = way
        if program is not None and (not many or type(data) is list):
            if isinstance(program, Collecting):
                store, numbered = options["error_store"], schema.opts.index_errors
                return program.all(data, store, many=many, numbered=numbered)
            with contextlib.suppress(Exception):  # marshmallow says what is wrong
                if not many:
                    return one_of(way, data)(data)
                rows = None if generated is None else generated.rows
                return rows(data) if rows else list(map(program.run, data))
        return deserialize_as(schema, data, options)
