"""Errors that say the client asked for something wrong, not that the code is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VALIDATION = frozenset(
    {
        "marshmallow.exceptions.ValidationError",
        "webargs.core.ValidationError",
    }
)
"""Full names, compared along the MRO: nothing has to be imported or installed."""

HTTP = "werkzeug.exceptions.HTTPException"


def is_common_http(hint: Mapping[str, Any]) -> bool:
    """Tell whether *hint* is of an HTTP error below 500 or a validation error."""
    error = (hint.get("exc_info") or (None, None))[1]
    names = {f"{each.__module__}.{each.__qualname__}" for each in type(error).__mro__}
    if HTTP in names:
        return _status(error) < 500
    return not names.isdisjoint(VALIDATION)


def _status(error: Any) -> int:
    """Return the status *error* answers with, that of ``abort(response)`` too."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None) or getattr(error, "code", None)
    return status if isinstance(status, int) else 500
