"""The rows from a place in the order on."""
# ruff: noqa: SLF001

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Dialect, inspect, select, union_all
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import _textual_label_reference
from sqlalchemy.sql.expression import (
    ClauseList,
    ColumnElement,
    FunctionElement,
    Over,
    TextClause,
)

from twopi_pagination.cursor import Place
from twopi_pagination.errors import (
    UnorderedQuery,
    UnpageableQuery,
    UnsupportedOrdering,
)
from twopi_pagination.joins import is_of, is_table, repeats, tables_of
from twopi_pagination.keys import Key, key_of
from twopi_pagination.ordering import Term, bare, own_terms
from twopi_pagination.predicate import after, branches, is_one_way
from twopi_pagination.statement import (
    Source,
    entities_of,
    has_joined_collections,
    is_distinct,
    is_distinct_on,
    is_grouped,
    is_limited,
    primary_key,
    unlocked,
)


@dataclasses.dataclass(frozen=True)
class Order:
    """The whole order of a statement's rows, no two of which are equal in it.

    Attributes:
        keys: What the rows are ordered by.
        dialect: The database's.
        width: How many columns the statement selects itself; the keys' follow.
        single: If a row is one entity.
        repeating: If a join repeats that entity.
    """

    keys: Sequence[Key]
    dialect: Dialect
    width: int
    single: bool
    repeating: bool

    def clauses(self) -> list[ColumnElement[Any]]:
        """List the terms of ORDER BY."""
        return [each for key in self.keys for each in key.clauses(self.dialect)]

    def subject(self, scope: str) -> bytes:
        """Return what identifies this order in *scope*, in every process."""
        compiled = ClauseList(*self.clauses()).compile(dialect=self.dialect)
        codecs = [key.codec.name for key in self.keys]
        params = sorted(compiled.params.items())
        return repr((scope, str(compiled), params, codecs)).encode()

    def values(self, row: Any) -> tuple[Any, ...]:
        """Return the values of the keys in *row*."""
        return tuple(row[self.width :])

    def item(self, row: Any) -> Any:
        """Return what is to be dumped of *row*."""
        return row[0] if self.single else row


def order_of_keys(source: Source) -> Order:
    """Return the order of the rows of *source*, made total by primary keys.

    Raises:
        UnorderedQuery: There is no order and no primary key.
        UnsupportedOrdering: The order is one that a cursor cannot keep a place in.
        UnpageableQuery: The statement is no SELECT, or has a limit.
    """
    statement: Any = source.statement
    _check_statement(statement)
    bind: Any = source.session.get_bind(
        mapper=_first_mapper(statement), clause=statement
    )
    tables = tables_of(statement)
    terms = own_terms(statement)
    terms += _tie_breaker(source, terms, tables)
    if not terms:
        raise UnorderedQuery(
            "basequery has no order, and rows that no primary key tells apart; give "
            "it an order_by() of columns that together are unique"
        )
    repeating = source.entity is not None and repeats(statement, source.entity)
    for term in terms:
        _check_term(term.element)
        if repeating and (
            is_grouped(statement) or not _is_of_entity(term.element, source.entity)
        ):
            raise UnsupportedOrdering(
                f"a join gives {_name(source.entity)} several rows, and {term.element} "
                "may differ in them; group_by() its primary key and order by an "
                "aggregate, or order by columns of its own"
            )
    optional = {table for table, is_optional in tables.items() if is_optional}
    keys = [
        key_of(
            term.element,
            bind.dialect,
            descending=term.descending,
            nulls_first=term.nulls_first,
            nullable=_is_nullable(term.element, optional),
        )
        for term in terms
    ]
    return Order(
        keys=keys,
        dialect=bind.dialect,
        width=len(statement.column_descriptions),
        single=source.entity is not None,
        repeating=repeating,
    )


def _check_statement(statement: Any) -> None:
    if not hasattr(statement, "column_descriptions") or is_limited(statement):
        raise UnpageableQuery(
            "cursors need a SELECT without LIMIT and UNION; "
            "select from basequery's .subquery() instead"
        )
    if is_distinct_on(statement):
        raise UnsupportedOrdering(
            "cursors cannot keep a place in a DISTINCT ON; "
            "select from basequery's .subquery() instead"
        )


def _first_mapper(statement: Any) -> Any:
    for column in statement.column_descriptions:
        if column.get("entity") is not None:
            return inspect(column["entity"]).mapper
    return None


def _tie_breaker(
    source: Source, terms: list[Term], tables: dict[Any, bool]
) -> list[Term]:
    """List what tells apart the rows that *terms* leave equal.

    It goes in the direction of the last term: so an index of that term still serves.
    """
    statement: Any = source.statement
    descending = bool(terms) and terms[-1].descending
    present = [term.element for term in terms]
    missing = []
    for each in _unique(source, tables):
        element = bare(_clause(each))
        if not any(element.compare(other) for other in present):
            missing.append(Term(element, descending, None))
    if is_distinct(statement) and source.entity is None:
        selected = [bare(each) for each in statement.selected_columns]
        for element in present:
            if not any(element.compare(each) for each in selected):
                raise UnsupportedOrdering(
                    f"basequery is DISTINCT and {element} is not selected; select it"
                )
    return missing


def _unique(source: Source, tables: dict[Any, bool]) -> list[Any]:
    """List columns that are never all equal in two rows, as far as they are known."""
    statement: Any = source.statement
    if source.entity is not None:
        return list(primary_key(source.entity))
    if is_distinct(statement):
        return list(statement.selected_columns)
    if is_grouped(statement):
        entities = entities_of(statement)
        keys = [key for entity in entities for key in primary_key(entity)]
        return [*keys, *statement._group_by_clauses]
    return [
        column for table in tables if is_table(table) for column in table.primary_key
    ]


def _check_term(element: Any) -> None:
    if not isinstance(element, ColumnElement) or isinstance(
        element, _textual_label_reference
    ):
        raise UnsupportedOrdering(
            f"cursors cannot keep a place in the order of {str(element)!r}; order by "
            "columns or expressions of SQLAlchemy, not by text"
        )
    for each in visitors.iterate(element):
        if isinstance(each, Over | TextClause):
            raise UnsupportedOrdering(
                f"cursors cannot keep a place in the order of {element}; "
                "select it in a .subquery() and order by its column"
            )


def _is_of_entity(element: Any, entity: Any) -> bool:
    return is_of(element, entity) and not _has_function(element)


def _is_nullable(element: Any, optional: set[Any]) -> bool:
    return not (
        isinstance(element, Column)
        and not element.nullable
        and is_table(element.table)
        and element.table not in optional
    )


def _has_function(element: Any) -> bool:
    return any(isinstance(each, FunctionElement) for each in visitors.iterate(element))


def _clause(attribute: Any) -> Any:
    clause = getattr(attribute, "__clause_element__", None)
    return attribute if clause is None else clause()


def _name(entity: Any) -> str:
    return str(inspect(entity).mapper.class_.__name__)


def rows_at(source: Source, order: Order, place: Place, limit: int) -> list[Any]:
    """Return at most *limit* rows from *place* on, the nearest first, by one SELECT.

    Eager loading by SELECT IN and the like adds its own.
    """
    if place.backwards:
        keys = [key.backwards() for key in order.keys]
        order = dataclasses.replace(order, keys=keys)
    result = source.run(_page(source, order, place.values, limit))
    if order.repeating or has_joined_collections(source.statement):
        result = result.unique(order.values)
    return list(result)


def _page(
    source: Source, order: Order, values: tuple[Any, ...] | None, limit: int
) -> Any:
    statement: Any = source.statement.order_by(None)
    clauses = order.clauses()
    if order.repeating:
        rows = _key_columns(source).group_by(
            *primary_key(source.entity), *(key.element for key in order.keys)
        )
        rows = _after(rows, order, values).order_by(*clauses).limit(limit)
        page = _of_keys(statement, source.entity, rows.subquery(), order)
    elif values is not None and _needs_branches(source, order):
        pieces = [
            _key_columns(source).where(piece).order_by(*clauses).limit(limit)
            for piece in branches(order.keys, values)
        ]
        # SQLite has no LIMIT right inside of a UNION
        rows = union_all(*(select(piece.subquery()) for piece in pieces))
        page = _of_keys(statement, source.entity, rows.subquery(), order).limit(limit)
    else:
        page = _after(statement, order, values).limit(limit)
    fetched = [
        key.fetched.label(f"twopi_key_{index}") for index, key in enumerate(order.keys)
    ]
    return page.add_columns(*fetched).order_by(*clauses)


def _after(statement: Any, order: Order, values: tuple[Any, ...] | None) -> Any:
    if values is None:
        return statement
    condition = after(order.keys, values, order.dialect)
    # an aggregate is known by its being a function
    if is_grouped(statement) and any(_has_function(key.element) for key in order.keys):
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
