"""The kind of value that an annotation asks for."""

from __future__ import annotations

import enum
import types
import typing
from typing import Any

from twopi_config.declaring.containers import mapping_of, sequence_of
from twopi_config.declaring.kind import Kind
from twopi_config.declaring.scalars import SCALARS, choice_of
from twopi_config.declaring.unions import union_of
from twopi_config.secret import Secret


def kind_of(annotation: Any) -> Kind | None:
    """Return the kind of what is annotated so, or `None` if it cannot be read."""
    if isinstance(annotation, type) and annotation in SCALARS:
        return SCALARS[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {types.UnionType, typing.Union}:
        return union_of([kind_of(it) for it in arguments if it is not types.NoneType])
    if origin is typing.Literal:
        return choice_of({str(each): each for each in arguments})
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        by_value = issubclass(annotation, str)
        members = annotation.__members__.items()
        return choice_of({it.value if by_value else name: it for name, it in members})
    if origin is tuple and arguments[1:] == (...,):
        return sequence_of(tuple, kind_of(arguments[0]))
    if origin in {list, set, frozenset}:
        return sequence_of(origin, kind_of(arguments[0]))
    if origin is dict and arguments[0] is str:
        return mapping_of(kind_of(arguments[1]))
    return None


def holds_secret(annotation: Any) -> bool:
    """Return whether a value that is annotated so is, or may contain, a `Secret`."""
    return annotation is Secret or any(map(holds_secret, typing.get_args(annotation)))
