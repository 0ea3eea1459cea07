"""What the caller gives, or else the query string: offset, limit, cursor and sort."""

from __future__ import annotations

from typing import Any

from flask import has_request_context, request

from twopi_pagination.errors import InvalidPage
from twopi_pagination.request.sort import Sort
from twopi_pagination.settings import Settings
from twopi_pagination.whole_numbers import (
    MAX_INTEGER,
    check_number,
    given_number,
    number_rule,
    whole_number,
)


class Parameters:
    """The parameters of one page, each read by its method.

    An argument of the caller is used as it is. What the caller leaves out is read
    from the request, where a number must be ASCII digits. If a parameter is repeated,
    the first value is used. Complaints about the request are collected.

    Args:
        settings: The defaults and bounds.
        body: Whether numbers are also read from a form or a JSON object, after the
            query string.
    """

    def __init__(self, settings: Settings, *, body: bool = False) -> None:
        self.settings = settings
        self.body = body
        self.complaints: dict[str, list[str]] = {}

    def check(self) -> None:
        """Raise what there is to complain about.

        Raises:
            InvalidPage: A value of the query string was malformed or too large.
        """
        if self.complaints:
            raise InvalidPage(self.complaints)

    def offset(self, given: int | str | None) -> int:
        """Return the offset.

        Raises:
            TypeError: *given* is not an integer or a string.
            ValueError: It is not a number, negative or too large.
        """
        if given is not None:
            return given_number("offset", given)
        text = self._read("offset")
        if text is None:
            return 0
        return self._number("offset", text, 0, largest_offset(self.settings))

    def limit(
        self, given: int | str | None, max_limit: int | None, *, least: int = 0
    ) -> int:
        """Return the limit, *least* or more; *max_limit* replaces the setting.

        Raises:
            TypeError: *given* is not an integer or a string, or *max_limit* is not an
                integer.
            ValueError: An argument is not a number, too small or too large.
        """
        check_number("max_limit", max_limit, least=least)
        if given is not None:
            return given_number("limit", given, least=least)
        most = self.settings.max_limit if max_limit is None else max_limit
        text = self._read("limit")
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

    def _read(self, name: str) -> Any:
        value = _query(name)
        return _body(name) if value is None and self.body else value

    def _number(self, name: str, text: Any, least: int, most: int) -> int:
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


def _query(name: str) -> str | None:
    return request.args.get(name) if has_request_context() else None


def _body(name: str) -> Any:
    """Return the value in the request's form or else in its JSON object."""
    if not has_request_context():
        return None
    value: Any = request.form.get(name)
    if value is None and request.is_json:
        document = request.get_json(silent=True)
        value = document.get(name) if isinstance(document, dict) else None
    return value


def _type_name(value: object) -> str:
    return type(value).__name__
