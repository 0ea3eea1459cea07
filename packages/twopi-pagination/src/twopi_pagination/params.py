"""Offset and limit, from the caller or from the query string."""

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
        most = settings.max_limit if max_limit is None else max_limit
        limit = min(_read("limit", settings.default_limit, MAX_INTEGER, errors), most)
    if errors:
        raise InvalidPage(errors)
    return offset, limit


def _check(name: str, value: int | None) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int or None, not {type(value).__name__}")
    if not 0 <= value <= MAX_INTEGER:
        raise ValueError(f"{name} must be from 0 to {MAX_INTEGER}, not {value}")


def _read(name: str, default: int, most: int, errors: dict[str, list[str]]) -> int:
    text = request.args.get(name) if has_request_context() else None
    if text is None:
        return default
    digits = _DIGITS.fullmatch(text)
    if digits is None or int(digits[1]) > most:
        errors[name] = [f"Must be a whole number from 0 to {most}, in digits only."]
        return default
    return int(digits[1])
