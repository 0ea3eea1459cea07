"""What a page is given back as."""

from __future__ import annotations

from typing import Any, NamedTuple, TypedDict


class Page(TypedDict):
    """A page, ready to be sent."""

    offset: int
    """How many items come before the first one."""
    limit: int
    """How many items the page could have; a client adds it to the offset."""
    items: list[Any]
    """The dumped items."""
    totalItems: int
    """How many items there are on all pages."""


class PaginatedResult(NamedTuple):
    """A page in the form of marshmallow's results: ``data`` and ``errors``."""

    data: Page
    errors: dict[str, Any]
    """Always empty: a bad request raises `InvalidPage`."""


class CursorPage(TypedDict):
    """A page by cursor, ready to be sent."""

    limit: int
    """How many items the page could have."""
    items: list[Any]
    """The dumped items."""
    next: str | None
    """The cursor of the page after this one; `None` at the end."""
    prev: str | None
    """The cursor of the page before this one; `None` at the beginning."""


class CursorPaginatedResult(NamedTuple):
    """A page by cursor in the form of marshmallow's results."""

    data: CursorPage
    errors: dict[str, Any]
    """Always empty: a bad request raises `InvalidPage`."""
