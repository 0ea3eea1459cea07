"""Offset, limit and cursor, from the caller or from the query string."""

from __future__ import annotations

import re

from flask import has_request_context, request

from twopi_pagination.errors import InvalidPage
from twopi_pagination.settings import Settings

MAX_INTEGER = 2**63 - 1
"""The largest number that every database takes as LIMIT and OFFSET."""

_DIGITS = re.compile(r"0*([0-9]{1,19})")


def page_bounds(
    offset: int | None, limit: int | None, max_limit: int | None, settings: Settings
) -> tuple[int, int]:
    """Return the offset and the limit to use.

    What the caller gives is used as it is; what it leaves out is asked of the query
    string, and has to be of ASCII digits and below 2**63 there. Of a parameter that
    is repeated the first one counts.

    Args:
        offset: The caller's offset.
        limit: The caller's limit.
        max_limit: The most the query string may ask for, in place of the setting.
        settings: The defaults and bounds.

    Raises:
        TypeError: An argument is not an integer.
        ValueError: An argument is negative or too large.
        InvalidPage: A value of the query string is malformed or too large.
    """
    _check("offset", offset)
    _check("limit", limit)
    _check("max_limit", max_limit)
    if offset is not None and limit is not None:
        return offset, limit

    errors: dict[str, list[str]] = {}
    if offset is None:
        bound = MAX_INTEGER if settings.max_offset is None else settings.max_offset
        offset = _read("offset", 0, bound, errors)
    if limit is None:
        limit = _read_limit(max_limit, settings, errors)
    if errors:
        raise InvalidPage(errors)
    return offset, limit


def cursor_bounds(
    cursor: str | None, limit: int | None, max_limit: int | None, settings: Settings
) -> tuple[str | None, int]:
    """Return the cursor, if there is one, and the limit to use, which is not 0.

    Args:
        cursor: The caller's cursor.
        limit: The caller's limit.
        max_limit: The most the query string may ask for, in place of the setting.
        settings: The defaults and bounds.

    Raises:
        TypeError: An argument is not of its type.
        ValueError: The limit is not positive, or too large.
        InvalidPage: The limit of the query string is malformed or too large.
    """
    _check("limit", limit, least=1)
    _check("max_limit", max_limit, least=1)
    if cursor is not None and not isinstance(cursor, str):
        raise TypeError(f"cursor must be a str or None, not {type(cursor).__name__}")
    if cursor is None and has_request_context():
        cursor = request.args.get("cursor")
    if limit is None:
        errors: dict[str, list[str]] = {}
        limit = _read_limit(max_limit, settings, errors, least=1)
        if errors:
            raise InvalidPage(errors)
    return cursor, limit


def _check(name: str, value: int | None, *, least: int = 0) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int or None, not {type(value).__name__}")
    if not least <= value <= MAX_INTEGER:
        raise ValueError(f"{name} must be from {least} to {MAX_INTEGER}, not {value}")


def _read_limit(
    max_limit: int | None,
    settings: Settings,
    errors: dict[str, list[str]],
    *,
    least: int = 0,
) -> int:
    most = settings.max_limit if max_limit is None else max_limit
    default = settings.default_limit
    return min(_read("limit", default, MAX_INTEGER, errors, least=least), most)


def _read(
    name: str, default: int, most: int, errors: dict[str, list[str]], *, least: int = 0
) -> int:
    text = request.args.get(name) if has_request_context() else None
    if text is None:
        return default
    digits = _DIGITS.fullmatch(text)
    if digits is None or not least <= int(digits[1]) <= most:
        errors[name] = [
            f"Must be a whole number from {least} to {most}, in digits only."
        ]
        return default
    return int(digits[1])
