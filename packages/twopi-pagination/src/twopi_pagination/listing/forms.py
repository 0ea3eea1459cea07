"""How the parameters of a list are called, and what a page looks like.

A form is data: the names of parameters, and a function from a page to its JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class ListedPage:
    """A page, before it has a form.

    Attributes:
        items: The dumped items.
        limit: How many items there could be.
        offset: How many come before the first one; `None` in a page by cursor.
        total: How many there are on all pages, if they were counted.
        more: Whether a page follows.
        before: Whether a page comes before.
        next: The cursor of the page after this one.
        prev: The cursor of the page before this one.
        cursors: Returns the cursor of each item.
        links: The URLs of other pages, by relation.
    """

    items: list[Any]
    limit: int
    offset: int | None
    total: int | None
    more: bool
    before: bool
    next: str | None
    prev: str | None
    cursors: Callable[[], list[str]]
    links: Mapping[str, str]


@dataclass(frozen=True)
class Form:
    """The names of parameters and the envelope of pages.

    Attributes:
        kind: ``"cursor"`` or ``"offset"``.
        names: The parameters by what they mean: ``limit``, ``sort``; ``cursor``,
            ``before`` (a cursor to go back from), ``last`` (a limit, from the end) or
            ``offset``, ``page`` (a number from 1). Others are not read.
        envelope: Returns the JSON of a page.
        filter_name: How the name of a filter is written.
    """

    kind: Literal["cursor", "offset"]
    names: Mapping[str, str]
    envelope: Callable[[ListedPage], dict[str, Any]]
    filter_name: str = field(default="{}")


def _cursor_page(page: ListedPage) -> dict[str, Any]:
    counted = {} if page.total is None else {"totalItems": page.total}
    shown = {"limit": page.limit, "items": page.items}
    return {**shown, "next": page.next, "prev": page.prev, **counted}


def _offset_page(page: ListedPage) -> dict[str, Any]:
    data = {
        "offset": page.offset,
        "limit": page.limit,
        "items": page.items,
        "totalItems": page.total,
    }
    return data if page.total is not None else {**data, "hasMore": page.more}


def _numbered_page(page: ListedPage) -> dict[str, Any]:
    number = (page.offset or 0) // page.limit + 1
    pages = None if page.total is None else -(-page.total // page.limit)
    return {
        "page": number,
        "per_page": page.limit,
        "pages": pages,
        "total": page.total,
        "has_next": page.more,
        "has_prev": page.before,
        "items": page.items,
    }


def _json_api(page: ListedPage) -> dict[str, Any]:
    links = {name: page.links.get(name) for name in ("first", "prev", "next")}
    meta = {} if page.total is None else {"meta": {"total": page.total}}
    return {"data": page.items, "links": links, **meta}


def _connection(page: ListedPage) -> dict[str, Any]:
    cursors = page.cursors()
    data = {
        "edges": [
            {"node": node, "cursor": cursor}
            for node, cursor in zip(page.items, cursors, strict=True)
        ],
        "pageInfo": {
            "hasNextPage": page.more,
            "hasPreviousPage": page.before,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }
    return data if page.total is None else {**data, "totalCount": page.total}


BY_CURSOR = Form(
    "cursor", {"cursor": "cursor", "limit": "limit", "sort": "sort"}, _cursor_page
)
"""``limit``, ``cursor`` and ``sort``; the page of `cursor_paginated`."""

BY_OFFSET = Form(
    "offset", {"offset": "offset", "limit": "limit", "sort": "sort"}, _offset_page
)
"""``limit``, ``offset`` and ``sort``; the page of `paginated`."""

PAGE_NUMBERS = Form(
    "offset", {"page": "page", "limit": "per_page", "sort": "sort"}, _numbered_page
)
"""``page`` and ``per_page``, with the names of Flask-SQLAlchemy's pages."""

JSON_API = Form(
    "cursor",
    {
        "cursor": "page[after]",
        "before": "page[before]",
        "limit": "page[size]",
        "sort": "sort",
    },
    _json_api,
    "filter[{}]",
)
"""The parameters of JSON:API and its profile of cursors; items are as dumped."""

RELAY = Form(
    "cursor",
    {
        "cursor": "after",
        "before": "before",
        "limit": "first",
        "last": "last",
        "sort": "sort",
    },
    _connection,
)
"""``first``/``after`` and ``last``/``before``, with ``edges[].cursor``."""
