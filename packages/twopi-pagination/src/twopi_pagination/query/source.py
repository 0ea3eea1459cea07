"""From any kind of query to one kind of statement, and the session to run it in."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeAlias, cast

from flask import current_app, has_app_context
from sqlalchemy import CompoundSelect, Connection, Select
from sqlalchemy.orm import Query, Session, scoped_session
from sqlalchemy.sql.expression import GenerativeSelect

from twopi_pagination.errors import UnpageableQuery
from twopi_pagination.query.shape import Shape
from twopi_pagination.query.sqlalchemy_internals import mapper_of, of_query

AnySession: TypeAlias = Session | scoped_session[Any] | Connection
"""What statements run in. The entities of a connection are of a session for it."""


@dataclasses.dataclass(frozen=True)
class Source:
    """The rows to be cut into pages.

    Attributes:
        session: What the statements run in.
        statement: What selects all the rows.
        params: The values of the statement's own bind parameters.
        options: The execution options of the query and its statement.
        bind_arguments: What tells the session which database to use.
    """

    session: Session | scoped_session[Any]
    statement: Select[Any] | CompoundSelect[Any]
    params: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    bind_arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @cached_property
    def shape(self) -> Shape:
        """What is known of the statement."""
        return Shape(self.statement)

    @property
    def entity(self) -> Any:
        """The mapped class, or its alias, if that is all a row consists of."""
        return self.shape.entity

    def with_statement(self, statement: Any) -> Source:
        """Return the same source with another statement."""
        if statement is self.statement:
            return self
        return dataclasses.replace(self, statement=statement)

    def with_params(self, values: Mapping[str, Any]) -> Source:
        """Return the same source with the values of more bind parameters."""
        return self.of_shape(self.shape, {**(self.params or {}), **values})

    def of_shape(self, shape: Shape, params: Mapping[str, Any]) -> Source:
        """Return the source of a statement of which all is known already."""
        source = dataclasses.replace(self, statement=shape.statement, params=params)
        source.__dict__["shape"] = shape
        return source

    @cached_property
    def bind(self) -> Any:
        """The engine or connection that the statements run on."""
        return self.session.get_bind(
            **{"clause": self.statement, **self._bind_arguments}
        )

    @property
    def dialect(self) -> str:
        """The name of the database's kind."""
        return str(self.bind.dialect.name)

    @cached_property
    def _bind_arguments(self) -> Mapping[str, Any]:
        mapper = mapper_of(self.statement)
        return {**({} if mapper is None else {"mapper": mapper}), **self.bind_arguments}

    def run(self, statement: Any, **bind_arguments: Any) -> Any:
        """Return the result of *statement*, made out of this source's own.

        It runs with the execution options of the source: another tenant's schema, or
        what events of the application look at, must be the same for a page and its
        count.
        """
        return self.session.execute(
            statement,
            self.params,
            bind_arguments={**self._bind_arguments, **bind_arguments},
            # a page is fetched whole, and could not be made unique otherwise
            execution_options={**self.options, "yield_per": None},
        )


def source_of(
    basequery: Any,
    session: AnySession | None,
    bind_arguments: Mapping[str, Any] | None = None,
) -> Source:
    """Return the statement of *basequery* and the session it runs in.

    Raises:
        UnpageableQuery: *basequery* is not a SELECT that can be limited.
        TypeError: There is no session, or it is not a synchronous one.
    """
    params: Mapping[str, Any] | None = None
    options: dict[str, Any] = {}
    statement = basequery
    if isinstance(basequery, Query):
        statement, params, options = of_query(basequery)
        session = basequery.session if session is None else session
    if not isinstance(statement, GenerativeSelect):
        raise UnpageableQuery(
            "basequery must be a Query, a select() or a union of them, not "
            f"{type(statement).__name__}; instead of from_statement(), select "
            "aliased(Entity, statement.subquery())"
        )
    statement = cast("Select[Any] | CompoundSelect[Any]", statement)
    return Source(
        session=session_of(session),
        statement=statement,
        params=params,
        options={**statement.get_execution_options(), **options},
        bind_arguments=bind_arguments or {},
    )


def session_of(session: Any) -> Session | scoped_session[Any]:
    """Return *session*, or by default that of Flask-SQLAlchemy.

    Raises:
        TypeError: There is no session, or it is not a synchronous one.
    """
    if session is None and has_app_context():
        extension = current_app.extensions.get("sqlalchemy")
        session = getattr(extension, "session", None)
    if session is None:
        raise TypeError(
            "there is no session to run the query in; give paginated() a session=, "
            "or call it in the context of an application with Flask-SQLAlchemy"
        )
    if isinstance(session, Connection):
        session = Session(session)
    if not _is_session(session):
        raise TypeError(
            "session must be a sqlalchemy.orm.Session or a scoped_session of them, "
            f"not {type(session).__name__}; an AsyncSession goes to apaginated() or "
            "acursor_paginated()"
        )
    checked: Session | scoped_session[Any] = session
    return checked


def _is_session(thing: Any) -> bool:
    """Return whether *thing* is a session, or a wrapper that hands all on to one."""
    if isinstance(thing, (Session, scoped_session)):
        return True
    execute = getattr(thing, "execute", None)
    has_both = callable(execute) and callable(getattr(thing, "get_bind", None))
    return has_both and not inspect.iscoroutinefunction(execute)
