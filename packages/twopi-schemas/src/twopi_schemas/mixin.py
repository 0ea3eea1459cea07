"""The fast path as a base class, and where a schema keeps what is compiled of it."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from twopi_schemas import tiers
from twopi_schemas.core import Core

_set = object.__setattr__


def core_of(schema: Any, entry: type, key: str, *, chosen: bool) -> Core | None:
    """Return what is compiled of *schema*, or None while marshmallow does it.

    Args:
        schema: a schema whose `load`, `dump` or `validate` was called.
        entry: the class whose method was called.
        key: the attribute of the schema that holds the result.
        chosen: whether schemas are compiled that do not say so in their ``Meta``.
    """
    state = getattr(schema, key, 0)
    if type(state) is Core and state.schema is schema:
        return state
    if state is False:
        return None
    seen = state if type(state) is int else 0
    if seen < 2 * tiers.INTERPRETED_AFTER:  # one load and one dump
        _set(schema, key, seen + 1)
        return None
    if not getattr(schema.Meta, "compiled", chosen):
        _set(schema, key, False)
        return None
    core = Core(schema, watched=True, entry=entry)
    _set(schema, key, core)
    return core


class CompiledMixin:
    """Give a schema the fast path: put it before `marshmallow.Schema` in the bases.

    `load`, `loads`, `dump`, `dumps` and `validate` of the schema, and of the schemas
    derived from it, return what they returned before; so does ``super().load()`` in an
    override. ``compiled = False`` in a schema's ``Meta`` leaves it to marshmallow.

    >>> from marshmallow import Schema, fields
    >>> from twopi_schemas import CompiledMixin
    >>> class Book(CompiledMixin, Schema):
    ...     title = fields.String()
    >>> Book().load({"title": "Emma"})
    {'title': 'Emma'}
    """

    _twopi_schemas_transparent = True

    def load(
        self,
        data: Any,
        *,
        many: bool | None = None,
        partial: Any = None,
        unknown: Any = None,
        **options: Any,
    ) -> Any:
        """Load as the next class does; see `marshmallow.Schema.load`."""
        core = None if options else _core(self)
        if core is not None:
            return core.load(data, many=many, partial=partial, unknown=unknown)
        given = {"many": many, "partial": partial, "unknown": unknown}
        return _next(self).load(data, **_given(given), **options)

    def dump(self, obj: Any, *, many: bool | None = None, **options: Any) -> Any:
        """Dump as the next class does; see `marshmallow.Schema.dump`."""
        core = None if options else _core(self)
        if core is not None:
            return core.dump(obj, many=many)
        return _next(self).dump(obj, **_given({"many": many}), **options)

    def validate(
        self,
        data: Any,
        *,
        many: bool | None = None,
        partial: Any = None,
        **options: Any,
    ) -> Any:
        """Validate as the next class does; see `marshmallow.Schema.validate`."""
        core = None if options else _core(self)
        if core is not None:
            return core.validate(data, many=many, partial=partial)
        given = {"many": many, "partial": partial}
        return _next(self).validate(data, **_given(given), **options)


def _core(schema: Any) -> Core | None:
    return core_of(schema, CompiledMixin, "_twopi_schemas_mixin", chosen=True)


def _next(schema: Any) -> Any:
    if not isinstance(schema, Schema):
        raise TypeError(
            f"{type(schema).__name__} is not a schema; write "
            "class YourSchema(CompiledMixin, Schema)"
        )
    return super(CompiledMixin, schema)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
