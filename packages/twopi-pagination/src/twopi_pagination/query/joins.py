"""Does a join repeat the rows of an entity?

A row of the entity comes once if every other table in FROM is determined by it: its
primary key is set equal, in an ON or in WHERE, to columns of tables that already are.
That is so for many-to-one joins, written in whatever way.
"""
# ruff: noqa: SLF001

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Alias, Column, Join, Table, inspect
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

from twopi_pagination.query.source import (
    distinct_terms,
    entities_of,
    is_distinct_on,
    is_limited,
    loader_criteria,
    primary_key,
)


def repeats(statement: Any, entity: Any) -> bool:
    """Tell if *entity* may come more than once in the rows of *statement*.

    A yes may be wrong and costs time; a no is proved.
    """
    if _is_alone(statement, inspect(entity).selectable):
        return False
    graph = _graph(statement, entity)
    if graph.proves_single():
        return False
    if is_distinct_on(statement):
        terms = distinct_terms(statement)
        return not (terms and _only_of(terms, graph.own))
    if statement._distinct:
        return not _distinct_by_entity(statement, graph.own)
    if statement._group_by_clauses:
        return not _only_of(statement._group_by_clauses, graph.own)
    return True


def may_be_missing(statement: Any, entity: Any) -> bool:
    """Tell if *entity* is on the side of an outer join that may be NULL."""
    graph = _graph(statement, entity)
    return not graph.own.isdisjoint(graph.optional)


def tables_of(statement: Any) -> dict[FromClause, bool]:
    """Map the tables in FROM to whether an outer join may leave them NULL."""
    described = statement.column_descriptions
    entities = entities_of(statement)
    if len(described) == len(entities) == 1:
        selectable = inspect(entities[0]).selectable
        if _is_alone(statement, selectable) and not isinstance(selectable, Join):
            return {selectable: False}
    # the keys alone: eager loading is no part of the question
    columns = [key for entity in entities for key in primary_key(entity)]
    columns += [
        each["expr"]
        for each in described
        if not any(each["expr"] is e for e in entities)
    ]
    keys = statement.order_by(None).with_only_columns(*columns)
    return {
        table: optional
        for source in keys.get_final_froms()
        for table, optional in _tables(source, optional=False)
    }


def _tables(source: FromClause, *, optional: bool) -> Iterator[tuple[FromClause, bool]]:
    if isinstance(source, FromGrouping):
        yield from _tables(source.element, optional=optional)
    elif isinstance(source, Join):
        full = optional or source.full
        yield from _tables(source.left, optional=full)
        yield from _tables(source.right, optional=full or source.isouter)
    else:
        yield source, optional


def is_of(element: Any, entity: Any) -> bool:
    """Tell if *element* has one value for each row of *entity*, and no other."""
    selectable = inspect(entity).selectable
    return _depends_only_on(element, {selectable, *_parts(selectable)})


def _is_alone(statement: Any, selectable: FromClause) -> bool:
    """Tell if there plainly is no other table; finding all of them takes longer."""
    return (
        not statement._setup_joins
        and not statement._from_obj
        and not statement._memoized_select_entities
        and not loader_criteria(statement)
        and is_table(selectable)
        and _only_of(statement._where_criteria, {selectable, *_parts(selectable)})
    )


class _Graph:
    """The tables of a FROM clause and the equations that hold between them."""

    def __init__(self, selectable: FromClause) -> None:
        self.selectable = selectable
        self.own = {selectable, *_parts(selectable)}
        self.tables: set[FromClause] = set()
        self.optional: set[FromClause] = set()
        self.equations: list[tuple[set[FromClause] | None, Any, Any]] = []

    def add(self, source: FromClause, *, optional: bool = False) -> set[FromClause]:
        """Take in *source*, and return the tables in it."""
        if isinstance(source, FromGrouping):
            return self.add(source.element, optional=optional)
        if source == self.selectable or not isinstance(source, Join):
            self.tables.add(source)
            if optional:
                self.optional.add(source)
            return {source}
        left = self.add(source.left, optional=optional or source.full)
        right = self.add(
            source.right, optional=optional or source.full or source.isouter
        )
        if not source.full:
            self.add_condition(source.onclause, right if source.isouter else None)
        return left | right

    def add_condition(
        self, condition: Any, determines: set[FromClause] | None = None
    ) -> None:
        """Take in the equations of *condition*, which *determines* these tables."""
        for each in _conjuncts(condition):
            if isinstance(each, BinaryExpression) and each.operator is operators.eq:
                self.equations.append((determines, each.left, each.right))
                self.equations.append((determines, each.right, each.left))

    def proves_single(self) -> bool:
        """Tell if all tables are determined by the entity's own."""
        own_present = self.own & self.tables
        if not own_present or own_present & self.optional:
            return False
        if not is_table(self.selectable):
            return False
        known = set(self.own)
        missing = self.tables - known
        while missing:
            found = {each for each in missing if self._is_determined(each, known)}
            if not found:
                return False
            known |= found
            missing -= found
        return True

    def _is_determined(self, table: FromClause, known: set[FromClause]) -> bool:
        if not is_table(table):
            return False
        fixed = {
            column.key
            for determines, column, value in self.equations
            if (determines is None or table in determines)
            and isinstance(column, Column)
            and column.table == table
            and _depends_only_on(value, known)
        }
        keys = {column.key for column in table.primary_key}
        return bool(keys) and keys <= fixed


def _graph(statement: Any, entity: Any) -> _Graph:
    # the keys alone: eager loading is no part of the question
    keys = statement.order_by(None).with_only_columns(*primary_key(entity))
    graph = _Graph(inspect(entity).selectable)
    for source in keys.get_final_froms():
        graph.add(source)
    graph.add_condition(statement.whereclause)
    return graph


def _conjuncts(condition: Any) -> Iterator[ColumnElement[Any]]:
    if isinstance(condition, BooleanClauseList):
        if condition.operator is operators.and_:
            for each in condition.clauses:
                yield from _conjuncts(each)
    elif condition is not None:
        yield condition


def _parts(source: FromClause) -> Iterator[FromClause]:
    if isinstance(source, Join):
        yield from _parts(source.left)
        yield from _parts(source.right)
    else:
        yield source


def is_table(source: FromClause) -> bool:
    """Tell if the primary key of *source* is one in the database."""
    if isinstance(source, Alias):
        return is_table(source.element)
    return all(isinstance(part, Table | Alias) for part in _parts(source))


def _depends_only_on(value: Any, known: set[FromClause]) -> bool:
    for element in visitors.iterate(value):
        if isinstance(element, SelectBase | TextClause):
            return False
        if isinstance(element, ColumnClause) and element.table not in known:
            return False
    return True


def _only_of(clauses: tuple[Any, ...], own: set[FromClause]) -> bool:
    return all(_depends_only_on(clause, own) for clause in clauses)


def _distinct_by_entity(statement: Any, own: set[FromClause]) -> bool:
    """Tell if DISTINCT leaves each entity once, selecting nothing but its columns.

    ``contains_eager()`` selects more, and so does a legacy Query that is ordered by
    other columns.
    """
    if is_limited(statement):
        return True
    return not statement._with_options and _only_of(statement._order_by_clauses, own)
