"""The OpenAPI document of a Flask API, out of what its views already say.

`document` makes it, `openapi_blueprint` serves it and its page, `flask openapi` writes
and compares it. Views say the rest by `returns`, `describes` and `hidden`.
"""

from twopi_openapi.blueprint import openapi_blueprint
from twopi_openapi.changes import Change, changes
from twopi_openapi.document import document
from twopi_openapi.errors import (
    AmbiguousPathError,
    DocumentError,
    DuplicateOperationError,
    UnknownLocationError,
)
from twopi_openapi.marks import describes, hidden, returns

__all__ = [
    "AmbiguousPathError",
    "Change",
    "DocumentError",
    "DuplicateOperationError",
    "UnknownLocationError",
    "changes",
    "describes",
    "document",
    "hidden",
    "openapi_blueprint",
    "returns",
]
