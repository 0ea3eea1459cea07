"""Pages of a SQLAlchemy query for Flask, with totals that are right."""

from twopi_pagination.errors import (
    InvalidCursor,
    InvalidPage,
    UnorderedQuery,
    UnpageableQuery,
    UnsupportedOrdering,
)
from twopi_pagination.keyset import cursor_paginated
from twopi_pagination.offset import paginated
from twopi_pagination.result import (
    CursorPage,
    CursorPaginatedResult,
    Page,
    PaginatedResult,
)
from twopi_pagination.settings import init_app

__all__ = [
    "CursorPage",
    "CursorPaginatedResult",
    "InvalidCursor",
    "InvalidPage",
    "Page",
    "PaginatedResult",
    "UnorderedQuery",
    "UnpageableQuery",
    "UnsupportedOrdering",
    "cursor_paginated",
    "init_app",
    "paginated",
]
