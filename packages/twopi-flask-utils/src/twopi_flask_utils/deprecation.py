"""Say once, where an application relies on 1.x, what replaces it."""

from __future__ import annotations

import logging
import warnings

_told: set[str] = set()


def deprecate(old: str, modern: str) -> None:
    """Warn, the first time in this process, that *modern* replaces *old*."""
    message = f"{old} is the way of 1.x; use {modern}"
    warn_once(old, message, DeprecationWarning, stacklevel=4)


def warn_once(
    key: str,
    message: str,
    category: type[Warning] = UserWarning,
    *,
    stacklevel: int = 3,
) -> None:
    """Give the warning *message*, the first time in this process for *key*.

    It never stops an application that ran before: where a filter turns it into an
    error, it is logged instead.
    """
    if key in _told:
        return
    _told.add(key)
    try:
        warnings.warn(f"twopi_flask_utils: {message}", category, stacklevel=stacklevel)
    except category:
        logging.getLogger("twopi_flask_utils").warning(message)
