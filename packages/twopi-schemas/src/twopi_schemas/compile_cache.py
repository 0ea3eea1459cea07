"""Compile each schema once, and remember a bounded number of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from marshmallow import Schema

from twopi_schemas.decide.plan import is_schema_class
from twopi_schemas.schema import CompiledSchema

#: The attribute of a schema instance that holds its compiled form.
COMPILED = "_twopi_schemas_compiled"
#: Schemas compiled by class and options that a process remembers; the least recently
#: used one goes first. An instance keeps its own.
MAX_SCHEMAS = 512

_set = object.__setattr__
_lock = threading.Lock()
_known: OrderedDict[Any, CompiledSchema] = OrderedDict()


def compiled(schema: type[Schema] | Schema, /, **options: Any) -> CompiledSchema:
    """Return the compiled form of a marshmallow schema.

    Args:
        schema: a schema class, or an instance, whose own *only*, *exclude*, *many*,
            *partial*, *unknown*, *load_only* and *dump_only* count.
        **options: for a class: the arguments to make its instance with.

    Returns:
        an object with the schema's `load`, `dump`, `loads`, `dumps` and `validate`; the
        same one for the same instance, and for the same class and options while it is
        among the last `MAX_SCHEMAS` used. Options that cannot be compared by hash
        give a new one each time.

    Raises:
        TypeError: if *schema* is no schema, or is an instance and options are given.
    """
    if not isinstance(schema, type):
        if Schema not in type(schema).__mro__:  # isinstance would ask an ABC
            raise _refused(schema)
        if options:
            raise TypeError(f"{schema!r} is made already; give options to its class")
        known: Any = getattr(schema, COMPILED, None)
        if type(known) is CompiledSchema and known._schema is schema:  # noqa: SLF001
            return known
        made = CompiledSchema(schema, watched=True)  # a copy has that of another
        _set(schema, COMPILED, made)
        return made
    if not is_schema_class(schema):
        raise _refused(schema)
    key: Any = (schema, *_frozen(options)) if options else schema
    try:
        with _lock:
            found = _known.get(key)
            if found is not None:
                _known.move_to_end(key)
                return found
    except TypeError:  # an option cannot be a key: such a schema is not remembered
        return CompiledSchema(schema(**options), watched=False)
    found = CompiledSchema(schema(**options), watched=False)
    with _lock:
        found = _known.setdefault(key, found)
        if len(_known) > MAX_SCHEMAS:
            _known.popitem(last=False)
    return found


def _refused(argument: object) -> TypeError:
    return TypeError(f"compiled() takes a marshmallow schema, not {argument!r}")


def clear() -> None:
    """Forget all compiled schemas."""
    with _lock:
        _known.clear()


def _frozen(options: dict[str, Any]) -> list[Any]:
    """Return *options* as a part of a key; the order of names in them counts."""
    return [(name, _hashable(value)) for name, value in sorted(options.items())]


def _hashable(value: Any) -> Any:
    kind = type(value)
    if kind is list:
        return kind, *value
    return (kind, frozenset(value)) if kind is set else (kind, value)
