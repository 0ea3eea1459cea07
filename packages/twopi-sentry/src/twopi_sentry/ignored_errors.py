"""Errors that say the client asked for something wrong, not that the code is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

VALIDATION = frozenset(
    {
        "marshmallow.exceptions.ValidationError",
        "webargs.core.ValidationError",
    }
)
"""Full names, compared along the MRO: nothing has to be imported or installed."""

HTTP = "werkzeug.exceptions.HTTPException"


def is_common_http(event: Mapping[str, Any], hint: Mapping[str, Any]) -> bool:
    """Return whether *hint* is of an HTTP error below 500 or a validation error.

    A validation error counts only if it was not handled. One that the application
    caught and reported, by ``log.exception()`` for example, is of data that need not be
    the client's.
    """
    error = (hint.get("exc_info") or (None, None))[1]
    names = {f"{each.__module__}.{each.__qualname__}" for each in type(error).__mro__}
    if HTTP in names:
        return _status(error) < 500
    if names.isdisjoint(VALIDATION):
        return False
    if not _handled(event):
        with suppress(AttributeError):  # the framework may log it now
            error.__twopi_sentry_ignored__ = True  # type: ignore[union-attr]
        return True
    return getattr(error, "__twopi_sentry_ignored__", False)


def _handled(event: Mapping[str, Any]) -> bool:
    errors = (event.get("exception") or {}).get("values") or [{}]
    return any((each.get("mechanism") or {}).get("handled") is True for each in errors)


def _status(error: Any) -> int:
    """Return the status *error* answers with, that of ``abort(response)`` too."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None) or getattr(error, "code", None)
    return status if isinstance(status, int) else 500
