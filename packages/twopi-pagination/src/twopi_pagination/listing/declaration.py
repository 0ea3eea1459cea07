"""One declared list: filters, orders, pages of both kinds, links and documentation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from flask import has_request_context, request
from marshmallow import Schema
from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.expression import Select

from twopi_pagination.by_cursor import fetch_keyset
from twopi_pagination.by_offset import fetch_offset
from twopi_pagination.cursor_pages.total_order import order_of
from twopi_pagination.dumping import dump_items, schema_of
from twopi_pagination.errors import InvalidCursor, UnpageableQuery
from twopi_pagination.listing.filters import Filter, Filters, scope_of
from twopi_pagination.listing.forms import BY_CURSOR, Form, ListedPage
from twopi_pagination.listing.requested import Allowed, Requested, requested
from twopi_pagination.query.shape import Shape
from twopi_pagination.query.source import AnySession, source_of
from twopi_pagination.request.links import link_header, url_with
from twopi_pagination.request.sort import Sort, sorted_by
from twopi_pagination.settings import current_settings


@dataclasses.dataclass(frozen=True)
class ListedResult:
    """A page of a `Listing`.

    Attributes:
        data: The page, in the form of the list.
        links: The URLs of other pages, by relation.
        headers: The ``Link`` header (RFC 8288), if there are links.
    """

    data: dict[str, Any]
    links: dict[str, str]
    headers: dict[str, str]


class Listing:
    """A list that a client may filter, sort and page, declared once.

    What a client asks for in the query string is checked against the declaration;
    anything else of a known filter is answered with 422, which names what is allowed.
    A parameter without a value counts as absent. Cursors belong to the filters that
    they were made with.

    Args:
        statement: What selects all items: a ``select()`` of one class, or a function
            that returns it, for what depends on the request, such as the tenant.
        schema: The marshmallow schema to dump with, the class or an instance.
        filters: What may be filtered by: a column, or a `Filter`.
        sort: The orders that the client may ask for.
        max_limit: The most items a page has, in place of ``PAGINATION_MAX_LIMIT``.
        default_limit: How many it has otherwise, in place of
            ``PAGINATION_DEFAULT_LIMIT``.
        count: How to count all items: ``"none"``, ``"exact"``, ``"capped"`` or
            ``"estimated"``. By default they are counted in pages by offset only.
        form: The names of the parameters and the envelope of pages.
        name: What the list is called in messages and by ``flask pagination check``.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An operator or a name is not valid.
    """

    def __init__(
        self,
        statement: Select[Any] | Callable[[], Select[Any]],
        schema: type[Schema] | Schema,
        *,
        filters: Mapping[str, Any] | None = None,
        sort: Sort | Mapping[str, Any] | None = None,
        max_limit: int | None = None,
        default_limit: int | None = None,
        count: str | None = None,
        form: Form = BY_CURSOR,
        name: str = "",
    ) -> None:
        by_name = {
            key: each if isinstance(each, Filter) else Filter(each)
            for key, each in (filters or {}).items()
        }
        self.statement = statement
        self.schema = schema
        self.compiled = schema_of(schema)
        self.filters = Filters(by_name, form.filter_name)
        self.sort = Sort(sort) if isinstance(sort, Mapping) else sort
        self.allowed = Allowed(form, self.filters, self.sort, max_limit, default_limit)
        self.count = count or ("none" if form.kind == "cursor" else "exact")
        self.form = form
        cls = schema if isinstance(schema, type) else type(schema)
        self.name = name or cls.__name__.removesuffix("Schema")
        taken = set(form.names.values()) & {
            self.filters.parameter(key, operator)
            for key, each in by_name.items()
            for operator in each.operators
        }
        if taken:
            raise ValueError(f"a filter cannot be called {', '.join(sorted(taken))}")

    def page(
        self, *, session: AnySession | None = None, scope: str = ""
    ) -> ListedResult:
        """Return the page that the current request asks for.

        Args:
            session: What to run the query in, by default that of Flask-SQLAlchemy.
            scope: What else cursors belong to, such as the tenant.

        Raises:
            InvalidPage: A parameter is not valid; all are named.
            InvalidCursor: The cursor does not belong to this list and its filters.
            UnpageableQuery: The list cannot be paged; `self_test` finds that before.
        """
        asked = requested(self.allowed, request.args if has_request_context() else None)
        statement = self.select(asked)
        source = source_of(statement, session)
        fetched = self._by_offset if self.form.kind == "offset" else self._by_cursor
        page = fetched(source.session, statement, asked, scope)
        links = dict(page.links)
        return ListedResult(self.form.envelope(page), links, link_header(links))

    def select(self, asked: Requested) -> Any:
        """Return the statement of all items that a request asks for."""
        statement = self.statement() if callable(self.statement) else self.statement
        statement = statement.where(*self.filters.conditions(asked.conditions))
        return sorted_by(asked.order, statement)

    def self_test(self, dialect: Dialect | None = None) -> None:
        """Build the list for each pair of a filter and an order.

        Args:
            dialect: The dialect of the database, by default that of SQLite.

        Raises:
            UnpageableQuery: A client could ask for what cannot be paged; the message
                names the filter and the order.
        """
        if dialect is None:
            dialect = sqlite.dialect()
        statement = self.statement() if callable(self.statement) else self.statement
        for parameter, condition in self.filters.samples():
            for text, order in self.orders():
                pair = sorted_by(order, statement.where(*condition))
                try:
                    self._check(Shape(pair), dialect, filtered=bool(condition))
                except UnpageableQuery as error:
                    raise type(error)(
                        f"the list {self.name} cannot be paged with the filter "
                        f"{parameter or '(none)'} in the order {text or '(default)'}: "
                        f"{error}"
                    ) from error

    def orders(self) -> Iterator[tuple[str, Sequence[Any]]]:
        """List each key that ``sort`` may have, in both directions, as ORDER BY."""
        if self.sort is None or not self.sort.default:
            yield "", ()
        if self.sort is None:
            return
        for key in self.sort.keys:
            for text in (key, f"-{key}"):
                yield text, self.sort.clauses(text) or ()

    def _check(self, shape: Shape, dialect: Dialect, *, filtered: bool) -> None:
        if self.form.kind == "cursor":
            order_of(shape, dialect)
        if filtered and shape.entity is not None and shape.repeats:
            raise UnpageableQuery(
                "the filter is on a table that repeats the items; say how to get there "
                "by Filter(..., through=)"
            )

    def _by_offset(
        self, session: Any, statement: Any, asked: Requested, _: str
    ) -> ListedPage:
        settings = current_settings()
        found = fetch_offset(
            session,
            statement,
            offset=asked.offset,
            limit=asked.limit,
            count=self.count,
            cap=settings.count_cap,
        )
        links = self._links(
            {
                "first": 0 if asked.offset else None,
                "prev": max(0, asked.offset - asked.limit) if asked.offset else None,
                "next": asked.offset + asked.limit if found.more else None,
            },
            asked,
        )
        return ListedPage(
            items=dump_items(self.compiled, found.items),
            limit=asked.limit,
            offset=asked.offset,
            total=found.total,
            more=found.more,
            before=asked.offset > 0,
            next=None,
            prev=None,
            cursors=list,
            links=links,
        )

    def _by_cursor(
        self, session: Any, statement: Any, asked: Requested, scope: str
    ) -> ListedPage:
        settings = current_settings()
        if not settings.secrets:
            raise ValueError(
                "there is nothing to sign cursors with; set SECRET_KEY or "
                "PAGINATION_SECRET"
            )
        try:
            found = fetch_keyset(
                session,
                statement,
                secret=settings.secrets,
                cursor=asked.cursor,
                limit=asked.limit,
                scope=f"{scope}{scope_of(asked.conditions)}",
                count=self.count,
                cap=settings.count_cap,
                backwards=asked.backwards,
            )
        except InvalidCursor as error:
            raise error.named(asked.cursor_name) from None
        there = {"next": found.next, "prev": found.prev}
        links = self._links(
            {"first": "", **there} if any(there.values()) else {}, asked
        )
        return ListedPage(
            items=dump_items(self.compiled, found.items),
            limit=asked.limit,
            offset=None,
            total=found.total,
            more=found.next is not None,
            before=found.prev is not None,
            next=found.next,
            prev=found.prev,
            cursors=lambda: found.cursors,
            links=links,
        )

    def _links(self, places: Mapping[str, Any], asked: Requested) -> dict[str, str]:
        """Return the URLs of pages, in the names of the form."""
        if not has_request_context():
            return {}
        names = self.form.names
        cleared = {names[each]: None for each in _PLACES if each in names}
        links = {}
        for relation, place in places.items():
            if place is None:
                continue
            limit = {names["limit"]: asked.limit} if "limit" in names else {}
            where: dict[str, Any] = {}
            if "page" in names:
                where = {names["page"]: place // asked.limit + 1}
            elif place != "":
                kind = self.form.kind
                back = relation == "prev" and "before" in names
                where = {names["before" if back else kind]: place}
            links[relation] = url_with({**cleared, **limit, **where})
        return links


_PLACES = ("cursor", "before", "last", "offset", "page")
