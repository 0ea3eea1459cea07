"""Pages by cursor."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marshmallow import Schema
from sqlalchemy import Executable
from sqlalchemy.orm import Query
from sqlalchemy.sql.expression import GenerativeSelect

from twopi_pagination.cursor_pages.order_cache import planned
from twopi_pagination.cursor_pages.rows import rows_at
from twopi_pagination.cursor_pages.token import CursorFormat, Place, Places
from twopi_pagination.dumping import dump_items, schema_of
from twopi_pagination.offset_pages.totals import INEXACT, total_of, way_to_count
from twopi_pagination.query.source import AnySession, Source, source_of
from twopi_pagination.request.parameters import Parameters
from twopi_pagination.request.sort import Sort, clauses_of, sorted_by
from twopi_pagination.result import CursorPage, CursorPaginatedResult, KeysetSlice
from twopi_pagination.settings import Settings, current_settings, secrets_of
from twopi_pagination.whole_numbers import MAX_INTEGER, check_number


def cursor_paginated(
    basequery: Query[Any] | GenerativeSelect,
    schema_type: type[Schema] | Schema,
    *,
    cursor: str | None = None,
    limit: int | None = None,
    session: AnySession | None = None,
    count: str = "none",
    total: int | Callable[[], int] | Executable | None = None,
    max_limit: int | None = None,
    sort: Sort | None = None,
    scope: str = "",
    secret: str | bytes | Sequence[str | bytes] | None = None,
    backwards: bool = False,
    bind_arguments: Mapping[str, Any] | None = None,
) -> CursorPaginatedResult:
    """Return the page of a query that a cursor leads to, dumped.

    A cursor names a row by the values it is ordered by, so any page costs the same,
    and rows that come or go meanwhile neither repeat nor hide others. It takes one
    SELECT, and those of eager loading. NULLs and mixed directions are right, and what
    the ORDER BY leaves equal is ordered by primary keys.

    Args:
        basequery: What selects all the items: a `sqlalchemy.orm.Query` or a
            `select()`, in the order of the pages.
        schema_type: The marshmallow schema to dump with, the class or an instance.
        cursor: The ``next`` or ``prev`` of another page. Left out, it is the
            ``cursor`` of the query string; where there is none, the list begins.
        limit: How many items the page may have, 1 or more. Left out, it is the
            ``limit`` of the query string, but no more than ``PAGINATION_MAX_LIMIT``,
            or ``PAGINATION_DEFAULT_LIMIT``.
        session: What to run the query in, if it is no Query with a session. The
            default is the session of Flask-SQLAlchemy.
        count: How to count all the items, by a second SELECT: ``"none"``, ``"exact"``,
            ``"capped"`` or ``"estimated"``, as `paginated` does.
        total: The number of all items, or a function or statement that gives it.
        max_limit: Replaces ``PAGINATION_MAX_LIMIT``; *limit* is not bound by it.
        sort: The orders that the client may ask for by ``sort`` in the query string.
        scope: What else the cursors belong to, such as the tenant, or the filters of
            the query. A cursor of another scope is not accepted.
        secret: What to sign cursors with, in place of ``PAGINATION_SECRET`` or
            Flask's ``SECRET_KEY``. Of several, the first one signs and the others are
            still accepted.
        backwards: Whether the page is the one before the cursor's place; without a
            cursor, it is the end of the list.
        bind_arguments: What tells the session which database to use, as for
            `sqlalchemy.orm.Session.execute`.

    Returns:
        ``data``, with ``limit`` (the one used), ``items``, and the cursors ``next``
        and ``prev``, which are `None` at the ends; and ``errors``, which is empty.
        Where the items are counted there is ``totalItems``, and with ``"capped"`` and
        ``"estimated"`` also ``totalItemsExact``. ``.links`` and ``.headers`` lead to
        the other pages.

    Raises:
        InvalidCursor: The cursor does not belong to this list. No SQL was run.
        InvalidPage: The query string's ``limit`` is not a whole number from 1 to
            2**63-1 in ASCII digits, or its ``sort`` is not allowed.
        UnorderedQuery: The rows have no order and no primary key.
        UnsupportedOrdering: A cursor cannot keep a place in the order.
        UnpageableQuery: *basequery* cannot be cut into pages.
        TypeError: An argument has the wrong type, or there is no session.
        ValueError: An argument is out of range, a setting is wrong, or there is no
            secret.
    """
    schema = schema_of(schema_type)
    source = source_of(basequery, session, bind_arguments)
    settings = current_settings()
    parameters = Parameters(settings)
    cursor = parameters.cursor(cursor)
    limit = parameters.limit(limit, max_limit, least=1)
    order = parameters.sort(sort)
    parameters.check()
    if secret is not None:
        settings = dataclasses.replace(settings, secrets=secrets_of(secret))
    page = _slice(
        source.with_statement(sorted_by(order, source.statement)),
        cursor,
        limit,
        settings,
        scope=scope,
        count=count,
        total=total,
        backwards=backwards,
    )
    data: CursorPage = {
        "limit": limit,
        "items": dump_items(schema, page.items),
        "next": page.next,
        "prev": page.prev,
    }
    if page.total is not None:
        data["totalItems"] = page.total
        if count in INEXACT and total is None:
            data["totalItemsExact"] = page.exact
    return CursorPaginatedResult(data, {})


def fetch_keyset(
    session: AnySession,
    statement: Query[Any] | GenerativeSelect,
    *,
    secret: str | bytes | Sequence[str | bytes],
    cursor: str | None = None,
    limit: int = 20,
    scope: str = "",
    count: str = "none",
    total: int | Callable[[], int] | Executable | None = None,
    cap: int = 10_000,
    sort: Sort | Sequence[Any] | None = None,
    backwards: bool = False,
    bind_arguments: Mapping[str, Any] | None = None,
) -> KeysetSlice:
    """Return the items of the page that a cursor leads to, without any Flask.

    Args:
        session: What to run the statement in.
        statement: What selects all the items, as for `cursor_paginated`.
        secret: What to sign cursors with. Of several, the first one signs and the
            others are still accepted.
        cursor: The ``next`` or ``prev`` of another page; `None` for the first one.
        limit: How many items the page may have, 1 or more.
        scope: What else the cursors belong to.
        count: How to count: ``"none"``, ``"exact"``, ``"capped"`` or ``"estimated"``.
        total: The number of all items, or a function or statement that gives it.
        cap: Where ``"capped"`` stops counting, 1 or more.
        sort: The ORDER BY that replaces the statement's own, such as `Sort.clauses`
            returns, or a `Sort` for its default.
        backwards: Whether the page is the one before the cursor's place; without a
            cursor, it is the end of the list.
        bind_arguments: What tells the session which database to use.

    Raises:
        InvalidCursor: The cursor does not belong to this list. No SQL was run.
        UnpageableQuery: *statement* cannot be cut into such pages.
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of range.
    """
    check_number("limit", limit, least=1)
    check_number("cap", cap, least=1)
    settings = Settings(secrets=secrets_of(secret), count_cap=cap)
    source = source_of(statement, session, bind_arguments)
    source = source.with_statement(sorted_by(clauses_of(sort), source.statement))
    return _slice(
        source,
        cursor,
        limit,
        settings,
        scope=scope,
        count=count,
        total=total,
        backwards=backwards,
    )


def _slice(
    source: Source,
    cursor: str | None,
    limit: int,
    settings: Settings,
    *,
    scope: str,
    count: str,
    total: Any,
    backwards: bool,
) -> KeysetSlice:
    if not settings.secrets:
        raise ValueError(
            "there is nothing to sign cursors with; set SECRET_KEY or "
            "PAGINATION_SECRET, or give cursor_paginated() a secret="
        )
    if count == "window":
        raise ValueError("count='window' is for paginated() only; use 'exact'")
    way = way_to_count(None if count == "none" else count, total, "none")
    plan, of_values = planned(source)
    subject = plan.order.subject(scope, of_values.params or {})
    form = CursorFormat(settings.secrets, subject, plan.order.codecs)
    place = Place() if cursor is None else form.read(cursor)
    if backwards:
        place = dataclasses.replace(place, backwards=True)
    found = rows_at(of_values, plan, place, min(limit + 1, MAX_INTEGER))
    more = len(found.items) > limit
    items, rows = list(found.items[:limit]), list(found.rows[:limit])
    if place.backwards:
        items.reverse()
        rows.reverse()
    # on the side it came from there is a page, unless it came from the end
    before = more if place.backwards else place.values is not None
    behind = place.values is not None if place.backwards else more
    first = plan.order.values(rows[0]) if rows else None
    last = plan.order.values(rows[-1]) if rows else None
    known = None if before or behind else len(items)
    number = total_of(source, way, total, settings.count_cap, known)
    return KeysetSlice(
        items=items,
        limit=limit,
        next=form.write(Place(values=last)) if behind else None,
        prev=form.write(Place(backwards=True, values=first)) if before else None,
        total=number.items,
        exact=number.exact,
        places=Places(rows, plan.order.values, form),
    )
