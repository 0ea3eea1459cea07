"""The items of a page.

A *plain* page is the statement with LIMIT and OFFSET. That is wrong where a join
repeats an entity, because LIMIT counts rows. There the page is *chosen*: the rows are
numbered in their order, an entity's place is the number of its first row, and the whole
statement runs for the entities whose turn it is. So their collections are complete, and
they come in the order in which the statement alone would yield them.
"""

from __future__ import annotations

import operator
from typing import Any

from sqlalchemy import Select, Subquery, and_, func, select

from twopi_pagination.errors import UnpageableQuery
from twopi_pagination.joins import may_be_missing, repeats
from twopi_pagination.ordering import order_of, ordered
from twopi_pagination.params import MAX_INTEGER
from twopi_pagination.statement import (
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


def page_items(source: Source, offset: int, limit: int, *, chosen: bool) -> list[Any]:
    """Return the entities or rows of a page, with at most one SELECT.

    Eager loading by SELECT IN and the like adds its own.
    """
    page = (_chosen_page if chosen else _plain_page)(source, offset, limit)
    if page is None:
        return []
    result = source.run(page)
    if source.entity is not None:
        return list(result.scalars().unique())
    if _is_numbered(source.statement):
        return list(result.unique(operator.itemgetter(-1)))
    return list(result.unique() if has_joined_collections(source.statement) else result)


def _plain_page(source: Source, offset: int, limit: int) -> Any:
    statement: Any = source.statement
    start, most = own_bounds(statement) or (0, None)
    size = limit if most is None else min(limit, max(0, most - offset))
    if size == 0 or start + offset > MAX_INTEGER:
        return None
    if source.entity is None and _is_numbered(statement):
        number = func.row_number().over(order_by=order_of(statement))
        statement = statement.add_columns(number.label("twopi_row"))
    return ordered(statement).limit(size).offset(start + offset)


def _is_numbered(statement: Any) -> bool:
    """Tell if rows need a number, to know equal rows from repeated ones."""
    return has_joined_collections(statement) and (
        not is_distinct(statement) or is_distinct_on(statement)
    )


def _chosen_page(source: Source, offset: int, limit: int) -> Any:
    if limit == 0:
        return None
    statement: Any = source.statement
    number = func.row_number().over(order_by=order_of(statement))
    rows = key_rows(source, number.label("position"), chosen=True)
    *keys, position = rows.c
    first = func.min(position)
    page = (
        select(*keys, first.label("position"))
        .group_by(*keys)
        .order_by(first)
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    *keys, position = page.c
    pairs = zip(primary_key(source.entity), keys, strict=True)
    if may_be_missing(statement, source.entity):
        matches = [own.is_not_distinct_from(key) for own, key in pairs]
    else:
        matches = [own == key for own, key in pairs]
    order = order_of(statement)
    whole = unlimited(statement).where(and_(*matches)).order_by(None)
    if is_distinct(statement):
        whole = whole.add_columns(position)
    return whole.order_by(
        func.min(position) if is_grouped(statement) else position, *order
    )


def key_rows(source: Source, *columns: Any, chosen: bool) -> Subquery:
    """Return the statement with nothing but the entity's primary key and *columns*."""
    statement: Any = source.statement
    keys = primary_key(source.entity)
    labelled = [key.label(f"key_{index}") for index, key in enumerate(keys)]
    bare: Select[Any] = unlocked(statement.order_by(None))
    if chosen and is_limited(statement):
        bare = bare.order_by(*order_of(statement))
    return bare.with_only_columns(*labelled, *columns).subquery()
