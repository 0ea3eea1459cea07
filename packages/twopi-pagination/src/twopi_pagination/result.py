"""What a page is given back as."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, NamedTuple, NotRequired, TypedDict

from twopi_pagination.cursor_pages.token import Places
from twopi_pagination.request.links import cursor_links, link_header, offset_links


@dataclasses.dataclass(frozen=True)
class OffsetSlice:
    """The items of a page by offset, not dumped.

    Attributes:
        items: The entities or rows.
        offset: How many items come before the first one.
        limit: How many items there could be.
        more: If others follow.
        total: How many items there are on all pages; `None` if they were not counted.
        exact: If the total is right, not an estimate or the least it can be.
    """

    items: list[Any]
    offset: int
    limit: int
    more: bool
    total: int | None
    exact: bool


@dataclasses.dataclass(frozen=True)
class KeysetSlice:
    """The items of a page by cursor, not dumped.

    Attributes:
        items: The entities or rows.
        limit: How many items there could be.
        next: The cursor of the page after this one; `None` at the end.
        prev: The cursor of the page before this one; `None` at the beginning.
        total: How many items there are on all pages; `None` if they were not counted.
        exact: If the total is right, not an estimate or the least it can be.
    """

    items: list[Any]
    limit: int
    next: str | None
    prev: str | None
    total: int | None
    exact: bool
    places: Places = dataclasses.field(default=Places(), repr=False, compare=False)

    @functools.cached_property
    def cursors(self) -> list[str]:
        """The cursor of each item: of the page after it, or, backwards, before it."""
        return self.places.cursors()


class Page(TypedDict):
    """A page, ready to be sent."""

    offset: int
    """How many items come before the first one."""
    limit: int
    """How many items the page could have; a client adds it to the offset."""
    items: list[Any]
    """The dumped items."""
    totalItems: int | None
    """How many items there are on all pages; `None` if they are not counted."""
    totalItemsExact: NotRequired[bool]
    """If ``totalItems`` is right; only if it is ``"capped"`` or ``"estimated"``."""
    hasMore: NotRequired[bool]
    """If there is a next page; only where ``totalItems`` may not tell it."""


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
    totalItems: NotRequired[int]
    """How many items there are on all pages; only if they are counted."""
    totalItemsExact: NotRequired[bool]
    """If ``totalItems`` is right; only if it is ``"capped"`` or ``"estimated"``."""


class _PaginatedPair(NamedTuple):
    data: Page
    errors: dict[str, Any]


class PaginatedResult(_PaginatedPair):
    """A page in the form of marshmallow's results.

    Attributes:
        data: The page.
        errors: Always empty: a bad request raises `InvalidPage`.
    """

    __slots__ = ()

    @property
    def links(self) -> dict[str, str]:
        """The URLs of the ``first``, ``prev``, ``next`` and ``last`` page.

        Those that are no other page, or not known, are left out. They lead to the
        current request's path, with its other parameters; outside of a request there
        are none.
        """
        return offset_links(self.data)

    @property
    def headers(self) -> dict[str, str]:
        """The ``Link`` header (RFC 8288), if there are links."""
        return link_header(self.links)


class _CursorPaginatedPair(NamedTuple):
    data: CursorPage
    errors: dict[str, Any]


class CursorPaginatedResult(_CursorPaginatedPair):
    """A page by cursor in the form of marshmallow's results.

    Attributes:
        data: The page.
        errors: Always empty: a bad request raises `InvalidPage`.
    """

    __slots__ = ()

    @property
    def links(self) -> dict[str, str]:
        """The URLs of the ``first``, ``prev`` and ``next`` page.

        There is no ``last`` one: its borders would not be those of the others.
        """
        return cursor_links(self.data)

    @property
    def headers(self) -> dict[str, str]:
        """The ``Link`` header (RFC 8288), if there are links."""
        return link_header(self.links)
