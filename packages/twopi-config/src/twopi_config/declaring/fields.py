"""The variables that a class of settings declares."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from twopi_config.declaring.value_types import holds_secret, kind_of
from twopi_config.declaring.variable import DECLARED, Variable
from twopi_config.errors import DeclarationError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where fields are declared: in a class, or in one that is nested in it.

    Attributes:
        prefix: What the names of the variables begin with.
        delimiter: What separates the name of a nested field from those in it.
        base: The class of all settings: no field has the name of its attributes.
        path: The nested fields so far, with a dot after each.
        group: See `Variable.group`.
        default: Returns the value of a field by its name, if the settings that are
            nested here have a default.
    """

    prefix: str
    delimiter: str
    base: type
    path: str = ""
    group: str = ""
    default: Callable[[str], Callable[[], Any]] | None = None


def declared(cls: type, place: Place) -> Iterator[Variable]:
    """Yield the variables of the fields of the dataclass *cls*.

    Raises:
        DeclarationError: A field cannot be a variable.
    """
    made = [*_variables(cls, place)]
    names = {each.name for each in made}
    taken: set[str] = set()
    for each in made:
        file = f"{each.name}_FILE"
        if each.secret or file not in names:
            each = dataclasses.replace(each, file_name=file)  # noqa: PLW2901
        ours = {each.name, each.file_name or each.name}
        if ours & taken or not _NAME.fullmatch(each.name):
            raise DeclarationError(
                f"{cls.__qualname__}.{each.field} needs a variable of its own, of "
                "letters, digits and _; give it one by name="
            )
        taken |= ours
        yield each


def nested_in(annotation: Any, base: type) -> type | None:
    """Return the class of settings that is annotated, also ``| None``, if it is one."""
    if typing.get_origin(annotation) in {types.UnionType, typing.Union}:
        left = {*typing.get_args(annotation)} - {types.NoneType}
        annotation = left.pop() if len(left) == 1 else None
    if isinstance(annotation, type) and issubclass(annotation, base):
        return annotation
    return None


def nested_fields(cls: type, base: type) -> dict[str, Any]:
    """Return the fields of *cls* that are settings, and the class of each."""
    hints = typing.get_type_hints(cls)
    found = {it.name: nested_in(hints[it.name], base) for it in dataclasses.fields(cls)}
    return {name: inner for name, inner in found.items() if inner is not None}


def _variables(cls: type, place: Place) -> Iterator[Variable]:
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        called = f"{cls.__qualname__}.{field.name}"
        if hasattr(place.base, field.name):
            raise DeclarationError(
                f"{called} is a method of {place.base.__name__}; give the field "
                "another name, and the variable its own by name="
            )
        inner = nested_in(hints[field.name], place.base)
        if inner is None:
            yield _variable(field, hints[field.name], place, called)
        else:
            yield from _variables(inner, _inside(field, place, called))


def _inside(field: dataclasses.Field[Any], place: Place, called: str) -> Place:
    """Return the place of the fields of the settings that are nested in *field*."""
    options = field.metadata.get(DECLARED, {})
    if options.get("check") or options.get("wanted"):
        raise DeclarationError(f"{called} is nested; its own fields have checks")
    path = f"{place.path}{field.name}"
    default, group = _default(field, place), place.group
    inner: Callable[[str], Callable[[], Any]] | None = None
    if default is not None and default() is None:
        group = path
    elif default is not None:
        made = default
        inner = lambda name: lambda: getattr(made(), name)  # noqa: E731
    name = options.get("name") or f"{place.prefix}{field.name.upper()}"
    prefix = f"{name}{place.delimiter}"
    return dataclasses.replace(
        place, prefix=prefix, path=f"{path}.", group=group, default=inner
    )


def _default(field: dataclasses.Field[Any], place: Place) -> Callable[[], Any] | None:
    if place.default is not None:
        return place.default(field.name)
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory
    if field.default is not dataclasses.MISSING:
        return lambda: field.default
    return None


def _variable(
    field: dataclasses.Field[Any], annotation: Any, place: Place, called: str
) -> Variable:
    options = field.metadata.get(DECLARED, {})
    kind = kind_of(annotation)
    if kind is None:
        raise DeclarationError(
            f"{called} has a type that cannot be read from a string; "
            "the docstring of Settings lists those that can"
        )
    if options.get("check") and not options.get("wanted"):
        raise DeclarationError(
            f"{called} has a check; set wanted= to what the value must be"
        )
    return Variable(
        name=options.get("name") or f"{place.prefix}{field.name.upper()}",
        field=f"{place.path}{field.name}",
        kind=kind,
        wanted=options.get("wanted") or kind.wanted,
        doc=options.get("doc", ""),
        secret=holds_secret(annotation),
        check=options.get("check"),
        default=_default(field, place),
        group=place.group,
    )
