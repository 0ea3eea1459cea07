"""Pages by offset and limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from marshmallow import Schema
from sqlalchemy import Executable
from sqlalchemy.orm import Query
from sqlalchemy.sql.expression import GenerativeSelect

from twopi_pagination.dumping import dump_items, schema_of
from twopi_pagination.offset_pages.rows import page_items, with_nulls_placed
from twopi_pagination.offset_pages.statements import Window, must_be_chosen
from twopi_pagination.offset_pages.totals import INEXACT, total_of, way_to_count
from twopi_pagination.query.source import AnySession, Source, source_of
from twopi_pagination.request.parameters import Parameters
from twopi_pagination.request.sort import Sort, clauses_of, sorted_by
from twopi_pagination.result import OffsetSlice, Page, PaginatedResult
from twopi_pagination.settings import current_settings
from twopi_pagination.whole_numbers import MAX_INTEGER, check_number


def paginated(
    basequery: Query[Any] | GenerativeSelect,
    schema_type: type[Schema] | Schema,
    offset: int | str | None = None,
    limit: int | str | None = None,
    *,
    session: AnySession | None = None,
    count: str | None = None,
    total: int | Callable[[], int] | Executable | None = None,
    max_limit: int | None = None,
    sort: Sort | None = None,
    deep: Literal["offset", "deferred"] = "offset",
    bind_arguments: Mapping[str, Any] | None = None,
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
        offset: How many items to skip, a number or a string of digits. Left out, it
            is the ``offset`` of the request's query string, form or JSON object, in
            this order, or 0.
        limit: How many items the page may have, a number or a string of digits. Left
            out, it is the ``limit`` of the request, read as ``offset`` is, but not
            more than ``PAGINATION_MAX_LIMIT``; or else ``PAGINATION_DEFAULT_LIMIT``.
            With 0 there is the total and no items.
        session: What to run the query in, if it is no Query with a session. The
            default is the session of Flask-SQLAlchemy.
        count: How to count all the items, in place of ``PAGINATION_COUNT``:
            ``"exact"``; ``"none"``, with one SELECT; ``"capped"``, which stops at
            ``PAGINATION_COUNT_CAP``; ``"estimated"``, which asks PostgreSQL's planner
            and is ``"capped"`` elsewhere; ``"window"``, which is exact in the SELECT
            of the page where it can, and seldom faster.
        total: The number of all items, if it is known, or a function or statement
            that gives it; it is used as it is.
        max_limit: Replaces ``PAGINATION_MAX_LIMIT``; *limit* is not bound by it.
        sort: The orders that the client may ask for by ``sort`` in the query string.
        deep: How to skip: ``"deferred"`` skips primary keys and fetches whole rows of
            the page only, which is faster where *offset* is large. It makes no
            difference where rows are of several columns, grouped or DISTINCT.
        bind_arguments: What tells the session which database to use, as for
            `sqlalchemy.orm.Session.execute`.

    Returns:
        ``data``, with ``offset``, ``limit`` (the one used), ``items`` and
        ``totalItems``, and ``errors``, which is empty. With the counts ``"none"``,
        ``"capped"`` and ``"estimated"`` there is ``hasMore``; with the last two
        ``totalItemsExact``, and with ``"none"`` ``totalItems`` is `None`. ``.links``
        and ``.headers`` lead to the other pages.

    Raises:
        InvalidPage: The request's ``offset`` or ``limit`` is not a whole number from
            0 to 2**63-1 in ASCII digits, or beyond ``PAGINATION_MAX_OFFSET``, or its
            ``sort`` is not allowed.
        UnpageableQuery: *basequery* cannot be cut into pages.
        TypeError: An argument has the wrong type, or there is no session.
        ValueError: An argument is out of range, or a setting is wrong.
    """
    schema = schema_of(schema_type)
    source = source_of(basequery, session, bind_arguments)
    settings = current_settings()
    parameters = Parameters(settings, body=True)
    start = parameters.offset(offset)
    size = parameters.limit(limit, max_limit)
    order = parameters.sort(sort)
    parameters.check()
    way = way_to_count(count, total, settings.count)
    page = _slice(
        source.with_statement(sorted_by(order, source.statement)),
        start,
        size,
        way=way,
        total=total,
        cap=settings.count_cap,
        deep=deep,
    )
    data: Page = {
        "offset": start,
        "limit": size,
        "items": dump_items(schema, page.items),
        "totalItems": page.total,
    }
    if way in INEXACT:
        if way != "none":
            data["totalItemsExact"] = page.exact
        data["hasMore"] = page.more
    return PaginatedResult(data, {})


def fetch_offset(
    session: AnySession,
    statement: Query[Any] | GenerativeSelect,
    *,
    offset: int = 0,
    limit: int = 20,
    count: str | None = None,
    total: int | Callable[[], int] | Executable | None = None,
    cap: int = 10_000,
    deep: Literal["offset", "deferred"] = "offset",
    sort: Sort | Sequence[Any] | None = None,
    bind_arguments: Mapping[str, Any] | None = None,
) -> OffsetSlice:
    """Return the items of one page, without any Flask.

    Args:
        session: What to run the statement in.
        statement: What selects all the items, as for `paginated`.
        offset: How many items to skip.
        limit: How many items the page may have.
        count: How to count all the items, as for `paginated`; ``"exact"`` if left out.
        total: The number of all items, or a function or statement that gives it.
        cap: Where ``"capped"`` stops counting, 1 or more.
        deep: How to skip, as for `paginated`.
        sort: The ORDER BY that replaces the statement's own, such as `Sort.clauses`
            returns, or a `Sort` for its default.
        bind_arguments: What tells the session which database to use.

    Raises:
        UnpageableQuery: *statement* cannot be cut into pages.
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of range.
    """
    for name, value in (("offset", offset), ("limit", limit)):
        check_number(name, value)
    check_number("cap", cap, least=1)
    way = way_to_count(count, total, "exact")
    source = source_of(statement, session, bind_arguments)
    source = source.with_statement(sorted_by(clauses_of(sort), source.statement))
    return _slice(source, offset, limit, way=way, total=total, cap=cap, deep=deep)


def _slice(
    source: Source,
    offset: int,
    limit: int,
    *,
    way: str,
    total: Any,
    cap: int,
    deep: str,
) -> OffsetSlice:
    if deep not in {"offset", "deferred"}:
        raise ValueError(f"deep must be 'offset' or 'deferred', not {deep!r}")
    chosen = must_be_chosen(source.shape)
    source = with_nulls_placed(source)
    # one more tells if there is another page
    size = min(limit + (way in INEXACT), MAX_INTEGER)
    items, counted = page_items(
        source,
        Window(offset, size),
        chosen=chosen,
        deferred=deep == "deferred",
        counted=way == "window",
    )
    more = len(items) > limit
    items = items[:limit]
    known = counted
    if known is None and not more and len(items) < limit and (items or not offset):
        known = offset + len(items)
    number, exact = total_of(source, way, total, cap, known, chosen=chosen)
    if number is not None and way in INEXACT and not exact:
        # an estimate or a cap says no less than what is seen
        number = max(number, offset + len(items) + more)
    if way not in INEXACT and number is not None:
        more = offset + len(items) < number
    return OffsetSlice(items, offset, limit, more=more, total=number, exact=exact)
