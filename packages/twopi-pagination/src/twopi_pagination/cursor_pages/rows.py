"""The rows from a place in the order on."""
# ruff: noqa: SLF001

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, union_all

from twopi_pagination.cursor_pages.condition import equal, is_one_way
from twopi_pagination.cursor_pages.token import Digest, Place
from twopi_pagination.cursor_pages.total_order import Order, Types, plain_values
from twopi_pagination.errors import InvalidCursor
from twopi_pagination.query.source import (
    Source,
    is_distinct,
    is_grouped,
    primary_key,
    unlocked,
)


def rows_at(source: Source, order: Order, place: Place, limit: int) -> list[Any]:
    """Return at most *limit* rows from *place* on, the nearest first, by one SELECT.

    Eager loading by SELECT IN and the like adds its own, and a value that was too long
    for the cursor takes one more to look it up.

    Raises:
        InvalidCursor: The row with the long value is not there any more.
    """
    if place.backwards:
        order = order.backwards
    values = place.values
    if values is not None and any(isinstance(each, Digest) for each in values):
        values = _looked_up(source, order, values)
    types = None if values is None else order.types_of(values)
    page = _known_page(source, order, types, limit)
    return _rows(_with_params(source, order, values), order, page)


def _rows(source: Source, order: Order, page: Any) -> list[Any]:
    result = source.run(page)
    return list(result.unique(order.values) if order.merged else result)


def _looked_up(
    source: Source, order: Order, values: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Return *values* with those of the row itself in place of digests."""
    known = [None if isinstance(each, Digest) else each for each in values]
    statement: Any = source.statement.order_by(None)
    bounds = order.bounds(order.types_of(known))
    for key, bound, value in zip(order.keys, bounds, values, strict=True):
        if not isinstance(value, Digest):
            statement = _restricted(statement, order, equal(key, bound))
    page = statement.add_columns(*order.fetched)
    for row in _rows(_with_params(source, order, known), order, page):
        found = order.values(row)
        if all(
            Digest.of(codec.encode(each)) == value
            for codec, each, value in zip(order.codecs, found, values, strict=True)
            if isinstance(value, Digest)
        ):
            return found
    raise InvalidCursor


def _with_params(source: Source, order: Order, values: Sequence[Any] | None) -> Source:
    if values is None:
        return source
    place = {
        name: value
        for name, value in zip(order.names, values, strict=True)
        if value is not None
    }
    return dataclasses.replace(source, params={**(source.params or {}), **place})


def _known_page(source: Source, order: Order, types: Types | None, limit: int) -> Any:
    """Return the statement of the page, made before if it was for the same list."""
    statement: Any = source.statement
    cache_key = statement._generate_cache_key()
    values = cache_key and plain_values(cache_key.bindparams)
    if values is None:
        return _page(source, order, types, limit)
    # SQLAlchemy's key does not tell the execution options
    options = statement._execution_options
    known = order.pages.get((types, limit))
    if known is not None and known[:2] == (values, options):
        return known[2]
    page = _page(source, order, types, limit)
    order.pages.put((types, limit), (values, options, page))
    return page


def _page(source: Source, order: Order, types: Types | None, limit: int) -> Any:
    statement: Any = source.statement.order_by(None)
    if order.repeating:
        rows = _key_columns(source).group_by(
            *primary_key(source.entity), *(key.element for key in order.keys)
        )
        rows = _after(rows, order, types).order_by(*order.clauses).limit(limit)
        page = _of_keys(statement, source.entity, rows.subquery(), order)
    elif types is not None and _needs_branches(source, order):
        pieces = [
            _key_columns(source).where(piece).order_by(*order.clauses).limit(limit)
            for piece in order.branches(types)
        ]
        # SQLite has no LIMIT right inside of a UNION
        rows = union_all(*(select(piece.subquery()) for piece in pieces))
        page = _of_keys(statement, source.entity, rows.subquery(), order).limit(limit)
    else:
        page = _after(statement, order, types).limit(limit)
    return page.add_columns(*order.fetched).order_by(*order.clauses)


def _after(statement: Any, order: Order, types: Types | None) -> Any:
    if types is None:
        return statement
    return _restricted(statement, order, order.after(types))


def _restricted(statement: Any, order: Order, condition: Any) -> Any:
    if order.aggregated:
        return statement.having(condition)
    return statement.where(condition)


def _needs_branches(source: Source, order: Order) -> bool:
    """Tell if the database would use no index for the condition in one piece.

    That is so on PostgreSQL for all but row values, and on SQLite where NULLs come
    last. MariaDB and MySQL put the pieces together themselves.
    """
    statement: Any = source.statement
    first = order.keys[0]
    scanned = {
        "postgresql": not is_one_way(order.keys),
        "sqlite": first.nullable and not first.nulls_first,
    }
    return (
        scanned.get(order.dialect.name, False)
        and source.entity is not None
        and not is_distinct(statement)
        and not is_grouped(statement)
        and statement._for_update_arg is None
    )


def _key_columns(source: Source) -> Any:
    keys = [
        key.label(f"key_{index}")
        for index, key in enumerate(primary_key(source.entity))
    ]
    return unlocked(source.statement.order_by(None)).with_only_columns(*keys)


def _of_keys(statement: Any, entity: Any, rows: Any, order: Order) -> Any:
    """Return *statement* for the entities whose primary keys are in *rows*."""
    # an outer join may leave the entity out; its keys are the last of the order
    optional = any(key.nullable for key in order.keys)
    return statement.where(
        *(
            own.is_not_distinct_from(key)
            if optional and order.repeating
            else own == key
            for own, key in zip(primary_key(entity), rows.c, strict=True)
        )
    )
