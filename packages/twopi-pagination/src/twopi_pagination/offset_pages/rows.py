"""The items of a page.

A *plain* page is the statement with LIMIT and OFFSET. That is wrong where a join
repeats an entity, because LIMIT counts rows. There the page is *chosen*: the rows are
numbered in their order, an entity's place is the number of its first row, and the whole
statement runs for the entities whose turn it is. So their collections are complete, and
they come in the order in which the statement alone would yield them.
"""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

from sqlalchemy import Select, Subquery, and_, func, select
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import Over

from twopi_pagination.errors import UnpageableQuery
from twopi_pagination.numbers import MAX_INTEGER
from twopi_pagination.query.joins import may_be_missing, repeats
from twopi_pagination.query.order_terms import (
    directed,
    order_of,
    ordered,
    own_terms,
    terms_of,
)
from twopi_pagination.query.source import (
    Source,
    has_joined_collections,
    is_distinct,
    is_distinct_on,
    is_grouped,
    is_limited,
    own_bounds,
    primary_key,
    unlimited,
    unlocked,
    without_distinct_on,
)


def must_be_chosen(source: Source) -> bool:
    """Tell if LIMIT on the statement would not count items.

    Raises:
        UnpageableQuery: The rows have a limit that cannot be combined with another.
    """
    known_bounds = own_bounds(source.statement) is not None
    if source.entity is not None:
        return not known_bounds or repeats(source.statement, source.entity)
    if not known_bounds:
        raise UnpageableQuery(
            "basequery has a FETCH, or a LIMIT or OFFSET that is an SQL expression; "
            "give it .limit() and .offset() of integers"
        )
    return False


class Found(NamedTuple):
    """What the SELECT of a page tells."""

    items: list[Any]
    total: int | None
    """How many items there are on all pages, if the rows say so."""


def page_items(
    source: Source,
    offset: int,
    limit: int,
    *,
    chosen: bool,
    deferred: bool = False,
    counted: bool = False,
) -> Found:
    """Return the entities or rows of a page, with at most one SELECT.

    Eager loading by SELECT IN and the like adds its own.

    Args:
        source: What selects all the items.
        offset: How many of them to skip.
        limit: How many of them to return.
        chosen: If a join repeats them.
        deferred: If primary keys are to be skipped, and not whole rows.
        counted: If each row is to have the total, where it can.
    """
    statement: Any = source.statement
    counted = counted and (chosen or _can_be_counted(statement))
    numbered = source.entity is None and _is_numbered(statement)
    if chosen:
        page = _chosen_page(source, offset, limit, counted=counted)
    elif deferred and _can_be_deferred(source):
        page = _deferred_page(source, offset, limit, counted=counted)
    else:
        page = _plain_page(source, offset, limit, numbered=numbered, counted=counted)
    if page is None:
        return Found([], None)
    result = source.run(page)
    if source.entity is not None and not counted:
        return Found(list(result.scalars().unique()), None)
    if source.entity is not None:
        rows = list(result.unique(_first_identity))
        return Found([row[0] for row in rows], rows[0][-1] if rows else None)
    if numbered:
        result = result.unique(operator.itemgetter(-2 if counted else -1))
    elif has_joined_collections(statement):
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


def _first_identity(row: Any) -> int:
    return id(row[0])


def _can_be_counted(statement: Any) -> bool:
    """Tell if `_TOTAL` counts what comes of *statement*, and is allowed there."""
    return (
        isinstance(statement, Select)
        and not is_limited(statement)
        and not is_distinct(statement)
        and statement._for_update_arg is None  # noqa: SLF001
    )


def _can_be_deferred(source: Source) -> bool:
    """Tell if the primary keys of a page can be found first."""
    statement: Any = source.statement
    return (
        source.entity is not None
        and not is_distinct(statement)
        and not is_grouped(statement)
    )


_TOTAL = func.count().over().label("twopi_total")


def _window(statement: Any, offset: int, limit: int) -> tuple[int, int] | None:
    """Return the OFFSET and LIMIT of a page within *statement*'s own."""
    start, most = own_bounds(statement) or (0, None)
    size = limit if most is None else min(limit, max(0, most - offset))
    if size == 0 or start + offset > MAX_INTEGER:
        return None
    return start + offset, size


def _plain_page(
    source: Source, offset: int, limit: int, *, numbered: bool, counted: bool
) -> Any:
    statement: Any = source.statement
    window = _window(statement, offset, limit)
    if window is None:
        return None
    if numbered:
        number = func.row_number().over()
        statement = statement.add_columns(number.label("twopi_row"))
    if counted:
        statement = statement.add_columns(_TOTAL)
    start, size = window
    return ordered(statement).limit(size).offset(start)


def _deferred_page(source: Source, offset: int, limit: int, *, counted: bool) -> Any:
    statement: Any = source.statement
    window = _window(statement, offset, limit)
    if window is None:
        return None
    start, size = window
    own = primary_key(source.entity)
    order = order_of(statement)
    columns = [key.label(f"key_{index}") for index, key in enumerate(own)]
    if counted:
        columns.append(_TOTAL)
    keys = (
        unlocked(statement.order_by(None))
        .with_only_columns(*columns)
        .order_by(*order)
        .limit(size)
        .offset(start)
        .subquery()
    )
    pairs = zip(own, keys.c, strict=False)
    whole = unlimited(statement).where(*(mine == key for mine, key in pairs))
    if counted:
        whole = whole.add_columns(keys.c.twopi_total)
    return whole.order_by(None).order_by(*order)


def _is_numbered(statement: Any) -> bool:
    """Tell if rows need a number, to know equal rows from repeated ones."""
    return has_joined_collections(statement) and (
        not is_distinct(statement) or is_distinct_on(statement)
    )


def _chosen_page(source: Source, offset: int, limit: int, *, counted: bool) -> Any:
    if limit == 0:
        return None
    statement: Any = source.statement
    *keys, row = _numbered_rows(source).c
    first = func.min(row)
    chosen = (
        select(*keys, first.label("position"), *([_TOTAL] if counted else []))
        .group_by(*keys)
        .order_by(first)
        .limit(limit)
        .offset(offset)
    )
    # PostgreSQL would lock what is grouped, but not what is WITH
    locked = statement._for_update_arg is not None  # noqa: SLF001
    page: Any = chosen.cte() if locked else chosen.subquery()
    position: Any = page.c.position
    pairs = zip(primary_key(source.entity), page.c, strict=False)
    if may_be_missing(statement, source.entity):
        matches = [own.is_not_distinct_from(key) for own, key in pairs]
    else:
        matches = [own == key for own, key in pairs]
    order = order_of(statement)
    whole = unlimited(statement).where(and_(*matches)).order_by(None)
    if is_distinct_on(statement):
        # it chose the entities, and would choose others among so few
        whole = without_distinct_on(whole)
    if is_grouped(statement):
        position = func.min(position)
    elif is_distinct(statement):
        whole = whole.add_columns(position)
    if counted:
        total = page.c.twopi_total
        whole = whole.add_columns(func.min(total) if is_grouped(statement) else total)
    return whole.order_by(position, *order)


def _numbered_rows(source: Source) -> Subquery:
    """Return the primary keys of all rows, and their positions in the order."""
    statement: Any = source.statement
    if not is_distinct_on(statement) and not _has_window(statement):
        number = func.row_number().over(order_by=order_of(statement))
        return key_rows(source, number.label("position"), chosen=True)
    # what is numbered after DISTINCT ON, or by other windows, has to be a subquery
    terms = terms_of(statement)
    if not all(hasattr(each.element, "label") for each in terms):
        raise UnpageableQuery(
            "basequery has a DISTINCT ON in an order of text; order by columns"
        )
    elements = [each.element.label(f"term_{i}") for i, each in enumerate(terms)]
    rows = key_rows(source, *elements, chosen=True)
    keys = list(rows.c)[: -len(terms)] if terms else list(rows.c)
    order = [
        directed(column, term)
        for column, term in zip(list(rows.c)[len(keys) :], terms, strict=True)
    ]
    number = func.row_number().over(order_by=[*order, *keys])
    return select(*keys, number.label("position")).subquery()


def _has_window(statement: Any) -> bool:
    terms = own_terms(statement)
    return any(
        isinstance(each, Over)
        for term in terms
        for each in visitors.iterate(term.element)
    )


def key_rows(source: Source, *columns: Any, chosen: bool) -> Subquery:
    """Return the statement with nothing but the entity's primary key and *columns*."""
    statement: Any = source.statement
    keys = primary_key(source.entity)
    labelled = [key.label(f"key_{index}") for index, key in enumerate(keys)]
    bare: Select[Any] = unlocked(statement.order_by(None))
    if chosen and (is_limited(statement) or is_distinct_on(statement)):
        bare = bare.order_by(*order_of(statement))
    return bare.with_only_columns(*labelled, *columns).subquery()
