"""The statements of pages by offset, and how their rows are read.

A *plain* page is the statement with LIMIT and OFFSET. That is wrong where a join
repeats an entity, because LIMIT counts rows. There the page is *chosen*: the rows are
numbered in their order, an entity's place is the number of its first row, and the whole
statement runs for the entities whose turn it is. So their collections are complete, and
they come in the order in which the statement alone would yield them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Select, Subquery, and_, func, select
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import Over

from twopi_pagination.errors import UnpageableQuery
from twopi_pagination.offset_pages.reading import (
    Read,
    counted_entities,
    entities,
    rows_without,
)
from twopi_pagination.query.order_terms import directed, terms_of
from twopi_pagination.query.shape import Shape
from twopi_pagination.query.sqlalchemy_internals import (
    deannotated,
    unlocked,
    without_distinct_on,
)
from twopi_pagination.whole_numbers import MAX_INTEGER


class PageStatement(NamedTuple):
    """The SELECT of a page, and the function that reads its result."""

    statement: Any
    read: Read


class Window(NamedTuple):
    """Which items belong to a page."""

    offset: int
    limit: int


def must_be_chosen(shape: Shape) -> bool:
    """Return whether LIMIT on the statement would not count items.

    Raises:
        UnpageableQuery: The rows have a limit that cannot be combined with another.
    """
    if shape.entity is not None:
        return shape.bounds is None or shape.repeats
    if shape.bounds is None:
        raise UnpageableQuery(
            "basequery has a FETCH, or a LIMIT or OFFSET that is an SQL expression; "
            "give it .limit() and .offset() of integers"
        )
    return False


def page_statement(
    shape: Shape, window: Window, *, chosen: bool, deferred: bool, counted: bool
) -> PageStatement | None:
    """Return the statement of a page; `None` if the page is plainly empty.

    Args:
        shape: What selects all the items.
        window: Which items belong to the page.
        chosen: If a join repeats them.
        deferred: If primary keys are to be skipped, and not whole rows.
        counted: If each row is to have the total, where it can.
    """
    counted = counted and (chosen or _can_be_counted(shape))
    if chosen:
        statement = _chosen(shape, window, counted=counted)
    elif deferred and _can_be_deferred(shape):
        statement = _deferred(shape, window, counted=counted)
    else:
        numbered = shape.entity is None and _is_numbered(shape)
        statement = _plain(shape, window, numbered=numbered, counted=counted)
        if shape.entity is None:
            unique = numbered or shape.eager_joins
            read = rows_without(numbered, counted, unique=unique)
            return None if statement is None else PageStatement(statement, read)
    if statement is None:
        return None
    return PageStatement(statement, counted_entities if counted else entities)


def key_rows(shape: Shape, *columns: Any, chosen: bool) -> Subquery:
    """Return the statement with nothing but the entity's identity and *columns*."""
    labelled = [key.label(f"key_{index}") for index, key in enumerate(shape.identity)]
    bare: Select[Any] = unlocked(shape.statement.order_by(None))
    if chosen and (shape.limited or shape.distinct_on):
        bare = bare.order_by(*shape.order)
    added = [deannotated(column) for column in columns]
    return bare.with_only_columns(*labelled, *added).subquery()


_TOTAL = func.count().over().label("twopi_total")


def _can_be_counted(shape: Shape) -> bool:
    """Return whether `_TOTAL` counts what comes of it, and is allowed there."""
    return (
        isinstance(shape.statement, Select)
        and not shape.limited
        and not shape.distinct
        and not shape.locked
    )


def _can_be_deferred(shape: Shape) -> bool:
    """Return whether the primary keys of a page can be found first."""
    return shape.entity is not None and not shape.distinct and not shape.grouped


def _is_numbered(shape: Shape) -> bool:
    """Return whether rows need a number, to know equal rows from repeated ones."""
    return shape.eager_joins and (not shape.distinct or shape.distinct_on)


def _within(shape: Shape, window: Window) -> Window | None:
    """Return the OFFSET and LIMIT of a page within the statement's own."""
    start, most = shape.bounds or (0, None)
    offset, limit = window
    size = limit if most is None else min(limit, max(0, most - offset))
    if size == 0 or start + offset > MAX_INTEGER:
        return None
    return Window(start + offset, size)


def _plain(shape: Shape, window: Window, *, numbered: bool, counted: bool) -> Any:
    within = _within(shape, window)
    if within is None:
        return None
    statement: Any = shape.statement
    if numbered:
        number = func.row_number().over()
        statement = statement.add_columns(number.label("twopi_row"))
    if counted:
        statement = statement.add_columns(_TOTAL)
    statement = statement.order_by(*shape.tie_breaker)
    return statement.limit(within.limit).offset(within.offset)


def _deferred(shape: Shape, window: Window, *, counted: bool) -> Any:
    within = _within(shape, window)
    if within is None:
        return None
    columns = [key.label(f"key_{index}") for index, key in enumerate(shape.identity)]
    if counted:
        columns.append(_TOTAL)
    statement: Any = shape.statement
    keys = (
        unlocked(statement.order_by(None))
        .with_only_columns(*columns)
        .order_by(*shape.order)
        .limit(within.limit)
        .offset(within.offset)
        .subquery()
    )
    pairs = zip(shape.identity, keys.c, strict=False)
    whole = statement.limit(None).offset(None)
    whole = whole.where(*(own == key for own, key in pairs))
    if counted:
        whole = whole.add_columns(keys.c.twopi_total)
    return whole.order_by(None).order_by(*shape.order)


def _chosen(shape: Shape, window: Window, *, counted: bool) -> Any:
    if window.limit == 0:
        return None
    *keys, row = _numbered_rows(shape).c
    first = func.min(row)
    chosen = (
        select(*keys, first.label("position"), *([_TOTAL] if counted else []))
        .group_by(*keys)
        .order_by(first)
        .limit(window.limit)
        .offset(window.offset)
    )
    # PostgreSQL would lock what is grouped, but not what is WITH
    page: Any = chosen.cte() if shape.locked else chosen.subquery()
    position: Any = page.c.position
    pairs = zip(shape.identity, page.c, strict=False)
    if shape.may_be_missing:
        matches = [own.is_not_distinct_from(key) for own, key in pairs]
    else:
        matches = [own == key for own, key in pairs]
    statement: Any = shape.statement
    whole = statement.limit(None).offset(None).where(and_(*matches)).order_by(None)
    if shape.distinct_on:
        # it chose the entities, and would choose others among so few
        whole = without_distinct_on(whole)
    if shape.grouped:
        position = func.min(position)
    elif shape.distinct:
        whole = whole.add_columns(position)
    if counted:
        total = page.c.twopi_total
        whole = whole.add_columns(func.min(total) if shape.grouped else total)
    return whole.order_by(position, *shape.order)


def _numbered_rows(shape: Shape) -> Subquery:
    """Return the identities of all rows, and their positions in the order."""
    if not shape.distinct_on and not _has_window(shape):
        number = func.row_number().over(order_by=shape.order)
        return key_rows(shape, number.label("position"), chosen=True)
    # what is numbered after DISTINCT ON, or by other windows, has to be a subquery
    terms = terms_of(shape.order)
    if not all(hasattr(each.element, "label") for each in terms):
        raise UnpageableQuery(
            "basequery has a DISTINCT ON in an order of text; order by columns"
        )
    elements = [each.element.label(f"term_{i}") for i, each in enumerate(terms)]
    rows = key_rows(shape, *elements, chosen=True)
    width = len(list(rows.c)) - len(terms)
    keys, ordered = list(rows.c)[:width], list(rows.c)[width:]
    order = [
        directed(column, term) for column, term in zip(ordered, terms, strict=True)
    ]
    number = func.row_number().over(order_by=[*order, *keys])
    return select(*keys, number.label("position")).subquery()


def _has_window(shape: Shape) -> bool:
    return any(
        isinstance(each, Over)
        for term in shape.own_terms
        for each in visitors.iterate(term.element)
    )
