"""How marshmallow reads an attribute, decided once per class of object.

`marshmallow.utils.get_value` tries ``obj[name]`` and then ``obj.name``, for each
attribute anew. What it finds is known beforehand for objects whose class has no
``__getitem__`` and for tuples, whose items have no names: ``obj[name]`` always
raises. The loaded attributes of a mapped SQLAlchemy entity are in its ``__dict__``.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from enum import Enum, auto
from typing import Any

#: What a failing ``obj[name]`` raises if ``obj.name`` is to be tried.
MISS = (KeyError, IndexError, TypeError, AttributeError)


_GETATTRIBUTE = object.__dict__["__getattribute__"]


class Access(Enum):
    """Where the values of an object are."""

    KEY = auto()
    ATTRIBUTE = auto()
    STATE = auto()


def access(kind: type) -> Access:
    """Tell how to read objects that are exactly of class *kind*."""
    getter = inspect.getattr_static(kind, "__getitem__", None)
    if issubclass(kind, type):  # a class may be subscripted without __getitem__
        return Access.KEY
    if getter is None:
        return Access.STATE if is_mapped(kind) else Access.ATTRIBUTE
    named = getter is tuple.__dict__["__getitem__"] or _is_row(kind)
    return Access.ATTRIBUTE if named else Access.KEY


def is_mapped(kind: type) -> bool:
    """Tell whether *kind* is an ordinary mapped class of SQLAlchemy."""
    return (
        "__mapper__" in kind.__dict__
        and inspect.getattr_static(kind, "__getattribute__") is _GETATTRIBUTE
        and "sqlalchemy.orm.attributes" in sys.modules
        and "sqlalchemy.ext.instrumentation" not in sys.modules
    )


def stored(kind: type, names: Iterable[str]) -> set[str]:
    """Return those of *names* whose loaded values a mapped class keeps in its dict."""
    attribute = sys.modules["sqlalchemy.orm.attributes"].InstrumentedAttribute
    found = set()
    for name in names:
        descriptor: Any = inspect.getattr_static(kind, name, None)
        if (
            type(descriptor) is attribute
            and descriptor.key == name
            and getattr(getattr(descriptor, "impl", None), "supports_population", False)
        ):
            found.add(name)
    return found


def _is_row(kind: type) -> bool:
    module = sys.modules.get("sqlalchemy.engine.row")
    return module is not None and kind is module.Row
