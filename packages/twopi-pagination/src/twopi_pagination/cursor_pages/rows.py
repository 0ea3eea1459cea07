"""The rows of a page by cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from twopi_pagination.cursor_pages.order_cache import Plan
from twopi_pagination.cursor_pages.statements import page_from, rows_equal_to
from twopi_pagination.cursor_pages.token import Digest, Place
from twopi_pagination.cursor_pages.total_order import Order, Types
from twopi_pagination.errors import InvalidCursor
from twopi_pagination.query.source import Source


class Rows(NamedTuple):
    """Some rows, the nearest to the place first.

    Attributes:
        items: What the statement itself selects: entities or rows.
        rows: The same with the values of the keys.
        order: What finds those values.
    """

    items: Sequence[Any]
    rows: Sequence[Any]
    order: Order

    def values(self) -> list[tuple[Any, ...]]:
        """List the values of the keys of each row."""
        return [self.order.values(row) for row in self.rows]


def rows_at(source: Source, plan: Plan, place: Place, limit: int) -> Rows:
    """Return at most *limit* rows from *place* on, by one SELECT.

    Eager loading by SELECT IN and the like adds its own, and a value that was too long
    for the cursor takes one more to look it up.

    Raises:
        InvalidCursor: The row with the long value is not there any more.
    """
    order = plan.order.backwards if place.backwards else plan.order
    values = place.values
    if values is not None and any(isinstance(each, Digest) for each in values):
        values = _looked_up(source, order, values)
    types = None if values is None else order.types_of(values)
    statement = _statement(plan, order, types, limit, backwards=place.backwards)
    return _rows(_at(source, order, values), order, statement)


def _statement(
    plan: Plan, order: Order, types: Types | None, limit: int, *, backwards: bool
) -> Any:
    """Return the statement of the page, made before if it was for the same list."""
    if plan.names is None:
        return page_from(order, types, limit)
    key = (backwards, types, limit)
    known = plan.pages.get(key)
    if known is None:
        known = page_from(order, types, limit)
        plan.pages.put(key, known)
    return known


def _rows(source: Source, order: Order, statement: Any) -> Rows:
    result = source.run(statement)
    if order.merged:
        result = result.unique(order.identity_of)
    if order.single:
        rows = list(result)
        return Rows([row[0] for row in rows], rows, order)
    frozen = result.freeze()
    items = list(frozen().columns(*range(order.shape.width)))
    return Rows(items, list(frozen()), order)


def _looked_up(
    source: Source, order: Order, values: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Return *values* with those of the row itself in place of digests."""
    known = [None if isinstance(each, Digest) else each for each in values]
    indexes = [i for i, each in enumerate(values) if not isinstance(each, Digest)]
    statement = rows_equal_to(order, order.types_of(known), indexes)
    for found in _rows(_at(source, order, known), order, statement).values():
        if all(
            Digest.of(codec.encode(each)) == value
            for codec, each, value in zip(order.codecs, found, values, strict=True)
            if isinstance(value, Digest)
        ):
            return found
    raise InvalidCursor


def _at(source: Source, order: Order, values: Sequence[Any] | None) -> Source:
    """Return *source* with the values of a place."""
    if values is None:
        return source
    place = {
        name: value
        for name, value in zip(order.names, values, strict=True)
        if value is not None
    }
    return source.with_params(place)
