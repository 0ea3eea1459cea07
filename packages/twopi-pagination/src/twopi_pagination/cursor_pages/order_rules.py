"""Which orders a cursor can keep a place in, and what completes them.

An order must be total: no two items are equal in it. It must be deterministic: the
same for every page. What is not proved to be so is refused before the first page, with
what to write instead.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import BindParameter
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import (
    ColumnClause,
    ColumnElement,
    FunctionElement,
    Over,
    TextClause,
)

from twopi_pagination.errors import (
    UnorderedQuery,
    UnpageableQuery,
    UnsupportedOrdering,
)
from twopi_pagination.query.entities import name_of
from twopi_pagination.query.order_terms import Term, bare, is_name, missing_from, same
from twopi_pagination.query.shape import Shape
from twopi_pagination.query.sqlalchemy_internals import NameReference
from twopi_pagination.query.uniqueness import KeylessError

_CONSTANT = re.compile(
    r"\*|[-+]?[0-9]+(\.[0-9]+)?(e[0-9]+)?|'[^']*'|null|true|false", re.IGNORECASE
)

_VOLATILE = frozenset(
    [
        "age",
        "changes",
        "clock_timestamp",
        "connection_id",
        "curdate",
        "current_date",
        "current_time",
        "current_timestamp",
        "curtime",
        "gen_random_bytes",
        "gen_random_uuid",
        "getdate",
        "last_insert_id",
        "last_insert_rowid",
        "lastval",
        "localtime",
        "localtimestamp",
        "newid",
        "next_value",
        "nextval",
        "now",
        "rand",
        "random",
        "random_bytes",
        "random_normal",
        "randomblob",
        "row_count",
        "setseed",
        "statement_timestamp",
        "sys_guid",
        "sysdate",
        "sysdatetime",
        "timeofday",
        "total_changes",
        "transaction_timestamp",
        "txid_current",
        "utc_date",
        "utc_time",
        "utc_timestamp",
        "uuid",
        "uuid_short",
        "uuid_v4",
        "uuid_v7",
        "uuidv4",
        "uuidv7",
        "uuid_generate_v1",
        "uuid_generate_v1mc",
        "uuid_generate_v4",
    ]
)
"""Functions of another value each time, or on each day."""

_OF_TIME = frozenset(
    [
        "date",
        "datetime",
        "julianday",
        "strftime",
        "time",
        "timediff",
        "unix_timestamp",
        "unixepoch",
    ]
)
"""Functions that are of the current time without an argument, or with 'now'."""

_AGGREGATES = frozenset(
    [
        "any_value",
        "array_agg",
        "avg",
        "bit_and",
        "bit_or",
        "bit_xor",
        "bool_and",
        "bool_or",
        "count",
        "every",
        "group_concat",
        "json_agg",
        "jsonb_agg",
        "max",
        "median",
        "min",
        "mode",
        "percentile_cont",
        "percentile_disc",
        "stddev",
        "string_agg",
        "sum",
        "total",
        "variance",
    ]
)


def total_terms(shape: Shape) -> list[Term]:
    """List the terms of an order in which no two items are equal.

    Raises:
        UnorderedQuery: Nothing is known that tells the rows apart.
        UnsupportedOrdering: A cursor cannot keep a place in the order.
        UnpageableQuery: The statement is not a SELECT, or has a limit.
    """
    _check_statement(shape)
    terms = [*shape.own_terms]
    for term in terms:
        _check_element(term.element)
    terms += _tie_breaker(shape, terms)
    if shape.entity is not None and shape.repeats:
        for term in terms:
            _check_determined(shape, term.element)
    if shape.entity is None and shape.distinct:
        _check_selected(shape, terms)
    return terms


def _check_statement(shape: Shape) -> None:
    if not shape.described or shape.limited:
        raise UnpageableQuery(
            "cursors need a SELECT without LIMIT and UNION; "
            "select from basequery's .subquery() instead"
        )
    if shape.distinct_on:
        raise UnsupportedOrdering(
            "cursors cannot keep a place in a DISTINCT ON; "
            "select from basequery's .subquery() instead"
        )


def _check_element(element: Any) -> None:
    if (
        not isinstance(element, ColumnElement)
        or isinstance(element, NameReference)
        or is_name(element)
        or (isinstance(element, ColumnClause) and element.is_literal)
    ):
        raise UnsupportedOrdering(
            f"cursors cannot keep a place in the order of {str(element)!r}: it may be "
            "the position or the name of a column; order by columns or expressions of "
            "SQLAlchemy, not by text"
        )
    for each in visitors.iterate(element):
        if isinstance(each, Over | TextClause) or _is_unknown_text(each):
            raise UnsupportedOrdering(
                f"cursors cannot keep a place in the order of {element}; "
                "select it in a .subquery() and order by its column"
            )
        if isinstance(each, FunctionElement) and _is_volatile(each):
            raise UnsupportedOrdering(
                f"cursors cannot keep a place in the order of {element}: it has other "
                "values for the next page; order by a column that stores the value"
            )


def _is_unknown_text(element: Any) -> bool:
    return is_name(element) or (
        isinstance(element, ColumnClause)
        and element.is_literal
        and not _CONSTANT.fullmatch(element.name)
    )


def depends_on_values(shape: Shape) -> bool:
    """Return whether the values of parameters say if the order is deterministic."""
    return any(
        isinstance(each, FunctionElement) and _name(each) in _OF_TIME
        for term in shape.own_terms
        if isinstance(term.element, ColumnElement)
        for each in visitors.iterate(term.element)
    )


def _name(function: Any) -> str:
    return str(getattr(function, "name", "")).lower()


def _is_volatile(function: Any) -> bool:
    name = _name(function)
    if name in _OF_TIME:
        arguments = list(function.clauses)
        return not arguments or any(
            isinstance(each, BindParameter)
            and str(each.effective_value).lower() == "now"
            for each in arguments
        )
    if name == "age":  # of one date: until today
        return len(list(function.clauses)) < 2
    return name in _VOLATILE


def _tie_breaker(shape: Shape, terms: list[Term]) -> list[Term]:
    """List what tells apart the items that *terms* leave equal.

    It goes in the direction of the last term: so an index of that term still serves.
    """
    try:
        unique = shape.unique
    except KeylessError as error:
        raise UnorderedQuery(_without_key(shape, error.source)) from None
    descending = bool(terms) and terms[-1].descending
    return [Term(each, descending, None) for each in missing_from(unique, terms)]


def _without_key(shape: Shape, source: Any) -> str:
    name = getattr(source, "description", None) or type(source).__name__
    columns = ", ".join(dict.fromkeys(str(bare(each)) for each in _selected(shape)))
    return (
        f"the order of basequery is not total: nothing is known that tells the rows "
        f"of {name} apart, and equal rows would be lost between two pages; give it an "
        f"order_by() in which all rows differ: .distinct().order_by({columns}), or "
        f"give {name} a primary key (a subquery must select the keys of its tables)"
    )


def _selected(shape: Shape) -> list[Any]:
    return list(shape.statement.selected_columns)


def _check_determined(shape: Shape, element: Any) -> None:
    """Check that *element* is the same in all rows of an entity."""
    if (
        shape.grouped
        or not shape.is_determined(element)
        or any(_is_aggregate(each) for each in visitors.iterate(element))
    ):
        raise UnsupportedOrdering(
            f"a join gives {name_of(shape.entity)} several rows, and {element} may "
            "differ in them; filter by relationship.any() in place of the join, or "
            "group_by() its primary key and order by an aggregate, or order by columns "
            "of its own"
        )


def _is_aggregate(element: Any) -> bool:
    return isinstance(element, FunctionElement) and _name(element) in _AGGREGATES


def _check_selected(shape: Shape, terms: list[Term]) -> None:
    selected = [bare(each) for each in _selected(shape)]
    for element, *_ in terms:
        if not any(same(element, each) for each in selected):
            raise UnsupportedOrdering(
                f"basequery is DISTINCT and {element} is not selected; select it"
            )
