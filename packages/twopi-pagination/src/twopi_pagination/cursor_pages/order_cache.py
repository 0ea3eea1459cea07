"""Orders and statements that were found before.

They are kept for all statements that SQLAlchemy would compile to the same SQL (its
"cache key"). What is kept is made from the first of them, with a name in place of each
of its values; the values of the others are sent as parameters.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import ColumnClause
from sqlalchemy.sql.schema import Table

from twopi_pagination.cursor_pages.cache import Cache
from twopi_pagination.cursor_pages.order_rules import depends_on_values
from twopi_pagination.cursor_pages.total_order import Order, order_of
from twopi_pagination.query.shape import Shape
from twopi_pagination.query.source import Source
from twopi_pagination.query.sqlalchemy_internals import cache_key, with_named_values


@dataclasses.dataclass(frozen=True)
class Plan:
    """An order, with the statements that were made for its pages.

    Attributes:
        order: The order; its shape has the statement that the pages are made of.
        names: The names that stand in it for values; `None` if it has its own values,
            and serves one request only.
    """

    order: Order
    names: tuple[str, ...] | None = None

    @cached_property
    def pages(self) -> Cache[Any]:
        """The statements of pages made before, by place and size."""
        return Cache(16)


KNOWN: Cache[Plan] = Cache(500)
"""The plans of statements, by what is equal for all of them."""


def planned(source: Source) -> tuple[Plan, Source]:
    """Return the plan for *source*, and the source of its statement and values.

    Raises:
        UnorderedQuery: Nothing is known that tells the rows apart.
        UnsupportedOrdering: The order is one that a cursor cannot keep a place in.
        UnpageableQuery: The statement is not a SELECT, or has a limit.
    """
    dialect = source.bind.dialect
    found = cache_key(source.statement)
    values = None if found is None else _values(source, found.bindparams)
    if values is None:
        return Plan(order_of(source.shape, dialect)), source
    # the dialect is the engine's own, and knows the version of its server
    key = (dialect, found.key)
    plan = KNOWN.get(key)
    if plan is None:
        plan = _plan(source, dialect, found)
        KNOWN.put(key, plan)
    if plan.names is None:
        return Plan(order_of(source.shape, dialect)), source
    named = dict(zip(plan.names, values, strict=True))
    return plan, source.of_shape(plan.order.shape, named)


def _plan(source: Source, dialect: Dialect, found: Any) -> Plan:
    names = tuple(f"twopi_value_{index}" for index in range(len(found.bindparams)))
    statement = None
    if not depends_on_values(source.shape):
        statement = with_named_values(source.statement, found.key, names)
    if statement is not None:
        shape = Shape(statement)
        order = order_of(shape, dialect)
        if order.single or _names_tables_only(statement):
            return Plan(order, names)
    return Plan(order_of(source.shape, dialect))


def _names_tables_only(statement: Any) -> bool:
    """Return whether rows may be asked for any of their columns.

    The columns of an alias or a subquery are those of the statement that was kept.
    """
    return all(
        isinstance(each.table, Table)
        for column in statement.selected_columns
        for each in visitors.iterate(column)
        if isinstance(each, ColumnClause) and each.table is not None
    )


def _values(source: Source, parameters: list[Any]) -> list[Any] | None:
    """List the values of *parameters*; `None` if one is missing."""
    given: Mapping[str, Any] = source.params or {}
    if any(each.required and each.key not in given for each in parameters):
        return None
    return [given.get(each.key, each.effective_value) for each in parameters]
