"""The tables of a FROM clause, and which of them determine which.

A table is determined by others if its primary key is set equal, in an ON or in WHERE,
to columns of them. That is so for many-to-one joins, written in whatever way: then
the join does not repeat the rows of the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import Alias, Column, Join, Table
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.expression import (
    BinaryExpression,
    BooleanClauseList,
    ColumnClause,
    ColumnElement,
    FromClause,
    SelectBase,
    TextClause,
)
from sqlalchemy.sql.selectable import FromGrouping


class JoinGraph:
    """The tables of a FROM clause and the equations that hold between them.

    Attributes:
        tables: The tables, aliases and subqueries, and for each whether an outer join
            may leave it NULL.

    Args:
        sources: The FROM clause.
        condition: The WHERE clause.
        units: Joins that are taken as a whole: the tables of a class that inherits.
    """

    def __init__(
        self,
        sources: Iterable[FromClause],
        condition: Any,
        units: Collection[FromClause] = (),
    ) -> None:
        self.tables: dict[FromClause, bool] = {}
        self._units = units
        self._equations: list[tuple[set[FromClause] | None, Any, Any]] = []
        for source in sources:
            self._add(source)
        self._add_condition(condition)

    def determined_by(self, tables: Iterable[FromClause]) -> set[FromClause]:
        """Return *tables*, and all that have one row at most for each of theirs."""
        known = set(tables)
        missing = set(self.tables) - known
        while missing:
            found = {each for each in missing if self._is_determined(each, known)}
            if not found:
                break
            known |= found
            missing -= found
        return known

    def _add(self, source: FromClause, *, optional: bool = False) -> set[FromClause]:
        """Take in *source*, and return the tables in it."""
        if isinstance(source, FromGrouping):
            return self._add(source.element, optional=optional)
        if source in self._units or not isinstance(source, Join):
            self.tables[source] = optional
            return {source}
        left = self._add(source.left, optional=optional or source.full)
        right = self._add(
            source.right, optional=optional or source.full or source.isouter
        )
        if not source.full:
            self._add_condition(source.onclause, right if source.isouter else None)
        return left | right

    def _add_condition(
        self, condition: Any, determines: set[FromClause] | None = None
    ) -> None:
        """Take in the equations of *condition*, which *determines* these tables."""
        for each in _conjuncts(condition):
            if isinstance(each, BinaryExpression) and each.operator is operators.eq:
                self._equations.append((determines, each.left, each.right))
                self._equations.append((determines, each.right, each.left))

    def _is_determined(self, table: FromClause, known: set[FromClause]) -> bool:
        if not is_table(table):
            return False
        fixed = {
            column.key
            for determines, column, value in self._equations
            if (determines is None or table in determines)
            and isinstance(column, Column)
            and column.table == table
            and depends_only_on(value, known)
        }
        keys = {column.key for column in table.primary_key}
        return bool(keys) and keys <= fixed


def parts_of(source: FromClause) -> Iterator[FromClause]:
    """List the tables in *source*, which may be a join."""
    if isinstance(source, Join):
        yield from parts_of(source.left)
        yield from parts_of(source.right)
    elif isinstance(source, FromGrouping):
        yield from parts_of(source.element)
    else:
        yield source


def is_table(source: FromClause) -> bool:
    """Return whether the primary key of *source* is one in the database."""
    if isinstance(source, Alias):
        return is_table(source.element)
    return all(isinstance(part, Table | Alias) for part in parts_of(source))


def depends_only_on(value: Any, known: Collection[FromClause]) -> bool:
    """Return whether *value* has no columns but those of the tables *known*."""
    for element in visitors.iterate(value):
        if isinstance(element, SelectBase | TextClause):
            return False
        if isinstance(element, ColumnClause) and element.table not in known:
            is_star = element.is_literal and element.name == "*"  # of count(*)
            if not is_star:
                return False
    return True


def only_of(clauses: Iterable[Any], known: Collection[FromClause]) -> bool:
    """Return whether all *clauses* depend on the tables *known* only."""
    return all(depends_only_on(clause, known) for clause in clauses)


def _conjuncts(condition: Any) -> Iterator[ColumnElement[Any]]:
    if isinstance(condition, BooleanClauseList):
        if condition.operator is operators.and_:
            for each in condition.clauses:
                yield from _conjuncts(each)
    elif condition is not None:
        yield condition
