"""What is known of one statement, each fact found once and only if it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import CompoundSelect, Join, Select, inspect
from sqlalchemy.sql.expression import ColumnElement, FromClause

from twopi_pagination.query import sqlalchemy_internals as internals
from twopi_pagination.query.entities import (
    identity_of,
    is_of_one_row_each,
)
from twopi_pagination.query.joins import (
    JoinGraph,
    depends_only_on,
    is_table,
    only_of,
    parts_of,
)
from twopi_pagination.query.order_terms import (
    Term,
    bare,
    missing_from,
    own_clauses,
    terms_of,
)
from twopi_pagination.query.uniqueness import key_of, key_of_groups


@dataclass(frozen=True, eq=False)
class Shape:
    """The facts of one statement.

    Attributes:
        statement: A SELECT, or a union of them.
    """

    statement: Select[Any] | CompoundSelect[Any]

    @cached_property
    def described(self) -> list[Any]:
        """The descriptions of the columns; none for a union."""
        return list(getattr(self.statement, "column_descriptions", ()))

    @cached_property
    def entities(self) -> list[Any]:
        """The mapped classes and aliases that are selected whole."""
        return [
            column["expr"]
            for column in self.described
            if column.get("entity") is not None and column["expr"] is column["entity"]
        ]

    @cached_property
    def entity(self) -> Any:
        """The mapped class, or its alias, if that is all a row consists of."""
        if len(self.described) == len(self.entities) == 1:
            return self.entities[0]
        return None

    @cached_property
    def identity(self) -> list[ColumnElement[Any]]:
        """The columns that identify an object of the entity; none if there is none."""
        return [] if self.entity is None else identity_of(self.entity)

    @cached_property
    def width(self) -> int:
        """How many columns a row has, an entity being one."""
        return len(self.described)

    @cached_property
    def limited(self) -> bool:
        """Whether there is a LIMIT, OFFSET or FETCH."""
        return internals.is_limited(self.statement)

    @cached_property
    def bounds(self) -> tuple[int, int | None] | None:
        """The OFFSET and LIMIT; `None` if they are not integers."""
        return internals.own_bounds(self.statement)

    @cached_property
    def distinct(self) -> bool:
        """Whether there is a DISTINCT or DISTINCT ON."""
        return internals.is_distinct(self.statement)

    @cached_property
    def distinct_on(self) -> bool:
        """Whether there is a DISTINCT ON."""
        return internals.is_distinct_on(self.statement)

    @cached_property
    def grouped(self) -> bool:
        """Whether there is a GROUP BY."""
        return bool(internals.group_clauses(self.statement))

    @cached_property
    def locked(self) -> bool:
        """Whether there is a FOR UPDATE."""
        return internals.is_locked(self.statement)

    @cached_property
    def eager_joins(self) -> bool:
        """Whether eager loading by JOIN may repeat the rows.

        It is also true for other loader options: they cannot be told apart.
        """
        mappers = [inspect(entity).mapper for entity in self.entities]
        relationships = [each for mapper in mappers for each in mapper.relationships]
        return bool(mappers) and (
            bool(internals.loader_options(self.statement))
            or any(each.lazy in {"joined", False} for each in relationships)
        )

    @cached_property
    def own_terms(self) -> list[Term]:
        """The terms of ORDER BY."""
        return terms_of(self.own_order)

    @cached_property
    def own_order(self) -> list[ColumnElement[Any]]:
        """The ORDER BY, to be used elsewhere."""
        return own_clauses(self.statement)

    @cached_property
    def tie_breaker(self) -> list[ColumnElement[Any]]:
        """The identities of the entities that are not in ORDER BY, for its end.

        They go in the direction of the last term: so an index of that term still
        serves. PostgreSQL's DISTINCT ON and FETCH WITH TIES leave no room for them.
        """
        if self.distinct_on or internals.has_fetch(self.statement):
            return []
        keys = [key for entity in self.entities for key in identity_of(entity)]
        if not keys:
            return []
        missing = missing_from(keys, self.own_terms)
        descending = bool(self.own_terms) and self.own_terms[-1].descending
        return [key.desc() if descending else key for key in missing]

    @cached_property
    def order(self) -> list[ColumnElement[Any]]:
        """The ORDER BY with the tie-breaker, to be used elsewhere."""
        return [*self.own_order, *self.tie_breaker]

    @cached_property
    def own_tables(self) -> set[FromClause]:
        """The selectable of the entity, and the tables in it."""
        selectable = inspect(self.entity).selectable
        return {selectable, *parts_of(selectable)}

    @cached_property
    def is_alone(self) -> bool:
        """Whether there plainly is no other table; finding all of them takes longer."""
        selectable = inspect(self.entity).selectable
        return (
            not internals.names_tables(self.statement)
            and not internals.loader_criteria(self.statement)
            and (is_table(selectable) or is_of_one_row_each(self.entity))
            and only_of(internals.where_clauses(self.statement), self.own_tables)
        )

    @cached_property
    def graph(self) -> JoinGraph:
        """The tables in FROM, and which of them determine which."""
        columns: list[Any] = [
            key for each in self.entities for key in identity_of(each)
        ]
        columns += [
            each["expr"]
            for each in self.described
            if not any(each["expr"] is entity for entity in self.entities)
        ]
        # the keys alone: eager loading is no part of the question
        statement: Any = self.statement
        keys = statement.order_by(None).with_only_columns(*columns)
        units = () if self.entity is None else (inspect(self.entity).selectable,)
        return JoinGraph(keys.get_final_froms(), statement.whereclause, units)

    @cached_property
    def tables(self) -> dict[FromClause, bool]:
        """The tables in FROM, and for each whether an outer join may leave it NULL."""
        if self.entity is not None and self.is_alone:
            selectable = inspect(self.entity).selectable
            if not isinstance(selectable, Join):
                return {selectable: False}
        found: dict[FromClause, bool] = {}
        for table, optional in self.graph.tables.items():
            if isinstance(table, Join):
                found.update(JoinGraph([table], None).tables)
            else:
                found[table] = optional
        return found

    @cached_property
    def may_be_missing(self) -> bool:
        """Whether the entity is on the side of an outer join that may be NULL."""
        return any(
            optional
            for table, optional in self.graph.tables.items()
            if table in self.own_tables
        )

    @cached_property
    def determined(self) -> set[FromClause]:
        """The tables that have one row at most for each of the entity's."""
        if self.is_alone:
            return self.own_tables
        return self.graph.determined_by(self.own_tables)

    @cached_property
    def repeats(self) -> bool:
        """Whether the entity may come more than once in the rows.

        A yes may be wrong and costs time; a no is proved.
        """
        if self.is_alone or self._is_single:
            return False
        if self.distinct_on:
            terms = internals.distinct_terms(self.statement)
            return not (terms and only_of(terms, self.own_tables))
        if self.distinct:
            return not self._is_distinct_by_entity
        if self.grouped:
            return not only_of(self.groups, self.own_tables)
        return True

    @property
    def _is_single(self) -> bool:
        present = self.own_tables & self.graph.tables.keys()
        return (
            bool(present)
            and not self.may_be_missing
            and is_table(inspect(self.entity).selectable)
            and self.determined >= self.graph.tables.keys()
        )

    @property
    def _is_distinct_by_entity(self) -> bool:
        """Whether DISTINCT leaves each entity once, selecting only its columns.

        ``contains_eager()`` selects more, and so does a legacy Query that is ordered
        by other columns.
        """
        return self.limited or (
            not internals.loader_options(self.statement)
            and only_of(internals.order_clauses(self.statement), self.own_tables)
        )

    @cached_property
    def groups(self) -> list[Any]:
        """The expressions of GROUP BY.

        Raises:
            KeylessError: There are subtotals.
        """
        return key_of_groups(self.statement)

    @cached_property
    def unique(self) -> list[Any]:
        """Columns that are never all equal in two items.

        Raises:
            KeylessError: None are known.
        """
        if self.entity is not None:
            return list(self.identity)
        if self.distinct:
            return [bare(each) for each in self.statement.selected_columns]
        if self.grouped:
            keys = [key for each in self.entities for key in identity_of(each)]
            return [*keys, *self.groups]
        return [column for table in self.tables for column in key_of(table)]

    def is_determined(self, element: Any) -> bool:
        """Return whether *element* has one value for each object of the entity."""
        return depends_only_on(element, self.determined)
