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


class Access(Enum):
    """Where the values of an object are."""

    ASK = auto()
    ATTRIBUTE = auto()
    KEY = auto()
    STATE = auto()


def access(kind: type) -> Access:
    """Tell how to read objects that are exactly of class *kind*.

    Classes with their own ``__getattribute__``, or with a ``__getattr__`` that would
    have to answer for ``__getitem__``, are marshmallow's to read; so are classes as
    objects, which may be subscripted without ``__getitem__``.
    """
    if _is_row(kind):
        return Access.ATTRIBUTE
    if issubclass(kind, type) or not _reads_plainly(kind):
        return Access.ASK
    getter = inspect.getattr_static(kind, "__getitem__", None)
    if getter is tuple.__dict__["__getitem__"]:
        return Access.ATTRIBUTE
    if getter is not None:
        return Access.KEY
    if inspect.getattr_static(kind, "__getattr__", None) is not None:
        return Access.ASK
    return Access.STATE if _is_mapped(kind) else Access.ATTRIBUTE


def _reads_plainly(kind: type) -> bool:
    reader = inspect.getattr_static(kind, "__getattribute__")
    owner = getattr(reader, "__objclass__", None)
    return owner is not None and owner.__module__ in (
        "builtins",
        "collections",
        "types",
    )


def _is_mapped(kind: type) -> bool:
    """Tell whether *kind* is an ordinary mapped class of SQLAlchemy."""
    return (
        "__mapper__" in kind.__dict__
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
