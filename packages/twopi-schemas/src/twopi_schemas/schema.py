"""The compiled schema: marshmallow's four calls, by the fast path where it is sure."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema, ValidationError
from marshmallow.fields import Nested

from twopi_schemas.change_watch import Watch
from twopi_schemas.decide.plan import HandedOverError, Scope
from twopi_schemas.dump.program import DumpProgram, compile_dump
from twopi_schemas.load.program import Collecting, LoadProgram, Pure, compile_load
from twopi_schemas.marshmallow_internals import (
    ErrorStore,
    deserialize_as,
    deserialize_with,
    dump_hooks,
    load_hooks,
    serialize_as,
    serialize_with,
)

_MODES = (EXCLUDE, INCLUDE, RAISE)

#: An inner loop, and marshmallow's own call around it if the schema has hooks.
_Load: TypeAlias = tuple[LoadProgram | None, Callable[..., Any] | None]
_Dump: TypeAlias = tuple[DumpProgram | None, Callable[..., Any] | None]
_NO_LOAD: _Load = (None, None)


class _Usual(NamedTuple):
    """A `load` without options: its inner loop, and whether that is out of date."""

    run: Callable[[Any], Any]
    outdated: Callable[[], bool]


class CompiledSchema:
    """A schema's `load`, `dump`, `loads` and `dumps`; made by `compiled`.

    Results and errors are those of the schema itself. One object may be used by
    any number of threads. ``load`` and ``dump`` are each compiled when they are
    first called, for the `unknown` and `partial` then in force.
    """

    def __init__(self, schema: Schema, *, watched: bool) -> None:
        self._schema = schema
        self._watched = watched
        self._lock = threading.RLock()
        self._loads: dict[Any, _Load] = {}
        self._dump: _Dump | None = None
        self._children: dict[int, CompiledSchema] = {}
        self._watch: Watch | None = None
        self._usual: _Usual | None = None

    def __repr__(self) -> str:
        return f"<compiled {self._schema!r}>"

    # The four calls

    def load(
        self,
        data: Any,
        *,
        many: bool | None = None,
        partial: Any = None,
        unknown: Any = None,
    ) -> Any:
        """Load as `marshmallow.Schema.load` does.

        Args:
            data: a mapping, or a list of them with *many*.
            many: overrides the schema's own `many`.
            partial: overrides the schema's own `partial`.
            unknown: overrides the schema's own `unknown`.

        Returns:
            what the schema returns.

        Raises:
            marshmallow.ValidationError: marshmallow's own, for the same data.
        """
        usual = self._usual
        if usual is None or not (many is partial is unknown is None):
            return self._load(data, many=many, partial=partial, unknown=unknown)
        run, outdated = usual
        try:
            if not outdated():
                return run(data)
            load: Callable[..., Any] = self._load
        except Exception:  # noqa: BLE001 - marshmallow says what is wrong
            load = self._schema.load
        return load(data, many=many, partial=partial, unknown=unknown)

    def loads(
        self,
        s: str | bytes | bytearray,
        /,
        *,
        many: bool | None = None,
        partial: Any = None,
        unknown: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Load JSON text as `marshmallow.Schema.loads` does.

        Args:
            s: the text; read by the schema's ``Meta.render_module``.
            many: as in `load`.
            partial: as in `load`.
            unknown: as in `load`.
            **kwargs: passed to the ``loads`` of that module.
        """
        if not self._plain("loads"):
            options = {"many": many, "partial": partial, "unknown": unknown}
            return self._schema.loads(s, **options, **kwargs)
        data = self._schema.opts.render_module.loads(s, **kwargs)
        return self.load(data, many=many, partial=partial, unknown=unknown)

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Dump as `marshmallow.Schema.dump` does.

        Args:
            obj: an object, a mapping or a row; an iterable of them with *many*.
            many: overrides the schema's own `many`.

        Returns:
            what the schema returns.
        """
        schema = self._schema
        program, with_hooks = self._dump_program()
        if program is None:
            return schema.dump(obj, many=many)
        if with_hooks is not None:
            return with_hooks(obj, many=many)
        several = schema.many if many is None else many
        if several and obj is not None:
            one = program.one
            return [one(each) for each in obj]
        return program.one(obj)

    def dumps(
        self, obj: Any, *args: Any, many: bool | None = None, **kwargs: Any
    ) -> Any:
        """Dump to JSON text as `marshmallow.Schema.dumps` does.

        Args:
            obj: as in `dump`.
            *args: passed to the ``dumps`` of the schema's ``Meta.render_module``.
            many: as in `dump`.
            **kwargs: passed to that ``dumps`` too.
        """
        if not self._plain("dumps"):
            return self._schema.dumps(obj, *args, many=many, **kwargs)
        dumped = self.dump(obj, many=many)
        return self._schema.opts.render_module.dumps(dumped, *args, **kwargs)

    # What they are made of

    def _load(self, data: Any, *, many: Any, partial: Any, unknown: Any) -> Any:
        """Load in whichever way the schema and the options of the call allow."""
        schema = self._schema
        mode = schema.unknown if unknown is None else unknown
        lenient = schema.partial if partial is None else partial
        several = schema.many if many is None else bool(many)
        program, with_hooks = self._load_program(mode, lenient)
        if program is None:
            return schema.load(data, many=many, partial=partial, unknown=unknown)
        if with_hooks is not None:
            return with_hooks(data, many=many, partial=partial, unknown=unknown)
        if isinstance(program, Pure):
            run = program.run
            try:
                if not several:
                    return run(data)
                if type(data) is list:
                    return [run(each) for each in data]
            except Exception:  # noqa: BLE001, S110 - marshmallow says what is wrong
                pass
        elif not several or type(data) is list:
            return self._collect(program, data, many=several, partial=lenient)
        return schema.load(data, many=many, partial=partial, unknown=unknown)

    def runner(
        self, unknown: Any, partial: Any, above: tuple[type[Schema], ...] = ()
    ) -> Callable[[Any], Any]:
        """Return the function that loads one mapping; it raises where it is unsure.

        Raises:
            HandedOverError: if marshmallow, or a user's code, has to take part.
        """
        schema = self._schema
        mode = schema.unknown if unknown is None else unknown
        lenient = schema.partial if partial is None else partial
        program, with_hooks = self._load_program(mode, lenient, above)
        if program is None:
            raise HandedOverError("marshmallow loads its schema")
        if with_hooks is not None:
            raise HandedOverError("its schema has hooks")
        if isinstance(program, Collecting):
            raise HandedOverError("its schema runs code of yours")
        return program.run

    def _plain(self, name: str) -> bool:
        ours = getattr(type(self._schema), name) is getattr(Schema, name)
        return ours and name not in vars(self._schema)

    def _load_program(
        self, unknown: Any, partial: Any, above: tuple[type[Schema], ...] = ()
    ) -> _Load:
        self._changed()
        if partial is not None and partial is not True and partial is not False:
            return _NO_LOAD
        try:
            return self._loads[unknown, partial]
        except (KeyError, TypeError):
            if unknown not in _MODES:
                return _NO_LOAD
        with self._lock:
            self._look()
            schema = self._schema
            program: LoadProgram | None = None
            with contextlib.suppress(HandedOverError):
                program = compile_load(self.scope(partial, above), unknown)
            with_hooks = None
            if load_hooks(schema):
                with_hooks = deserialize_with(schema, self._deserialize)
            found = self._loads[unknown, partial] = (program, with_hooks)
            usual = unknown == schema.unknown and partial is schema.partial
            plain = with_hooks is None and not schema.many
            watch = self._watch
            if isinstance(program, Pure) and usual and plain and watch:
                outdated = watch.changed if self._watched else watch.differs
                self._usual = _Usual(program.run, outdated)
        return found

    def _dump_program(self) -> _Dump:
        if self._watched:
            self._changed()
        found = self._dump
        if found is not None:
            return found
        with self._lock:
            self._look()
            program: DumpProgram | None = None
            with contextlib.suppress(HandedOverError):
                program = compile_dump(self.scope(None))
            with_hooks = None
            if dump_hooks(self._schema):
                with_hooks = serialize_with(self._schema, self._serialize)
            self._dump = program, with_hooks
        return program, with_hooks

    def scope(self, partial: Any, above: tuple[type[Schema], ...] = ()) -> Scope:
        """Return what the plans of the fields depend on."""
        above = (*above, type(self._schema))
        return Scope(self._schema, partial, self._child, above)

    def _child(self, field: Nested) -> CompiledSchema:
        schema = field.schema
        known = self._children.get(id(field))
        if known is None or known._schema is not schema:  # noqa: SLF001
            watched = self._watched or isinstance(field.nested, Schema)
            known = CompiledSchema(schema, watched=watched)
            self._children[id(field)] = known
        return known

    def _look(self) -> None:
        if self._watch is None:
            schema = self._schema
            self._watched |= bool(load_hooks(schema) or dump_hooks(schema))
            self._watch = Watch(schema, thorough=self._watched)

    def _changed(self) -> bool:
        """Forget what was compiled of a schema that was changed since."""
        watch = self._watch
        if watch is None or not watch.changed():
            return False
        with self._lock:
            self._loads, self._children = {}, {}
            self._dump = self._usual = self._watch = None
        return True

    # Marshmallow around the inner loops

    def _collect(
        self, program: Collecting, data: Any, *, many: bool, partial: Any
    ) -> Any:
        """Load with code of a user in the fields, and raise the errors found."""
        schema, store = self._schema, ErrorStore()
        numbered = schema.opts.index_errors
        result = program.all(data, store, many=many, numbered=numbered)
        if store.errors:
            error = ValidationError(store.errors, data=data, valid_data=result)
            schema.handle_error(error, data, many=many, partial=partial)
            raise error
        return result

    def _deserialize(self, data: Any, **options: Any) -> Any:
        """Stand in for marshmallow's own method of this name, between its hooks."""
        schema, many = self._schema, options["many"]
        program, _ = self._load_program(options["unknown"], options["partial"])
        if program is not None and (not many or type(data) is list):
            if isinstance(program, Collecting):
                store, numbered = options["error_store"], schema.opts.index_errors
                return program.all(data, store, many=many, numbered=numbered)
            with contextlib.suppress(Exception):  # marshmallow says what is wrong
                return list(map(program.run, data)) if many else program.run(data)
        return deserialize_as(schema, data, options)

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        """Stand in for marshmallow's own method of this name, between its hooks."""
        program, _ = self._dump_program()
        if program is None:
            return serialize_as(self._schema, obj, many=many)
        if many and obj is not None:
            return [program.one(each) for each in obj]
        return program.one(obj)
