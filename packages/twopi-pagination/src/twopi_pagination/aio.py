"""Pages in an `sqlalchemy.ext.asyncio.AsyncSession`.

They are those of `paginated` and `cursor_paginated`, which run where such a session
runs what is synchronous. So items may load what they need while they are dumped, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from marshmallow import Schema
from sqlalchemy import Executable
from sqlalchemy.sql.expression import GenerativeSelect

from twopi_pagination.by_cursor import cursor_paginated
from twopi_pagination.by_offset import paginated
from twopi_pagination.request.sort import Sort
from twopi_pagination.result import CursorPaginatedResult, PaginatedResult

if TYPE_CHECKING:  # SQLAlchemy asks for greenlet there, which is an extra
    from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session

    AnyAsyncSession = AsyncSession | async_scoped_session[Any]


async def apaginated(
    basequery: GenerativeSelect,
    schema_type: type[Schema] | Schema,
    offset: int | str | None = None,
    limit: int | str | None = None,
    *,
    session: AnyAsyncSession,
    count: str | None = None,
    total: int | Callable[[], int] | Executable | None = None,
    max_limit: int | None = None,
    sort: Sort | None = None,
    deep: Literal["offset", "deferred"] = "offset",
    bind_arguments: Mapping[str, Any] | None = None,
) -> PaginatedResult:
    """Return one page of a query, dumped, as `paginated` does.

    Args:
        basequery: A `select()`, or a union of them.
        schema_type: As for `paginated`.
        offset: As for `paginated`.
        limit: As for `paginated`.
        session: What to run the query in.
        count: As for `paginated`.
        total: As for `paginated`; a function is a synchronous one.
        max_limit: As for `paginated`.
        sort: As for `paginated`.
        deep: As for `paginated`.
        bind_arguments: As for `paginated`.

    Raises:
        TypeError: *session* is not an asynchronous one.
        Exception: What `paginated` raises.
    """

    def page(sync_session: Any) -> PaginatedResult:
        return paginated(
            basequery,
            schema_type,
            offset,
            limit,
            session=sync_session,
            count=count,
            total=total,
            max_limit=max_limit,
            sort=sort,
            deep=deep,
            bind_arguments=bind_arguments,
        )

    result: PaginatedResult = await _asynchronous(session).run_sync(page)
    return result


async def acursor_paginated(
    basequery: GenerativeSelect,
    schema_type: type[Schema] | Schema,
    *,
    cursor: str | None = None,
    limit: int | None = None,
    session: AnyAsyncSession,
    count: str = "none",
    total: int | Callable[[], int] | Executable | None = None,
    max_limit: int | None = None,
    sort: Sort | None = None,
    scope: str = "",
    secret: str | bytes | Sequence[str | bytes] | None = None,
    backwards: bool = False,
    bind_arguments: Mapping[str, Any] | None = None,
) -> CursorPaginatedResult:
    """Return the page of a query that a cursor leads to, as `cursor_paginated` does.

    Args:
        basequery: A `select()`, in the order of the pages.
        schema_type: As for `cursor_paginated`.
        cursor: As for `cursor_paginated`.
        limit: As for `cursor_paginated`.
        session: What to run the query in.
        count: As for `cursor_paginated`.
        total: As for `cursor_paginated`; a function is a synchronous one.
        max_limit: As for `cursor_paginated`.
        sort: As for `cursor_paginated`.
        scope: As for `cursor_paginated`.
        secret: As for `cursor_paginated`.
        backwards: As for `cursor_paginated`.
        bind_arguments: As for `cursor_paginated`.

    Raises:
        TypeError: *session* is not an asynchronous one.
        Exception: What `cursor_paginated` raises.
    """

    def page(sync_session: Any) -> CursorPaginatedResult:
        return cursor_paginated(
            basequery,
            schema_type,
            cursor=cursor,
            limit=limit,
            session=sync_session,
            count=count,
            total=total,
            max_limit=max_limit,
            sort=sort,
            scope=scope,
            secret=secret,
            backwards=backwards,
            bind_arguments=bind_arguments,
        )

    result: CursorPaginatedResult = await _asynchronous(session).run_sync(page)
    return result


def _asynchronous(session: Any) -> Any:
    """Return *session*, or the one that an `async_scoped_session` stands for."""
    if hasattr(session, "registry"):
        session = session()
    if not hasattr(session, "run_sync"):
        raise TypeError(
            "session must be a sqlalchemy.ext.asyncio.AsyncSession, not "
            f"{type(session).__name__}; a Session goes to paginated() or "
            "cursor_paginated()"
        )
    return session
