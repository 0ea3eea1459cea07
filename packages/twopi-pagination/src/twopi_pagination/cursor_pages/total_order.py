"""The whole order of a statement's rows: its ORDER BY, completed by primary keys.

To find it takes longer than to fetch the page, so it is found once for all statements
that SQLAlchemy would compile to the same SQL (its "cache key"), and for the values in
ORDER BY itself, if there are any. An order is kept only if it means the same in all of
these statements, which it does if it names nothing but tables: an alias or a subquery
may be another one in each.

The statements of its pages are kept with it, for when the same statement comes again
with the same values.
"""
# ruff: noqa: SLF001

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Column, Dialect, Table, inspect
from sqlalchemy.engine import result_tuple
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import _textual_label_reference
from sqlalchemy.sql.expression import (
    ClauseList,
    ColumnClause,
    ColumnElement,
    FunctionElement,
    Over,
    SelectBase,
    TextClause,
)
from sqlalchemy.types import TypeEngine

from twopi_pagination.cursor_pages.cache import Cache
from twopi_pagination.cursor_pages.condition import after, branches
from twopi_pagination.cursor_pages.sort_key import Codec, Key, key_of
from twopi_pagination.errors import (
    UnorderedQuery,
    UnpageableQuery,
    UnsupportedOrdering,
)
from twopi_pagination.query.joins import is_of, is_table, repeats, tables_of
from twopi_pagination.query.order_terms import Term, bare, own_terms, same
from twopi_pagination.query.source import (
    Source,
    entities_of,
    has_joined_collections,
    is_distinct,
    is_distinct_on,
    is_grouped,
    is_limited,
    primary_key,
)

_PLAIN = {int, str, bytes, bool, type(None), dt.date, uuid.UUID}

Types = tuple[TypeEngine[Any] | None, ...]
"""The types of the values of a place; `None` for NULL."""


@dataclasses.dataclass(frozen=True)
class Order:
    """The whole order of a statement's rows, no two of which are equal in it.

    Attributes:
        keys: What the rows are ordered by.
        dialect: The database's.
        width: How many columns the statement selects itself; the keys' follow.
        single: If a row is one entity.
        repeating: If a join repeats that entity.
        merged: If rows may come several times that are to be one.
        aggregated: If a key is an aggregate, so that conditions belong into HAVING.
    """

    keys: Sequence[Key]
    dialect: Dialect
    width: int
    single: bool
    repeating: bool
    merged: bool
    aggregated: bool

    @cached_property
    def backwards(self) -> Order:
        """The opposite order."""
        keys = [key.backwards() for key in self.keys]
        return dataclasses.replace(self, keys=keys)

    @cached_property
    def pages(self) -> Cache[tuple[Any, Any, Any]]:
        """The statements of pages made before, for `twopi_pagination.cursor_pages.rows`."""
        return Cache(16)

    @cached_property
    def clauses(self) -> list[ColumnElement[Any]]:
        """The terms of ORDER BY."""
        return [each for key in self.keys for each in key.clauses(self.dialect)]

    @cached_property
    def fetched(self) -> list[ColumnElement[Any]]:
        """The columns that cursors take their values from."""
        return [
            key.fetched.label(f"twopi_key_{index}")
            for index, key in enumerate(self.keys)
        ]

    @cached_property
    def codecs(self) -> list[Codec]:
        """How the values of each key are written in cursors."""
        return [key.codec for key in self.keys]

    @cached_property
    def _identity(self) -> tuple[Any, ...]:
        compiled = ClauseList(*self.clauses).compile(dialect=self.dialect)
        codecs = [codec.name for codec in self.codecs]
        return str(compiled), sorted(compiled.params.items()), codecs

    def subject(self, scope: str) -> bytes:
        """Return what identifies this order in *scope*, in every process."""
        return repr((scope, *self._identity)).encode()

    def types_of(self, values: Sequence[Any]) -> Types:
        """Return the types that the values of a place are sent as."""
        return tuple(
            None if value is None else key.type_of(value)
            for key, value in zip(self.keys, values, strict=True)
        )

    @cached_property
    def after(self) -> Any:
        """A function that returns the condition for the rows after a place."""

        @lru_cache(maxsize=32)
        def after_(types: Types) -> ColumnElement[bool]:
            return after(self.keys, self.bounds(types), self.dialect)

        return after_

    def branches(self, types: Types) -> list[ColumnElement[bool]]:
        """List the pieces of the condition for the rows after a place."""
        return branches(self.keys, self.bounds(types))

    def bounds(self, types: Types) -> list[ColumnElement[Any] | None]:
        """List the parameters for the values of a place."""
        return [
            None if type_ is None else key.bound(name, type_)
            for key, name, type_ in zip(self.keys, self.names, types, strict=True)
        ]

    @cached_property
    def names(self) -> list[str]:
        """The names of the parameters for the values of a place."""
        return [f"twopi_place_{index}" for index in range(len(self.keys))]

    def values(self, row: Any) -> tuple[Any, ...]:
        """Return the values of the keys in *row*."""
        return tuple(row[self.width :])

    def item(self, row: Any) -> Any:
        """Return what the statement itself selects of *row*."""
        if self.single:
            return row[0]
        return _row_type(row._fields[: self.width])(row[: self.width])


@lru_cache(maxsize=256)
def _row_type(fields: tuple[str, ...]) -> Any:
    return result_tuple(fields)


class _Known(NamedTuple):
    order: Order
    positions: list[int]
    values: list[tuple[type, Any]]


#: The orders found, by what they were found from.
KNOWN: Cache[_Known] = Cache(500)


def order_of_keys(source: Source) -> Order:
    """Return the order of the rows of *source*, made total by primary keys.

    Raises:
        UnorderedQuery: There is no order and no primary key.
        UnsupportedOrdering: The order is one that a cursor cannot keep a place in.
        UnpageableQuery: The statement is no SELECT, or has a limit.
    """
    statement: Any = source.statement
    bind = source.bind()
    cache_key = statement._generate_cache_key()
    if cache_key is None:
        return _found(source, bind.dialect)
    # the dialect is the engine's own, and knows the version of its server
    key = (bind.dialect, source.entity, cache_key.key)
    known = KNOWN.get(key)
    if known is not None and known.values == plain_values(
        [cache_key.bindparams[position] for position in known.positions]
    ):
        return known.order
    order = _found(source, bind.dialect)
    positions = _positions(order, cache_key.bindparams)
    if positions is not None:
        values = plain_values([cache_key.bindparams[each] for each in positions])
        if values is not None:
            KNOWN.put(key, _Known(order, positions, values))
    return order


def plain_values(parameters: Sequence[Any]) -> list[tuple[type, Any]] | None:
    """List the values of *parameters*, or `None` if ``==`` would not compare them.

    Equal datetimes, say, can be other ones to a database that knows no time zones.
    """
    values = [each.effective_value for each in parameters]
    if not all(type(value) in _PLAIN for value in values):
        return None
    return [(type(value), value) for value in values]


def _positions(order: Order, parameters: Sequence[Any]) -> list[int] | None:
    """List where in *parameters* those of *order* are; `None` if it cannot be kept."""
    found = {parameter.key: index for index, parameter in enumerate(parameters)}
    positions = []
    for key in order.keys:
        for each in visitors.iterate(key.element):
            if isinstance(each, ColumnClause):
                if each.table is not None and not isinstance(each.table, Table):
                    return None
            elif isinstance(each, BindParameter):
                if each.key not in found:
                    return None
                positions.append(found[each.key])
            elif isinstance(each, SelectBase):
                return None
    return positions


def _found(source: Source, dialect: Dialect) -> Order:
    statement: Any = source.statement
    _check_statement(statement)
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
            dialect,
            descending=term.descending,
            nulls_first=term.nulls_first,
            nullable=_is_nullable(term.element, optional),
        )
        for term in terms
    ]
    return Order(
        keys=keys,
        dialect=dialect,
        width=len(statement.column_descriptions),
        single=source.entity is not None,
        repeating=repeating,
        merged=repeating or has_joined_collections(statement),
        # an aggregate is known by its being a function
        aggregated=is_grouped(statement)
        and any(_has_function(key.element) for key in keys),
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
        if not any(same(element, other) for other in present):
            missing.append(Term(element, descending, None))
    if is_distinct(statement) and source.entity is None:
        selected = [bare(each) for each in statement.selected_columns]
        for element in present:
            if not any(same(element, each) for each in selected):
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
