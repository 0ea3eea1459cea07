"""The id of a row in a path."""

from __future__ import annotations

from werkzeug.routing import IntegerConverter


class RowId(IntegerConverter):
    """Up to 18 digits, which every database can store.

    A longer number is not a path at all: 404 for every method, with or without a token.
    The bound of ``<int(max=...)>`` would be 405 where several rules share the path, as
    werkzeug looks at their methods before it converts the value.
    """

    regex = r"\d{1,18}"
