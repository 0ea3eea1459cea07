"""marshmallow schemas of the parameters and the pages, for OpenAPI.

webargs, flask-smorest and APIFlask load the parameters by them and document them;
apispec knows them, too. `parameters` is the same in plain data.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, Literal

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from twopi_pagination.cursor_pages.token import MAX_LENGTH
from twopi_pagination.offset_pages.totals import INEXACT
from twopi_pagination.request.parameters import largest_limit, largest_offset
from twopi_pagination.request.sort import Sort
from twopi_pagination.settings import COUNTS, current_settings
from twopi_pagination.whole_numbers import number_rule, whole_number

Kind = Literal["offset", "cursor"]


class _Number(fields.Integer):
    """A number of the query string, by the rules of `paginated`."""

    def __init__(self, least: int, description: str) -> None:
        super().__init__()
        self.least = least
        self.description = description

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The bounds and the default of the current application's settings."""
        return {
            "description": self.description,
            "minimum": self.least,
            "maximum": self._bounds()[0],
            "default": self._default(),
        }

    @metadata.setter
    def metadata(self, _: Any) -> None:
        """Ignore what marshmallow sets."""

    def _default(self) -> int:
        return self.least

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        bound, most = self._bounds()
        number = whole_number(str(value), self.least, bound)
        if number is None:
            raise ValidationError(number_rule(self.least, bound))
        return min(number, most)

    def _bounds(self) -> tuple[int, int]:
        bound = largest_offset(current_settings())
        return bound, bound


class _Limit(_Number):
    def _default(self) -> int:
        settings = current_settings()
        return min(settings.default_limit, settings.max_limit)

    def _bounds(self) -> tuple[int, int]:
        settings = current_settings()
        return largest_limit(settings, settings.max_limit), settings.max_limit


class SortField(fields.String):
    """The client's ``sort``, checked and documented; it loads as the text it is.

    Args:
        sort: The orders that it may ask for.
    """

    def __init__(self, sort: Sort, **options: Any) -> None:
        names = "|".join(map(re.escape, sort.keys))
        more = min(sort.max_keys, len(sort.keys)) - 1
        default = f" The default is {sort.default}." if sort.default else ""
        metadata = {
            "description": f"The order of the items. {sort.rule}{default}",
            "pattern": f"^-?({names})(,-?({names})){{0,{more}}}$",
            **options.pop("metadata", {}),
        }
        super().__init__(metadata=metadata, **options)
        self.sort = sort

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text: Any = super()._deserialize(value, *args, **kwargs)
        if text is None or self.sort.clauses(text) is None:
            raise ValidationError(self.sort.rule)
        return text


class OffsetParameters(Schema):
    """The query string of `paginated`: what it loads may be given as arguments."""

    class Meta:
        """The query string may hold more."""

        unknown = EXCLUDE

    offset = _Number(0, "How many items to skip.")
    limit = _Limit(0, "How many items to return; there is a maximum.")


class CursorParameters(Schema):
    """The query string of `cursor_paginated`: what it loads may be given to it."""

    class Meta:
        """The query string may hold more."""

        unknown = EXCLUDE

    cursor = fields.String(
        validate=validate.Length(max=MAX_LENGTH),
        metadata={
            "description": "The next or prev of another page; none for the first page."
        },
    )
    limit = _Limit(1, "How many items to return; there is a maximum.")


def parameters(kind: Kind = "offset", *, sort: Sort | None = None) -> list[Any]:
    """List the parameters as OpenAPI's Parameter Objects (3.0 and 3.1).

    Args:
        kind: ``"offset"`` for `paginated`, ``"cursor"`` for `cursor_paginated`.
        sort: The orders that the client may ask for, if it may.

    Raises:
        ValueError: There is no such kind.
    """
    found: dict[str, Any] = _SCHEMAS[_kind(kind)]().fields
    if sort is not None:
        found = {**found, "sort": SortField(sort)}
    return [
        {
            "in": "query",
            "name": name,
            "required": False,
            "description": field.metadata["description"],
            "schema": {
                "type": "integer" if isinstance(field, _Number) else "string",
                **({"maxLength": MAX_LENGTH} if name == "cursor" else {}),
                **{k: v for k, v in field.metadata.items() if k != "description"},
            },
        }
        for name, field in found.items()
    ]


_SCHEMAS: dict[str, type[Schema]] = {
    "offset": OffsetParameters,
    "cursor": CursorParameters,
}


def _kind(kind: str) -> str:
    if kind not in _SCHEMAS:
        raise ValueError(f"kind must be 'offset' or 'cursor', not {kind!r}")
    return kind


class _Items(fields.List):  # type: ignore[type-arg]  # generic in marshmallow 4
    """A list that is dumped already."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return value


@functools.lru_cache(maxsize=1024)
def page_schema(
    item: type[Schema] | Schema, kind: Kind = "offset", *, count: str | None = None
) -> type[Schema]:
    """Return the schema of a page, which dumps the ``data`` of a page unchanged.

    Args:
        item: The schema that the items are dumped with, the class or an instance.
        kind: ``"offset"`` for `paginated`, ``"cursor"`` for `cursor_paginated`.
        count: How the items are counted; by default ``"exact"`` for the one, and
            ``"none"`` for the other. A total of the program's own is exact.

    Raises:
        ValueError: There is no such kind or count.
    """
    by_cursor = _kind(kind) == "cursor"
    way = count or ("none" if by_cursor else "exact")
    if way not in COUNTS:
        raise ValueError(f"count must be one of {', '.join(COUNTS)}, not {count!r}")
    number: dict[str, Any] = {"required": True, "metadata": {"minimum": 0}}
    items = _Items(fields.Nested(item), required=True)
    content: dict[str, Any] = {"limit": fields.Integer(**number), "items": items}
    if by_cursor:
        for name, other in (("next", "after"), ("prev", "before")):
            what = f"The cursor of the page {other} this one; null if there is none."
            content[name] = fields.String(
                required=True, allow_none=True, metadata={"description": what}
            )
    else:
        content = {"offset": fields.Integer(**number), **content}
    if way != "none" or not by_cursor:
        content["totalItems"] = fields.Integer(allow_none=way == "none", **number)
    if way in {"capped", "estimated"}:
        content["totalItemsExact"] = fields.Boolean(required=True)
    if way in INEXACT and not by_cursor:
        content["hasMore"] = fields.Boolean(required=True)
    name = _name_of(item) + ("CursorPage" if by_cursor else "Page")
    return Schema.from_dict(content, name=name)


def _name_of(item: type[Schema] | Schema) -> str:
    """Return the name of *item*; an instance of fewer fields has another one."""
    cls = item if isinstance(item, type) else type(item)
    name = cls.__name__.removesuffix("Schema")
    if isinstance(item, type) or item.fields.keys() == cls().fields.keys():
        return name
    if item.only is not None:
        name += "Only" + _in_a_name(item.only)
    if item.exclude:
        name += "Without" + _in_a_name(item.exclude)
    return name


def _in_a_name(fields_: Any) -> str:
    parts = (part for each in sorted(fields_) for part in re.split(r"\W|_", each))
    return "".join(part[:1].upper() + part[1:] for part in parts)
