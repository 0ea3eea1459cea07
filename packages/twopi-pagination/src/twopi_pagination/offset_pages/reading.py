"""How the result of a page's SELECT becomes its items."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias


class Found(NamedTuple):
    """What the SELECT of a page tells."""

    items: list[Any]
    total: int | None
    """How many items there are on all pages, if the rows say so."""


Read: TypeAlias = Callable[[Any], Found]


def entities(result: Any) -> Found:
    """Read entities, each once."""
    return Found(list(result.scalars().unique()), None)


def counted_entities(result: Any) -> Found:
    """Read entities, each once, with the total in the last column."""
    rows = list(result.unique(_identity_of_first))
    return Found([row[0] for row in rows], rows[0][-1] if rows else None)


def _identity_of_first(row: Any) -> int:
    return id(row[0])


def rows_without(numbered: bool, counted: bool, *, unique: bool) -> Read:
    """Return a function that reads rows without what was added to them.

    Args:
        numbered: If a number tells equal rows from repeated ones.
        counted: If the last column is the total.
        unique: If eager loading repeats rows.
    """

    def read(result: Any) -> Found:
        if numbered:
            result = result.unique(operator.itemgetter(-2 if counted else -1))
        elif unique:
            result = result.unique()
        if not numbered and not counted:
            return Found(list(result), None)
        frozen = result.freeze()
        rows = list(frozen())
        if not rows:
            return Found([], None)
        width = len(rows[0]) - numbered - counted
        total = rows[0][-1] if counted else None
        return Found(list(frozen().columns(*range(width))), total)

    return read
