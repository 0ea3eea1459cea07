"""Sessions and connections, as callers give them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.ext.asyncio import (
        AsyncConnection,
        AsyncSession,
        async_scoped_session,
    )
    from sqlalchemy.orm import Session, scoped_session

    Executor: TypeAlias = Session | scoped_session[Session] | sa.Connection
    AsyncExecutor: TypeAlias = (
        AsyncSession | async_scoped_session[AsyncSession] | AsyncConnection
    )


def refuse_async(session: object, method: str) -> None:
    """Raise for an asynchronous session: without ``await`` nothing would be done.

    Args:
        session: What the caller has given.
        method: The name of what to await instead.

    Raises:
        TypeError: It is asynchronous.
    """
    if is_async(session):
        raise TypeError(
            f"{type(session).__name__} is asynchronous; use `await {method}(...)`"
        )


def is_async(session: object) -> bool:
    """Return whether *session* is an asynchronous session or connection.

    Args:
        session: What the caller has given.
    """
    if "sqlalchemy.ext.asyncio" not in sys.modules:
        return False
    from sqlalchemy.ext import asyncio

    return isinstance(
        session,
        asyncio.AsyncSession | asyncio.AsyncConnection | asyncio.async_scoped_session,
    )


def dialect_of(session: Any, table: sa.Table) -> sa.Dialect:
    """Return the dialect of the database that *session* has *table* in.

    Args:
        session: A session, of either kind, or a connection.
        table: The table.
    """
    bind = session.get_bind(clause=table) if hasattr(session, "get_bind") else session
    found: sa.Dialect = bind.dialect
    return found


def of_table(session: Any, table: sa.Table) -> dict[str, Any]:
    """Return the arguments of ``session.execute`` by which it finds *table*'s database.

    Args:
        session: A session, of either kind, or a connection.
        table: The table.
    """
    if hasattr(session, "get_bind"):
        return {"bind_arguments": {"clause": table}}
    return {}
