"""The order of a statement's rows."""
# ruff: noqa: SLF001

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Label, Select, UnaryExpression
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import _label_reference, _textual_label_reference
from sqlalchemy.sql.expression import ClauseList, ColumnClause, ColumnElement

from twopi_pagination.query.source import entities_of, is_distinct_on, primary_key


def ordered(statement: Any) -> Any:
    """Return *statement* with a tie-breaker, for pages that do not overlap.

    Rows that the ORDER BY leaves equal may come in another order each time.
    """
    return statement.order_by(*_tie_breaker(statement))


def with_nulls_placed(statement: Any) -> Any:
    """Return *statement* for a database that has no NULLS FIRST and NULLS LAST."""
    if not isinstance(statement, Select):
        return statement
    terms = own_terms(statement)
    if all(term.nulls_first is None for term in terms):
        return statement
    clauses: list[Any] = []
    for element, descending, nulls_first in terms:
        if nulls_first is not None:
            missing = element.is_(None)
            clauses.append(missing.desc() if nulls_first else missing)
        clauses.append(element.desc() if descending else element)
    return statement.order_by(None).order_by(*clauses)


def order_of(statement: Select[Any]) -> list[ColumnElement[Any]]:
    """List the ORDER BY of *statement*, with the tie-breaker, to be used elsewhere.

    Names and labels, which mean a column of this statement only, are replaced by it.
    """
    return [*_own_order(statement), *_tie_breaker(statement)]


def _tie_breaker(statement: Any) -> list[ColumnElement[Any]]:
    """List the primary keys that are not in the ORDER BY, for its end.

    They go in the direction of the last term: so an index of that term still serves.
    PostgreSQL's DISTINCT ON and FETCH WITH TIES leave no room for them.
    """
    if is_distinct_on(statement) or statement._fetch_clause is not None:
        return []
    keys = [key for entity in entities_of(statement) for key in primary_key(entity)]
    if not keys:
        return []
    clauses = _own_order(statement)
    present = [term_of(clause).element for clause in clauses]
    descending = bool(clauses) and term_of(clauses[-1]).descending
    missing = [key for key in keys if not any(_same(key, each) for each in present)]
    return [key.desc() if descending else key for key in missing]


def _own_order(statement: Any) -> list[ColumnElement[Any]]:
    return [_resolve(clause, statement) for clause in statement._order_by_clauses]


def _resolve(clause: Any, statement: Any) -> Any:
    if isinstance(clause, _label_reference):
        return _resolve(clause.element, statement)
    if isinstance(clause, _textual_label_reference):
        return _columns_by_name(statement).get(clause.element, clause)
    if isinstance(clause, UnaryExpression) and clause.modifier is not None:
        element = _resolve(clause.element, statement)
        return UnaryExpression(element, modifier=clause.modifier)
    return clause


def _columns_by_name(statement: Any) -> dict[str, ColumnElement[Any]]:
    """Map names to what SQLAlchemy takes them for: first labels, then any column."""
    bare = statement.order_by(None)
    columns = {
        column.key: column for source in bare.get_final_froms() for column in source.c
    }
    labels = {each._tq_label or each.key: each for each in bare.selected_columns}
    return columns | labels


class Term(NamedTuple):
    """A term of ORDER BY, taken apart."""

    element: Any
    descending: bool
    nulls_first: bool | None
    """`None` if the database's rule holds."""


def terms_of(statement: Any) -> list[Term]:
    """List the terms of the ORDER BY of *statement*, with the tie-breaker."""
    return [
        term_of(each) for clause in order_of(statement) for each in _elements(clause)
    ]


def directed(element: Any, term: Term) -> ColumnElement[Any]:
    """Return *element* in the direction of *term*."""
    clause: ColumnElement[Any] = element.desc() if term.descending else element.asc()
    if term.nulls_first is None:
        return clause
    return clause.nulls_first() if term.nulls_first else clause.nulls_last()


def own_terms(statement: Any) -> list[Term]:
    """List the terms of the ORDER BY of *statement*, without the tie-breaker."""
    return [
        term_of(each) for clause in _own_order(statement) for each in _elements(clause)
    ]


def _elements(clause: Any) -> list[Any]:
    """List the parts of *clause*, which are several for a Bundle."""
    return list(clause.clauses) if isinstance(clause, ClauseList) else [clause]


def term_of(clause: Any) -> Term:
    """Take *clause* apart."""
    descending = False
    nulls_first = None
    while isinstance(clause, UnaryExpression) and clause.modifier is not None:
        descending |= clause.modifier is operators.desc_op
        if clause.modifier in _NULLS_FIRST:
            nulls_first = _NULLS_FIRST[clause.modifier]
        clause = clause.element
    return Term(bare(clause), descending, nulls_first)


_NULLS_FIRST: dict[Any, bool] = {
    operators.nulls_first_op: True,
    operators.nulls_last_op: False,
}


def bare(element: Any) -> Any:
    """Return *element* without the label it is selected under."""
    return element.element if isinstance(element, Label) else element


def _same(key: Any, term: Any) -> bool:
    return same(key.__clause_element__(), term)


def same(one: Any, other: Any) -> bool:
    """Tell if *one* and *other* are equal, and columns of the same table or alias.

    To SQLAlchemy's comparison, two aliases of a table are one.
    """
    if isinstance(one, ColumnClause) and isinstance(other, ColumnClause):
        # an annotated table has the hash of its original
        return one.compare(other) and hash(one.table) == hash(other.table)
    return bool(one.compare(other))
