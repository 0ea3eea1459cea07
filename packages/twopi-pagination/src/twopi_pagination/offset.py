"""Pages by offset and limit."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from sqlalchemy.orm import Query
from sqlalchemy.sql.expression import GenerativeSelect

from twopi_pagination.counting import count_items, known_total
from twopi_pagination.dumping import dump_items, schema_of
from twopi_pagination.pages import must_be_chosen, page_items
from twopi_pagination.params import page_bounds
from twopi_pagination.result import PaginatedResult
from twopi_pagination.settings import current_settings
from twopi_pagination.statement import AnySession, source_of


def paginated(
    basequery: Query[Any] | GenerativeSelect,
    schema_type: type[Schema] | Schema,
    offset: int | None = None,
    limit: int | None = None,
    *,
    session: AnySession | None = None,
    max_limit: int | None = None,
) -> PaginatedResult:
    """Return one page of a query, dumped.

    It takes two SELECTs, or one where the page tells the total, and those of eager
    loading. Items come in the query's order; entities that it leaves equal are
    ordered by their primary key. An entity that a join repeats is one item, with its
    collections complete. Rows of several columns are never merged.

    Args:
        basequery: What selects all the items: a `sqlalchemy.orm.Query`, a `select()`,
            or a union of them. A LIMIT and OFFSET of its own bounds the pages.
        schema_type: The marshmallow schema to dump with, the class or an instance.
            An instance of the class is made once and kept.
        offset: How many items to skip. Left out, it is the ``offset`` of the query
            string, or 0.
        limit: How many items the page may have. Left out, it is the ``limit`` of the
            query string, but no more than ``PAGINATION_MAX_LIMIT``, or
            ``PAGINATION_DEFAULT_LIMIT``. With 0 there is the total and no items.
        session: What to run the query in, if it is no Query with a session. The
            default is the session of Flask-SQLAlchemy.
        max_limit: Replaces ``PAGINATION_MAX_LIMIT``; *limit* is not bound by it.

    Returns:
        ``data``, with ``offset``, ``limit`` (the one used), ``items`` and
        ``totalItems``, and ``errors``, which is empty.

    Raises:
        InvalidPage: The query string's ``offset`` or ``limit`` is not a whole number
            from 0 to 2**63-1 in ASCII digits, or beyond ``PAGINATION_MAX_OFFSET``.
        UnpageableQuery: *basequery* cannot be cut into pages.
        TypeError: An argument has the wrong type, or there is no session.
        ValueError: An argument is out of range, or a setting is wrong.
    """
    schema = schema_of(schema_type)
    source = source_of(basequery, session)
    offset, limit = page_bounds(offset, limit, max_limit, current_settings())
    chosen = must_be_chosen(source)
    items = page_items(source, offset, limit, chosen=chosen)
    total = known_total(offset, limit, len(items))
    if total is None:
        total = count_items(source, chosen=chosen)
    return PaginatedResult(
        {
            "offset": offset,
            "limit": limit,
            "items": dump_items(schema, items),
            "totalItems": total,
        },
        {},
    )
