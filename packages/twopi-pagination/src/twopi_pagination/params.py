"""What the caller gives, or else the query string: offset, limit, cursor and sort."""

from __future__ import annotations

import re
from typing import Any

from flask import has_request_context, request

from twopi_pagination.errors import InvalidPage
from twopi_pagination.settings import Settings
from twopi_pagination.sorting import Sort

MAX_INTEGER = 2**63 - 1
"""The largest number that every database takes as LIMIT and OFFSET."""

_DIGITS = re.compile(r"0*([0-9]{1,19})")


class Parameters:
    """The parameters of one page, each read by its method.

    What the caller gives is used as it is; what it leaves out is asked of the query
    string, where numbers have to be of ASCII digits. Of a parameter that is repeated
    the first one counts. Complaints about the query string are collected.

    Args:
        settings: The defaults and bounds.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.complaints: dict[str, list[str]] = {}

    def check(self) -> None:
        """Raise what there is to complain about.

        Raises:
            InvalidPage: A value of the query string was malformed or too large.
        """
        if self.complaints:
            raise InvalidPage(self.complaints)

    def offset(self, given: int | None) -> int:
        """Return the offset.

        Raises:
            TypeError: *given* is no integer.
            ValueError: It is negative or too large.
        """
        check_number("offset", given)
        if given is not None:
            return given
        text = _query("offset")
        if text is None:
            return 0
        return self._number("offset", text, 0, largest_offset(self.settings))

    def limit(self, given: int | None, max_limit: int | None, *, least: int = 0) -> int:
        """Return the limit, *least* or more; *max_limit* replaces the setting.

        Raises:
            TypeError: An argument is no integer.
            ValueError: It is too small or too large.
        """
        check_number("limit", given, least=least)
        check_number("max_limit", max_limit, least=least)
        if given is not None:
            return given
        most = self.settings.max_limit if max_limit is None else max_limit
        text = _query("limit")
        if text is None:
            return min(self.settings.default_limit, most)
        bound = largest_limit(self.settings, most)
        return min(self._number("limit", text, least, bound), most)

    def cursor(self, given: str | None) -> str | None:
        """Return the cursor, if there is one.

        Raises:
            TypeError: *given* is no text.
        """
        if given is not None and not isinstance(given, str):
            raise TypeError(f"cursor must be a str or None, not {_type_name(given)}")
        return _query("cursor") if given is None else given

    def sort(self, sort: Sort | None) -> list[Any]:
        """Return the ORDER BY that the client asks for, or the default one.

        Raises:
            TypeError: *sort* is no `Sort`.
        """
        if sort is None:
            return []
        if not isinstance(sort, Sort):
            raise TypeError(
                f"sort must be a Sort or None, not {_type_name(sort)}; it reads what "
                "the client asks for itself"
            )
        text = _query("sort")
        if text is None:
            text = sort.default
            if not text:
                return []
        clauses = sort.clauses(text)
        if clauses is None:
            self.complaints["sort"] = [sort.rule]
        return clauses or []

    def _number(self, name: str, text: str, least: int, most: int) -> int:
        number = whole_number(text, least, most)
        if number is None:
            self.complaints[name] = [number_rule(least, most)]
            return least
        return number


def largest_offset(settings: Settings) -> int:
    """Return how far a client may skip."""
    return MAX_INTEGER if settings.max_offset is None else settings.max_offset


def largest_limit(settings: Settings, most: int) -> int:
    """Return what a client may ask for where it gets *most*."""
    return most if settings.over_limit == "reject" else MAX_INTEGER


def whole_number(text: str, least: int, most: int) -> int | None:
    """Return the number that *text* is, or `None` if it is none or out of bounds."""
    digits = _DIGITS.fullmatch(text)
    if digits is None or not least <= int(digits[1]) <= most:
        return None
    return int(digits[1])


def number_rule(least: int, most: int) -> str:
    """Say what a number in the query string has to be."""
    return f"Must be a whole number from {least} to {most}, in digits only."


def check_number(name: str, value: int | None, *, least: int = 0) -> None:
    """Check a number that the program gives.

    Raises:
        TypeError: It is no integer.
        ValueError: It is too small or too large.
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int or None, not {_type_name(value)}")
    if not least <= value <= MAX_INTEGER:
        raise ValueError(f"{name} must be from {least} to {MAX_INTEGER}, not {value}")


def _query(name: str) -> str | None:
    return request.args.get(name) if has_request_context() else None


def _type_name(value: object) -> str:
    return type(value).__name__
