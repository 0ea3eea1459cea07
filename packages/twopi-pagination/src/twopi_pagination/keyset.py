"""Pages by cursor."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from sqlalchemy.orm import Query
from sqlalchemy.sql.expression import GenerativeSelect

from twopi_pagination.cursor import CursorFormat, Place
from twopi_pagination.dumping import dump_items, schema_of
from twopi_pagination.params import cursor_bounds
from twopi_pagination.places import Order, order_of_keys, rows_at
from twopi_pagination.result import CursorPage, CursorPaginatedResult
from twopi_pagination.settings import current_settings, secret_bytes
from twopi_pagination.statement import AnySession, source_of
from twopi_schemas import CompiledSchema


def cursor_paginated(
    basequery: Query[Any] | GenerativeSelect,
    schema_type: type[Schema] | Schema,
    *,
    cursor: str | None = None,
    limit: int | None = None,
    session: AnySession | None = None,
    max_limit: int | None = None,
    scope: str = "",
    secret: str | bytes | None = None,
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
        max_limit: Replaces ``PAGINATION_MAX_LIMIT``; *limit* is not bound by it.
        scope: What else the cursors belong to, such as the tenant, or the filters of
            the query. A cursor of another scope is not accepted.
        secret: What to sign cursors with, in place of ``PAGINATION_SECRET`` or
            Flask's ``SECRET_KEY``.

    Returns:
        ``data``, with ``limit`` (the one used), ``items``, and the cursors ``next``
        and ``prev``, which are `None` at the ends; and ``errors``, which is empty.

    Raises:
        InvalidCursor: The cursor is none of this list. No SQL was run.
        InvalidPage: The query string's ``limit`` is not a whole number from 1 to
            2**63-1 in ASCII digits.
        UnorderedQuery: The rows have no order and no primary key.
        UnsupportedOrdering: A cursor cannot keep a place in the order.
        UnpageableQuery: *basequery* cannot be cut into pages.
        TypeError: An argument has the wrong type, or there is no session.
        ValueError: An argument is out of range, a setting is wrong, or there is no
            secret.
    """
    schema = schema_of(schema_type)
    source = source_of(basequery, session)
    settings = current_settings()
    cursor, limit = cursor_bounds(cursor, limit, max_limit, settings)
    secrets = settings.secrets if secret is None else (secret_bytes("secret", secret),)
    if not secrets:
        raise ValueError(
            "there is nothing to sign cursors with; set SECRET_KEY or "
            "PAGINATION_SECRET, or give cursor_paginated() a secret="
        )
    order = order_of_keys(source)
    form = CursorFormat(
        secrets, order.subject(scope), [key.codec for key in order.keys]
    )
    place = Place() if cursor is None else form.read(cursor)
    rows = rows_at(source, order, place, limit + 1)
    return CursorPaginatedResult(_page(schema, form, order, place, rows, limit), {})


def _page(
    schema: CompiledSchema,
    form: CursorFormat,
    order: Order,
    place: Place,
    rows: list[Any],
    limit: int,
) -> CursorPage:
    more = len(rows) > limit
    rows = rows[:limit]
    if place.backwards:
        rows.reverse()
    # on the side it came from there is a page, unless it came from the end
    before = more if place.backwards else place.values is not None
    behind = place.values is not None if place.backwards else more
    first = order.values(rows[0]) if rows else None
    last = order.values(rows[-1]) if rows else None
    return {
        "limit": limit,
        "items": dump_items(schema, [order.item(row) for row in rows]),
        "next": form.write(Place(values=last)) if behind else None,
        "prev": form.write(Place(backwards=True, values=first)) if before else None,
    }
