"""The terms of an ORDER BY, taken apart and put together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Label, UnaryExpression
from sqlalchemy.sql import operators
from sqlalchemy.sql.expression import ClauseList, ColumnClause, ColumnElement

from twopi_pagination.query.sqlalchemy_internals import (
    LabelReference,
    NameReference,
    label_of,
    order_clauses,
)


class Term(NamedTuple):
    """A term of ORDER BY, taken apart."""

    element: Any
    descending: bool
    nulls_first: bool | None
    """`None` if the database's rule holds."""


_NULLS_FIRST: dict[Any, bool] = {
    operators.nulls_first_op: True,
    operators.nulls_last_op: False,
}


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


def terms_of(clauses: Iterable[Any]) -> list[Term]:
    """Take *clauses* apart, lists among them, too."""
    return [term_of(each) for clause in clauses for each in elements_of(clause)]


def directed(element: Any, term: Term) -> Any:
    """Return *element* in the direction, and with the NULLs, of *term*."""
    clause = element.desc() if term.descending else element.asc()
    if term.nulls_first is None:
        return clause
    return clause.nulls_first() if term.nulls_first else clause.nulls_last()


def elements_of(clause: Any) -> list[Any]:
    """List what *clause* consists of, if it is a list: a Bundle, or a whole entity."""
    if isinstance(clause, ClauseList):
        return list(clause.clauses)
    return [clause]


def own_clauses(statement: Any) -> list[ColumnElement[Any]]:
    """List the ORDER BY of *statement*, to be used elsewhere.

    Names and labels, which mean a column of this statement only, are replaced by it.
    """
    return [resolved(clause, statement) for clause in order_clauses(statement)]


def resolved(clause: Any, statement: Any) -> Any:
    """Return *clause*, or the column of *statement* that it is the name of."""
    if isinstance(clause, LabelReference):
        return resolved(clause.element, statement)
    if isinstance(clause, NameReference):
        return _columns_by_name(statement).get(clause.element, clause)
    if is_name(clause):
        return _columns_by_name(statement).get(clause.name, clause)
    if isinstance(clause, UnaryExpression) and clause.modifier is not None:
        element = resolved(clause.element, statement)
        return UnaryExpression(element, modifier=clause.modifier)
    return clause


def is_name(element: Any) -> bool:
    """Return whether *element* is a name only, as ``column("name")`` is."""
    return (
        isinstance(element, ColumnClause)
        and element.table is None
        and not element.is_literal
    )


def _columns_by_name(statement: Any) -> dict[str, ColumnElement[Any]]:
    """Map names to what SQLAlchemy takes them for: first labels, then any column."""
    plain = statement.order_by(None)
    columns = {
        column.key: column for source in plain.get_final_froms() for column in source.c
    }
    labels = {label_of(each): each for each in plain.selected_columns}
    return columns | labels


def bare(element: Any) -> Any:
    """Return *element* without the label it is selected under."""
    return element.element if isinstance(element, Label) else element


def clause_of(attribute: Any) -> Any:
    """Return the SQL of a mapped attribute, or of what is SQL already."""
    clause = getattr(attribute, "__clause_element__", None)
    return attribute if clause is None else clause()


def same(one: Any, other: Any) -> bool:
    """Return whether both are equal, and columns of the same table or alias.

    To SQLAlchemy's comparison, two aliases of a table are one.
    """
    if isinstance(one, ColumnClause) and isinstance(other, ColumnClause):
        # an annotated table has the hash of its original
        return one.compare(other) and hash(one.table) == hash(other.table)
    return bool(one.compare(other))


def missing_from(columns: Iterable[Any], terms: list[Term]) -> list[Any]:
    """List those of *columns* that are not among *terms*, each once."""
    missing: list[Any] = []
    for column in columns:
        element = bare(clause_of(column))
        present = [*missing, *(term.element for term in terms)]
        if not any(same(element, each) for each in present):
            missing.append(element)
    return missing
