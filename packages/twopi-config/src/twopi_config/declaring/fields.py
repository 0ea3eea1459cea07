"""The variables that a class of settings declares."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Iterator
from typing import Any

from twopi_config.declaring.value_types import kind_of
from twopi_config.declaring.variable import DECLARED, Variable
from twopi_config.errors import DeclarationError
from twopi_config.secret import Secret

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def declared(cls: type, prefix: str, reserved: type) -> Iterator[Variable]:
    """Yield the variables of the fields of the dataclass *cls*.

    Args:
        cls: The class.
        prefix: What stands before the names.
        reserved: The class whose attributes no field may be named after.

    Raises:
        DeclarationError: A field cannot be a variable.
    """
    hints = typing.get_type_hints(cls)
    taken: set[str] = set()
    for field in dataclasses.fields(cls):
        place = f"{cls.__qualname__}.{field.name}"
        if hasattr(reserved, field.name):
            raise DeclarationError(
                f"{place} is a method of {reserved.__name__}; give the field another "
                "name, and the variable its own by name="
            )
        made = _variable(field, hints[field.name], prefix, place)
        names = {made.name, made.file_name or made.name}
        if names & taken or not _NAME.fullmatch(made.name):
            raise DeclarationError(
                f"{place} needs a variable of its own, of letters, digits and _; "
                "give it one by name="
            )
        taken |= names
        yield made


def _variable(
    field: dataclasses.Field[Any], annotation: Any, prefix: str, place: str
) -> Variable:
    options = field.metadata.get(DECLARED, {})
    kind = kind_of(annotation)
    if kind is None:
        raise DeclarationError(
            f"{place} has a type that cannot be read from a text; "
            "the docstring of Settings lists those that can"
        )
    if options.get("check") and not options.get("wanted"):
        raise DeclarationError(
            f"{place} has a check; say by wanted= what the value has to be"
        )
    factory: Any = field.default_factory
    if factory is dataclasses.MISSING and field.default is not dataclasses.MISSING:
        factory = lambda: field.default  # noqa: E731
    return Variable(
        name=options.get("name") or f"{prefix}{field.name.upper()}",
        field=field.name,
        kind=kind,
        wanted=options.get("wanted") or kind.wanted,
        doc=options.get("doc", ""),
        secret=Secret in {annotation, *typing.get_args(annotation)},
        check=options.get("check"),
        default=None if factory is dataclasses.MISSING else factory,
    )
