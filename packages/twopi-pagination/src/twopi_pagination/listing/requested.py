"""What a request asks of a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twopi_pagination.errors import InvalidPage
from twopi_pagination.listing.filters import Condition, Filters
from twopi_pagination.listing.forms import Form
from twopi_pagination.request.parameters import largest_limit, largest_offset
from twopi_pagination.request.sort import Sort
from twopi_pagination.settings import current_settings
from twopi_pagination.whole_numbers import MAX_INTEGER, number_rule, whole_number


@dataclass(frozen=True)
class Requested:
    """The parameters of a request, read.

    Attributes:
        conditions: The filters.
        order: The ORDER BY; empty for that of the statement.
        limit: How many items the page may have.
        offset: How many items to skip.
        cursor: Where the page starts or ends.
        cursor_name: The parameter that the cursor is from.
        backwards: Whether the page comes before the cursor.
    """

    conditions: Sequence[Condition] = ()
    order: Sequence[Any] = ()
    limit: int = 20
    offset: int = 0
    cursor: str | None = None
    cursor_name: str = "cursor"
    backwards: bool = False


class _Reader:
    """The query string by the meanings of a form; an empty parameter is absent."""

    def __init__(self, names: Mapping[str, str], pairs: list[tuple[str, str]]) -> None:
        self.names = names
        self.complaints: dict[str, list[str]] = {}
        self._first: dict[str, str] = {}
        for name, text in pairs:
            if text:
                self._first.setdefault(name, text)

    def text(self, meaning: str) -> str | None:
        return self._first.get(self.names[meaning]) if meaning in self.names else None

    def number(self, meaning: str, least: int, most: int) -> int | None:
        text = self.text(meaning)
        if text is None:
            return None
        found = whole_number(text, least, most)
        if found is None:
            self.complaints[self.names[meaning]] = [number_rule(least, most)]
        return found

    def order(self, sort: Sort | None) -> Sequence[Any]:
        text = self.text("sort") or (sort.default if sort else "")
        if sort is None or not text:
            return ()
        clauses = sort.clauses(text)
        if clauses is None:
            self.complaints[self.names["sort"]] = [sort.rule]
        return clauses or ()


@dataclass(frozen=True)
class Allowed:
    """What a request may ask of a list.

    Attributes:
        form: The names of the parameters.
        filters: What may be filtered by.
        sort: The orders, if there are any.
        max_limit: The most items a page has; `None` for the setting.
        default_limit: How many it has otherwise; `None` for the setting.
    """

    form: Form
    filters: Filters
    sort: Sort | None
    max_limit: int | None
    default_limit: int | None


def requested(allowed: Allowed, arguments: Any) -> Requested:
    """Read the query string *arguments*; a parameter without a value is absent.

    Raises:
        InvalidPage: A parameter is not valid; all of them are named.
    """
    pairs = [] if arguments is None else list(arguments.items(multi=True))
    names = allowed.form.names
    reader = _Reader(names, pairs)
    settings = current_settings()
    most = settings.max_limit if allowed.max_limit is None else allowed.max_limit
    bound = largest_limit(settings, most)
    furthest = largest_offset(settings)
    last = reader.number("last", 1, bound)
    limit = last or reader.number("limit", 1, bound)
    limit = min(limit or allowed.default_limit or settings.default_limit, most)
    page = reader.number("page", 1, furthest // limit + 1)
    offset = reader.number("offset", 0, furthest) or 0
    before, after = reader.text("before"), reader.text("cursor")
    if before is not None and after is not None:
        wrong = [f"Cannot be combined with {names['cursor']}."]
        reader.complaints[names["before"]] = wrong
    order = reader.order(allowed.sort)
    filters = [pair for pair in pairs if pair[0] not in names.values()]
    conditions = allowed.filters.read(filters, reader.complaints)
    if reader.complaints:
        raise InvalidPage(reader.complaints)
    return Requested(
        conditions=conditions,
        order=order,
        limit=limit,
        offset=min((page - 1) * limit, MAX_INTEGER) if page else offset,
        cursor=before or after,
        cursor_name=names.get("before" if before else "cursor", "cursor"),
        backwards=before is not None or last is not None,
    )
