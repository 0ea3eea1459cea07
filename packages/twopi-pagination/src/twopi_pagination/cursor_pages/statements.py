"""The statement of a page by cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, bindparam, select, union_all
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import ColumnClause

from twopi_pagination.cursor_pages.condition import Form, equal
from twopi_pagination.cursor_pages.total_order import Order, Types
from twopi_pagination.query.sqlalchemy_internals import deannotated, unlocked


def page_from(order: Order, types: Types | None, limit: int) -> Any:
    """Return the statement of the rows from a place on, with the keys for cursors.

    Args:
        order: The order, with the statement.
        types: The types of the place's values; `None` for the beginning.
        limit: How many rows there may be.
    """
    statement: Any = order.shape.statement.order_by(None)
    if order.repeating:
        rows = _after(_identities(order).group_by(*_grouped_by(order)), order, types)
        rows = rows.order_by(*order.clauses).limit(limit)
        page = _of_identities(statement, rows.subquery(), order)
    elif types is not None and _takes_branches(order):
        # as text: PostgreSQL plans a prepared statement without the values
        most: Any = bindparam(None, limit, type_=Integer(), literal_execute=True)
        pieces = [
            _identities(order).where(piece).order_by(*order.clauses).limit(most)
            for piece in order.branches(types)
        ]
        # SQLite has no LIMIT right inside of a UNION
        rows = union_all(*(select(piece.subquery()) for piece in pieces))
        page = _of_identities(statement, rows.subquery(), order).limit(most)
    else:
        page = _after(statement, order, types).limit(limit)
    return page.add_columns(*order.fetched).order_by(*order.clauses)


def rows_equal_to(order: Order, types: Types, known: Sequence[int]) -> Any:
    """Return the statement of the rows whose *known* keys are those of a place."""
    statement: Any = order.shape.statement.order_by(None)
    bounds = order.bounds(types)
    for index in known:
        condition = equal(order.keys[index], bounds[index])
        statement = _restricted(statement, order, condition)
    return statement.add_columns(*order.fetched)


def _after(statement: Any, order: Order, types: Types | None) -> Any:
    if types is None:
        return statement
    return _restricted(statement, order, order.after(types))


def _restricted(statement: Any, order: Order, condition: Any) -> Any:
    if order.aggregated:
        return statement.having(condition)
    return statement.where(condition)


def _takes_branches(order: Order) -> bool:
    shape = order.shape
    return (
        order.form is Form.BRANCHES
        and order.single
        and not shape.distinct
        and not shape.grouped
        and not shape.locked
    )


def _identities(order: Order) -> Any:
    shape = order.shape
    keys = [key.label(f"key_{index}") for index, key in enumerate(shape.identity)]
    return unlocked(shape.statement.order_by(None)).with_only_columns(*keys)


def _grouped_by(order: Order) -> list[Any]:
    """List the identity of the entity, and the columns in the keys.

    They are the same in all rows of an entity. PostgreSQL does not see that an
    expression of them is the same in GROUP BY and ORDER BY if it has parameters.
    """
    columns = {
        id(each): each
        for key in order.keys
        for each in visitors.iterate(deannotated(key.element))
        if isinstance(each, ColumnClause) and each.table is not None
    }
    return [*order.shape.identity, *columns.values()]


def _of_identities(statement: Any, rows: Any, order: Order) -> Any:
    """Return *statement* for the entities whose identities are in *rows*."""
    # an outer join may leave the entity out; its keys are the last of the order
    optional = order.repeating and any(key.nullable for key in order.keys)
    return statement.where(
        *(
            own.is_not_distinct_from(key) if optional else own == key
            for own, key in zip(order.shape.identity, rows.c, strict=True)
        )
    )
