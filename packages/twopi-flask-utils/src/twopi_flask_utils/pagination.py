"""Pages of SQLAlchemy queries: the 1.x path of `twopi_pagination`."""

from __future__ import annotations

from typing import Any

from flask import has_request_context, request
from marshmallow import class_registry
from webargs import fields
from webargs.flaskparser import parser  # noqa: F401  importable here in 1.x

import twopi_pagination
from twopi_flask_utils.deprecation import warn_once
from twopi_pagination import PaginatedResult

__all__ = ["paginated"]

pagination_args = {
    "offset": fields.Integer(load_default=0),
    "limit": fields.Integer(load_default=20),
}
"""The arguments of a page, for `twopi_flask_utils.webargs.use_args`."""


def paginated(
    basequery: Any,
    schema_type: Any,
    offset: Any = None,
    limit: Any = None,
    **options: Any,
) -> PaginatedResult:
    """Return a page of a query, see `twopi_pagination.paginated`.

    Args:
        basequery: The query.
        schema_type: The marshmallow schema of the items, its class or its name.
        offset: How many items to skip; by default that of the request, or 0.
        limit: How many items to return; by default that of the request, or 20. A
            request gets no more than ``PAGINATION_MAX_LIMIT``; the first time that
            this reduces its limit, a warning says so.
        options: What else `twopi_pagination.paginated` takes.
    """
    if isinstance(schema_type, str):
        schema_type = class_registry.get_class(schema_type)
    page = twopi_pagination.paginated(basequery, schema_type, offset, limit, **options)
    if limit is None and has_request_context():
        asked, got = request.values.get("limit", ""), page.data["limit"]
        if asked.isdecimal() and int(asked) > got:
            warn_once(
                "limit",
                f"limit={int(asked)} of a request was reduced to {got}; "
                "set PAGINATION_MAX_LIMIT to allow more",
            )
    return page
