"""Columns that are never all equal in two rows, as far as that can be proved."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CompoundSelect, Select, Table, UniqueConstraint
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import FromClause, FunctionElement
from sqlalchemy.sql.selectable import AliasedReturnsRows, SelectStatementGrouping

from twopi_pagination.query.joins import JoinGraph
from twopi_pagination.query.order_terms import (
    bare,
    clause_of,
    elements_of,
    resolved,
    same,
)
from twopi_pagination.query.sqlalchemy_internals import (
    group_clauses,
    is_distinct,
    is_distinct_on,
)

_WITHOUT_EQUAL_ROWS = {"UNION", "INTERSECT", "EXCEPT"}
_SUBTOTALS = {"rollup", "cube", "grouping sets", "grouping_sets"}


class KeylessError(Exception):
    """The rows of a table in FROM have nothing that tells them apart.

    Attributes:
        source: The table, view or subquery.
    """

    def __init__(self, source: Any) -> None:
        super().__init__()
        self.source = source


def key_of(source: FromClause) -> list[Any]:
    """List columns of *source* that are never all equal in two of its rows.

    Raises:
        KeylessError: None are known.
    """
    if isinstance(source, Table):
        found = list(source.primary_key) or _not_null_unique(source)
    elif isinstance(source, AliasedReturnsRows):
        found = [_column_in(source, each) for each in _key_of_element(source)]
    else:
        found = []
    if not found or any(each is None for each in found):
        raise KeylessError(source)
    return found


def _key_of_element(source: Any) -> list[Any]:
    element = source.element
    while isinstance(element, SelectStatementGrouping):
        element = element.element
    try:
        if isinstance(element, Select | CompoundSelect):
            return key_of_select(element)
        return key_of(element)
    except KeylessError:
        raise KeylessError(source) from None


def key_of_select(statement: Select[Any] | CompoundSelect[Any]) -> list[Any]:
    """List expressions that are never all equal in two rows of *statement*.

    Raises:
        KeylessError: None are known.
    """
    if isinstance(statement, CompoundSelect):
        if statement.keyword.name not in _WITHOUT_EQUAL_ROWS:
            raise KeylessError(statement)
        return list(statement.selected_columns)
    if is_distinct(statement) and not is_distinct_on(statement):
        return [bare(each) for each in statement.selected_columns]
    if group_clauses(statement):
        return key_of_groups(statement)
    plain = statement.order_by(None)
    graph = JoinGraph(plain.get_final_froms(), plain.whereclause)
    return key_of_join(graph)


def key_of_groups(statement: Any) -> list[Any]:
    """List the expressions of GROUP BY.

    Raises:
        KeylessError: There are subtotals, whose NULLs may be those of rows, too.
    """
    elements = [
        bare(clause_of(each))
        for clause in group_clauses(statement)
        for each in elements_of(resolved(clause, statement))
    ]
    for element in elements:
        for each in visitors.iterate(element):
            if isinstance(each, FunctionElement) and _name(each) in _SUBTOTALS:
                raise KeylessError(statement)
    return elements


def key_of_join(graph: JoinGraph) -> list[Any]:
    """List the keys of all tables of *graph* that are not determined by the others.

    Raises:
        KeylessError: A table has no key.
    """
    kept = list(graph.tables)
    for table in reversed(kept.copy()):
        others = [each for each in kept if each is not table]
        if others and table in graph.determined_by(others):
            kept = others
    return [column for table in kept for column in key_of(table)]


def _column_in(source: Any, inner: Any) -> Any:
    """Return the column of the alias or subquery *source* that is *inner* there."""
    for column in getattr(source.element, "selected_columns", ()):
        if column is inner or same(bare(column), inner):
            return source.corresponding_column(column)
    return source.corresponding_column(inner)


def _not_null_unique(table: Table) -> list[Any]:
    """List the columns of a unique constraint of *table* without NULLs."""
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            columns = list(constraint.columns)
            if columns and not any(each.nullable for each in columns):
                return columns
    return []


def _name(function: Any) -> str:
    return str(getattr(function, "name", "")).lower()
