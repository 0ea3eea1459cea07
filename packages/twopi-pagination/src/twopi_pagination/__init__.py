"""Pages of a SQLAlchemy query for Flask, with totals that are right."""

from twopi_pagination.errors import InvalidPage, UnpageableQuery
from twopi_pagination.offset import paginated
from twopi_pagination.result import Page, PaginatedResult
from twopi_pagination.settings import init_app

__all__ = [
    "InvalidPage",
    "Page",
    "PaginatedResult",
    "UnpageableQuery",
    "init_app",
    "paginated",
]
