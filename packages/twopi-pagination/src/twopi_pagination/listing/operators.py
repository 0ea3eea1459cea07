"""The operators of filters: what each makes of a column and a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement

Operator = Callable[[Any, Any], ColumnElement[bool]]

OPERATORS: dict[str, Operator] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "in": lambda column, values: column.in_(values),
    "contains": lambda column, value: column.contains(value, autoescape=True),
    "startswith": lambda column, value: column.startswith(value, autoescape=True),
    "null": lambda column, value: column.is_(None) if value else column.is_not(None),
}
"""Each operator by the name that a client gives it: ``price__gte=10``."""

NEGATED = {"ne": "eq"}
"""Those that are the opposite of another: what it leaves out, NULLs included."""

TEXT_ONLY = frozenset({"contains", "startswith"})

_EQUALITY = ("eq", "ne", "in")
_ORDERED = (*_EQUALITY, "lt", "lte", "gt", "gte")


def default_operators(python_type: type, *, nullable: bool) -> tuple[str, ...]:
    """Return the operators for a column, which an index can serve."""
    names: tuple[str, ...] = (
        _EQUALITY if issubclass(python_type, bool | str) else _ORDERED
    )
    if python_type is bool:
        names = ("eq",)
    return (*names, "null") if nullable else names
