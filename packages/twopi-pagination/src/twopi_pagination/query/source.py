"""From any kind of query to one kind of statement, and the session to run it in.

SQLAlchemy tells what a statement *selects* through public attributes, but not how it
is limited, ordered, grouped or made distinct. All that looks at private attributes
is in this module, ``ordering`` and ``joins``.
"""
# ruff: noqa: SLF001

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from flask import current_app, has_app_context
from sqlalchemy import BindParameter, CompoundSelect, Select, inspect
from sqlalchemy.orm import LoaderCriteriaOption, Query, Session, scoped_session
from sqlalchemy.sql.expression import ColumnElement, GenerativeSelect

from twopi_pagination.errors import UnpageableQuery

AnySession: TypeAlias = Session | scoped_session[Any]


@dataclass(frozen=True)
class Source:
    """The rows to be cut into pages.

    Attributes:
        session: What the statements run in.
        statement: What selects all the rows.
        entity: The mapped class, or its alias, if that is all a row consists of.
        params: The values of the statement's own bind parameters.
        options: The execution options that belong to the query.
    """

    session: AnySession
    statement: Select[Any] | CompoundSelect[Any]
    entity: Any = None
    params: Mapping[str, Any] | None = None
    options: Mapping[str, Any] | None = None

    def bind(self) -> Any:
        """Return the engine or connection that the statements run on."""
        statement: Any = self.statement
        return self.session.get_bind(mapper=self._mapper(), clause=statement)

    def _mapper(self) -> Any:
        if self.entity is not None:
            return inspect(self.entity).mapper
        for column in getattr(self.statement, "column_descriptions", ()):
            if column.get("entity") is not None:
                return inspect(column["entity"]).mapper
        return None

    def run(self, statement: Any, bind: Any = None) -> Any:
        """Return the result of *statement*, made out of this source's own."""
        return self.session.execute(
            statement,
            self.params,
            bind_arguments={} if bind is None else {"bind": bind},
            # a page is fetched whole, and could not be made unique otherwise
            execution_options={**(self.options or {}), "yield_per": None},
        )


def source_of(basequery: Any, session: AnySession | None) -> Source:
    """Return the statement of *basequery* and the session it runs in.

    Raises:
        UnpageableQuery: *basequery* is not a SELECT that can be limited.
        TypeError: There is no session, or it is not a synchronous one.
    """
    params = options = None
    statement = basequery
    if isinstance(basequery, Query):
        # `.statement` of a Query.union() is not of entities any more
        statement = basequery._statement_20()
        session = basequery.session if session is None else session
        params = cast("Mapping[str, Any]", basequery._params)
        options = {"_sa_orm_load_options": basequery.load_options}
    if not isinstance(statement, GenerativeSelect):
        raise UnpageableQuery(
            "basequery must be a Query, a select() or a union of them, not "
            f"{type(statement).__name__}; instead of from_statement(), select "
            "aliased(Entity, statement.subquery())"
        )
    statement = cast("Select[Any] | CompoundSelect[Any]", statement)
    return Source(
        session=_session(session),
        statement=statement,
        entity=_single_entity(statement),
        params=params,
        options=options,
    )


def _session(session: Any) -> AnySession:
    if session is None and has_app_context():
        extension = current_app.extensions.get("sqlalchemy")
        session = getattr(extension, "session", None)
    if session is None:
        raise TypeError(
            "there is no session to run the query in; give paginated() a session=, "
            "or call it in the context of an application with Flask-SQLAlchemy"
        )
    if not isinstance(session, (Session, scoped_session)):
        raise TypeError(
            "session must be a sqlalchemy.orm.Session or a scoped_session of them, "
            f"not {type(session).__name__}; an AsyncSession goes to apaginated() or "
            "acursor_paginated()"
        )
    return session


def entities_of(statement: Select[Any] | CompoundSelect[Any]) -> list[Any]:
    """List the mapped classes and aliases that are selected whole."""
    if isinstance(statement, CompoundSelect):
        return []
    return [
        column["expr"]
        for column in statement.column_descriptions
        if column.get("entity") is not None and column["expr"] is column["entity"]
    ]


def _single_entity(statement: Select[Any] | CompoundSelect[Any]) -> Any:
    if isinstance(statement, CompoundSelect):
        return None
    described = statement.column_descriptions  # a property that takes its time
    if len(described) != 1 or described[0].get("entity") is None:
        return None
    expression = described[0]["expr"]
    return expression if expression is described[0]["entity"] else None


def primary_key(entity: Any) -> list[ColumnElement[Any]]:
    """List the attributes of *entity* that make up its primary key."""
    mapper = inspect(entity).mapper
    names = [mapper.get_property_by_column(each).key for each in mapper.primary_key]
    return [getattr(entity, name) for name in names]


def loader_criteria(statement: Any) -> list[LoaderCriteriaOption]:
    """List the ``with_loader_criteria()`` options of *statement*.

    SQLAlchemy applies them inside of a subquery only if the enclosing statement,
    too, has them.
    """
    options = statement._with_options
    return [each for each in options if isinstance(each, LoaderCriteriaOption)]


def is_limited(statement: Any) -> bool:
    """Tell if *statement* has a LIMIT, an OFFSET or a FETCH of its own."""
    return bool(statement._has_row_limiting_clause)


def unlimited(statement: Any) -> Any:
    """Return *statement* without its own LIMIT, OFFSET and FETCH."""
    return statement.limit(None).offset(None)


def own_bounds(statement: Any) -> tuple[int, int | None] | None:
    """Return *statement*'s own offset and limit, or `None` if they are no integers."""
    if statement._fetch_clause is not None:
        return None
    bounds = []
    for clause in (statement._offset_clause, statement._limit_clause):
        value = clause.effective_value if isinstance(clause, BindParameter) else None
        if clause is not None and not isinstance(value, int):
            return None
        bounds.append(value)
    return bounds[0] or 0, bounds[1]


def is_distinct_on(statement: Any) -> bool:
    """Tell if *statement* is a PostgreSQL DISTINCT ON."""
    clause = getattr(statement, "_pre_columns_clause", None)  # SQLAlchemy 2.1
    return clause is not None or bool(getattr(statement, "_distinct_on", ()))


def distinct_terms(statement: Any) -> tuple[Any, ...]:
    """List what a DISTINCT ON is on, as far as it is known."""
    clause = getattr(statement, "_pre_columns_clause", None)  # SQLAlchemy 2.1
    return (
        *getattr(clause, "_distinct_on", ()),
        *getattr(statement, "_distinct_on", ()),
    )


def is_distinct(statement: Any) -> bool:
    """Tell if *statement* is a SELECT DISTINCT, or DISTINCT ON."""
    return bool(statement._distinct)


def without_distinct_on(statement: Any) -> Any:
    """Return *statement* without its DISTINCT ON."""
    copy = statement._generate()
    copy._distinct = False
    copy._distinct_on = ()
    if hasattr(copy, "_pre_columns_clause"):  # SQLAlchemy 2.1
        copy._pre_columns_clause = None
    return copy


def is_grouped(statement: Any) -> bool:
    """Tell if *statement* has a GROUP BY."""
    return bool(statement._group_by_clauses)


def has_joined_collections(statement: Any) -> bool:
    """Tell if eager loading by JOIN may repeat the rows of *statement*.

    The answer is yes, too, for other loader options: they cannot be told apart.
    """
    mappers = [inspect(entity).mapper for entity in entities_of(statement)]
    relationships = [each for mapper in mappers for each in mapper.relationships]
    return bool(mappers) and (
        bool(statement._with_options)
        or any(each.lazy in {"joined", False} for each in relationships)
    )


def unlocked(statement: Any) -> Any:
    """Return *statement* without FOR UPDATE, which is none of a count's business."""
    copy = statement._generate()
    copy._for_update_arg = None
    return copy
