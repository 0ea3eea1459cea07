"""Pages of a SQLAlchemy query for Flask, with totals that are right."""

from twopi_pagination.aio import acursor_paginated, apaginated
from twopi_pagination.by_cursor import cursor_paginated, fetch_keyset
from twopi_pagination.by_offset import fetch_offset, paginated
from twopi_pagination.errors import (
    InvalidCursor,
    InvalidPage,
    UnorderedQuery,
    UnpageableQuery,
    UnsupportedOrdering,
)
from twopi_pagination.listing import forms
from twopi_pagination.listing.declaration import ListedResult, Listing
from twopi_pagination.listing.filters import Filter
from twopi_pagination.listing.forms import Form, ListedPage
from twopi_pagination.request.sort import Sort
from twopi_pagination.result import (
    CursorPage,
    CursorPaginatedResult,
    KeysetSlice,
    OffsetSlice,
    Page,
    PaginatedResult,
)
from twopi_pagination.schemas import (
    CursorParameters,
    OffsetParameters,
    SortField,
    page_schema,
    parameters,
)
from twopi_pagination.settings import init_app

__all__ = [
    "CursorPage",
    "CursorPaginatedResult",
    "CursorParameters",
    "Filter",
    "Form",
    "InvalidCursor",
    "InvalidPage",
    "KeysetSlice",
    "ListedPage",
    "ListedResult",
    "Listing",
    "OffsetParameters",
    "OffsetSlice",
    "Page",
    "PaginatedResult",
    "Sort",
    "SortField",
    "UnorderedQuery",
    "UnpageableQuery",
    "UnsupportedOrdering",
    "acursor_paginated",
    "apaginated",
    "cursor_paginated",
    "fetch_keyset",
    "fetch_offset",
    "forms",
    "init_app",
    "page_schema",
    "paginated",
    "parameters",
]
