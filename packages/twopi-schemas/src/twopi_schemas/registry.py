"""The field classes known exactly: which types each converts, and how.

A class maps to a function that takes a field and returns a table: the exact type
of a value, and the function that converts it (`AS_IS`: the value stays as it is).
What a table does not name, and any value its function raises on, is marshmallow's
to answer. Subclasses are unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from marshmallow.fields import Field

from twopi_schemas.marshmallow_internals import AnyField

Convert: TypeAlias = Callable[[Any], Any] | None
Table: TypeAlias = Mapping[type, Convert]
TableOf: TypeAlias = Callable[[Any], Mapping[type, Convert] | None]

#: The converter of values that need no conversion.
AS_IS: Convert = None
#: The table of a field that keeps every value as it is.
ANYTHING: Table = {object: AS_IS}

loads: dict[type[AnyField], TableOf] = {}
dumps: dict[type[AnyField], TableOf] = {}
#: The classes that users declared; marshmallow is asked where their functions raise.
declared: set[type[AnyField]] = set()

_MODELLED = (
    *("serialize", "deserialize", "get_value", "_validate", "_validate_missing"),
    *("_validate_all", "make_error", "_CHECK_ATTRIBUTE"),
)


def register(
    field_class: type[AnyField],
    *,
    load: TableOf | None = None,
    dump: TableOf | None = None,
) -> None:
    """Declare what a field class of your own does with values of known types.

    Call it once, beside the class. It covers fields whose class is exactly
    *field_class*; marshmallow goes on to answer for every other value, for
    missing data, for ``None``, and makes every error::

        register(
            UnixTime,
            load=lambda field: {int: from_seconds},
            dump=lambda field: {datetime: to_seconds},
        )

    Args:
        field_class: a class that overrides ``_deserialize`` or ``_serialize``
            of `marshmallow.fields.Field`, and nothing else of how values pass.
        load: takes a field; returns the exact types it accepts, each with the
            function that gives what ``field._deserialize`` gives, or `AS_IS`.
            The functions must have no effects, since a bad value makes
            marshmallow run ``_deserialize`` again; whatever they raise means
            "ask marshmallow". ``None`` for a field they do not cover.
        dump: the same for ``field._serialize``.

    Raises:
        TypeError: if *field_class* is marshmallow's own, is no field class, or
            overrides more than this models.
        ValueError: if *field_class* is registered already.
    """
    if not _is_field_class(field_class):
        raise TypeError(f"register() takes a field class, not {field_class!r}")
    if field_class.__module__ == Field.__module__:
        raise TypeError(f"{field_class.__name__} is marshmallow's own")
    for name in _MODELLED:
        if getattr(field_class, name, None) is not getattr(Field, name, None):
            raise TypeError(
                f"{field_class.__name__} overrides {name}; "
                "only _deserialize and _serialize can be declared"
            )
    if field_class in declared:
        raise ValueError(f"{field_class.__name__} is registered already")
    declared.add(field_class)
    if load is not None:
        loads[field_class] = load
    if dump is not None:
        dumps[field_class] = dump


def _is_field_class(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, Field)
