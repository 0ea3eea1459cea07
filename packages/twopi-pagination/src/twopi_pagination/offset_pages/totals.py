"""How many items there are on all pages.

*Exact* counts them all. *Capped* stops at a number. *Estimated* asks PostgreSQL's
planner, which does not count; other databases are asked for a capped count.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from sqlalchemy import ClauseElement, Executable, func, literal_column, select
from sqlalchemy.ext.compiler import compiles

from twopi_pagination.offset_pages.statements import key_rows, must_be_chosen
from twopi_pagination.query.source import Source
from twopi_pagination.query.sqlalchemy_internals import loader_criteria, unlocked
from twopi_pagination.settings import COUNTS
from twopi_pagination.whole_numbers import MAX_INTEGER, check_number

INEXACT = frozenset({"none", "capped", "estimated"})
"""The ways to count that may not tell if there is another page."""


class Total(NamedTuple):
    """How many items there are."""

    items: int | None
    exact: bool


def way_to_count(count: str | None, total: Any, default: str) -> str:
    """Return how to count: ``"own"`` for a *total* of the caller's.

    Raises:
        TypeError: There is a count and a total.
        ValueError: *count* is none of the ways to count.
    """
    if total is not None:
        if count is not None:
            raise TypeError("give either count= or total=, not both")
        return "own"
    if count is None:
        return default
    if count not in COUNTS:
        raise ValueError(f"count must be one of {', '.join(COUNTS)}, not {count!r}")
    return count


def total_of(
    source: Source,
    way: str,
    total: Any,
    cap: int,
    known: int | None,
    *,
    chosen: bool | None = None,
) -> Total:
    """Return how many items there are, with at most one SELECT.

    Args:
        source: What selects all the items.
        way: How to count.
        total: What the caller gives, if the way is ``"own"``.
        cap: Where a capped count stops.
        known: The total, if the page tells it.
        chosen: If a join repeats the items; `None` if that is not known.

    Raises:
        TypeError: The caller's total is no integer.
        ValueError: It is negative or too large.
    """
    if way == "none":
        return Total(None, exact=False)
    if way == "own":
        return Total(_own_total(source, total), exact=True)
    if known is not None:
        return Total(known, exact=True)
    if chosen is None:
        chosen = must_be_chosen(source.shape)
    return _counted(source, way, min(cap, MAX_INTEGER - 1), chosen=chosen)


def _own_total(source: Source, total: Any) -> int:
    value = total
    if isinstance(total, Executable):
        value = source.session.execute(
            total, bind_arguments={**source.bind_arguments}
        ).scalar_one()
    elif callable(total):
        value = total()
    if value is None:
        raise TypeError("total came out as None, not as an int")
    check_number("total", value)
    number: int = value
    return number


def _counted(source: Source, count: str, cap: int, *, chosen: bool) -> Total:
    """Count the items with one SELECT, without ORDER BY and eager loading."""
    rows: Any
    if source.entity is None:
        rows = unlocked(source.statement.order_by(None)).subquery()
    else:
        rows = key_rows(source.shape, chosen=chosen)
        if chosen:
            rows = select(*rows.c).distinct().subquery()
    criteria = loader_criteria(source.statement)
    ones: Any = select(literal_column("1")).select_from(rows).options(*criteria)
    if count == "estimated" and source.dialect == "postgresql":
        return Total(_estimate(source, ones), exact=False)
    if count in INEXACT:
        rows = ones.limit(cap + 1).subquery()
    statement = select(func.count()).select_from(rows).options(*criteria)
    total: int = source.run(statement).scalar_one()
    if count in INEXACT:
        return Total(min(total, cap), exact=total <= cap)
    return Total(total, exact=True)


def _estimate(source: Source, rows: Any) -> int:
    """Return how many *rows* PostgreSQL plans for."""
    plan = source.run(_Explained(rows), bind=source.bind).scalar_one()
    if isinstance(plan, str):  # asyncpg leaves JSON as it is
        plan = json.loads(plan)
    return int(plan[0]["Plan"]["Plan Rows"])


class _Explained(Executable, ClauseElement):
    """The plan of a statement, in JSON, without running it."""

    inherit_cache = False

    def __init__(self, statement: Any) -> None:
        self.statement = statement


@compiles(_Explained)
def _compile_explained(element: _Explained, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **options)}"
