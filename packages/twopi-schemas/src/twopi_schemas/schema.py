"""The compiled schema: marshmallow's calls, by the fast path where it is sure."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from marshmallow import Schema

from twopi_schemas import tiers
from twopi_schemas.core import Core
from twopi_schemas.decide.plan import overrides
from twopi_schemas.decide.purity import is_plain

_set = object.__setattr__


class CompiledSchema:
    """A schema's `load`, `dump`, `loads`, `dumps` and `validate`; see `compiled`.

    Results and errors are those of the schema itself. Any number of threads may use
    one object. Every other attribute is the schema's. Reading one that can be changed,
    such as ``fields``, makes the object look for changes at each call from then on.

    The first call of `load`, and of `dump`, is marshmallow's; the next ones run an
    interpreted program; after a hundred calls they run source generated for the schema.
    """

    _loads = _dumps = 0
    _watched = True
    _core: Core | None = None

    def __init__(self, schema: Schema, *, watched: bool) -> None:
        _set(self, "_schema", schema)
        if not watched:
            _set(self, "_watched", watched)

    if TYPE_CHECKING:
        _schema: Schema

    def __repr__(self) -> str:
        return f"<compiled {self._schema!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._schema,)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}"
            )
        value = getattr(self._schema, name)
        if not is_plain(value):
            self._expose()
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            _set(self, name, value)
            return
        self._expose()
        setattr(self._schema, name, value)

    def _expose(self) -> None:
        """Look for changes from now on: a caller has what can be changed."""
        self._watched = True
        if self._core is not None:
            self._core.expose()

    def _ready(self) -> Core:
        """Return what is compiled."""
        core = self._core
        if core is None:
            with Core.lock:
                core = self._core
                if core is None:
                    core = Core(self._schema, watched=self._watched)
                    core.front = self
                    self._core = core
        return core

    def load(
        self,
        data: Any,
        *args: Any,
        many: bool | None = None,
        partial: Any = None,
        unknown: Any = None,
        **options: Any,
    ) -> Any:
        """Load as `marshmallow.Schema.load` does.

        Args:
            data: a mapping, or a list of them with *many*.
            *args: passed to a schema that has a `load` of its own.
            many: overrides the schema's own `many`.
            partial: overrides the schema's own `partial`.
            unknown: overrides the schema's own `unknown`.
            **options: passed to a schema that has a `load` of its own.

        Returns:
            what the schema returns.

        Raises:
            marshmallow.ValidationError: marshmallow's own, for the same data.
        """
        core = self._core
        if core is not None and not args and not options:
            return core.load(data, many=many, partial=partial, unknown=unknown)
        if self._loads < tiers.INTERPRETED_AFTER or args or options:
            _set(self, "_loads", self._loads + 1)
            if not args and not options and many is partial is unknown is None:
                return self._schema.load(data)
            given = {"many": many, "partial": partial, "unknown": unknown}
            options.update(_given(given))
            return self._schema.load(data, *args, **options)
        return self._ready().load(data, many=many, partial=partial, unknown=unknown)

    def loads(self, *args: Any, **options: Any) -> Any:
        """Load JSON text as `marshmallow.Schema.loads` does, with its arguments.

        Args:
            *args: the text; read by the schema's ``Meta.render_module``.
            **options: *many*, *partial* and *unknown*, as in `load`; others are passed
                to the ``loads`` of that module.
        """
        if _TEXT.kind is not _TEXT.POSITIONAL_ONLY and _TEXT.name in options:
            args = (options.pop(_TEXT.name), *args)
        if self._overrides("loads") or len(args) != 1:
            return self._schema.loads(*args, **options)
        many, partial, unknown = (options.pop(name, None) for name in _OPTIONS)
        data = self._schema.opts.render_module.loads(*args, **options)
        return self.load(data, many=many, partial=partial, unknown=unknown)

    def dump(
        self, obj: Any, *args: Any, many: bool | None = None, **options: Any
    ) -> Any:
        """Dump as `marshmallow.Schema.dump` does.

        Args:
            obj: an object, a mapping or a row; an iterable of them with *many*.
            *args: passed to a schema that has a `dump` of its own.
            many: overrides the schema's own `many`.
            **options: passed to a schema that has a `dump` of its own.

        Returns:
            what the schema returns.
        """
        if self._dumps < tiers.INTERPRETED_AFTER or args or options:
            _set(self, "_dumps", self._dumps + 1)
            if not args and not options and many is None:
                return self._schema.dump(obj)
            options.update(_given({"many": many}))
            return self._schema.dump(obj, *args, **options)
        return self._ready().dump(obj, many=many)

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
        if self._overrides("dumps"):
            return self._schema.dumps(obj, *args, **_given({"many": many}), **kwargs)
        dumped = self.dump(obj, many=many)
        return self._schema.opts.render_module.dumps(dumped, *args, **kwargs)

    def validate(
        self,
        data: Any,
        *args: Any,
        many: bool | None = None,
        partial: Any = None,
        **options: Any,
    ) -> Any:
        """Return the errors in *data*, as `marshmallow.Schema.validate` does.

        Args:
            data: as in `load`.
            *args: passed to a schema that has a `validate` of its own.
            many: as in `load`.
            partial: as in `load`.
            **options: passed to a schema that has a `validate` of its own.
        """
        if args or options or self._overrides("validate"):
            options.update(_given({"many": many, "partial": partial}))
            return self._schema.validate(data, *args, **options)
        return self._ready().validate(data, many=many, partial=partial)

    def _overrides(self, name: str) -> bool:
        return bool(overrides(self._schema, _NAMES[name]))


_NAMES = {
    name: frozenset({name}) for name in ("load", "loads", "dump", "dumps", "validate")
}
#: The text: json_data in marshmallow 3, s and only by position in 4.
_TEXT = list(inspect.signature(Schema.loads).parameters.values())[1]
_OPTIONS = ("many", "partial", "unknown")


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _again(schema: Schema) -> CompiledSchema:
    return CompiledSchema(schema, watched=True)
