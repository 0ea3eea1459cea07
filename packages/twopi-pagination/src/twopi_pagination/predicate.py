"""The condition for the rows after a place in the order.

There are three forms, because no form lets all databases find the place by an index:

- *row*: ``(a, b) > (x, y)``, where all keys go one way and are never NULL. MariaDB
  and MySQL read the whole index for it.
- *nested*: ``a >= x AND (a > x OR (b >= y AND ...))``, which is always right.
- *branches*: the nested one cut into pieces that each are one range of an index:
  ``a > x``, ``a = x AND b > y``, and NULLs on their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Dialect, and_, false, or_, true, tuple_

from twopi_pagination.keys import MYSQL, Key


def after(
    keys: Sequence[Key], values: Sequence[Any], dialect: Dialect
) -> ColumnElement[bool]:
    """Return the condition for the rows after *values*, in one piece."""
    if len(keys) > 1 and is_one_way(keys) and dialect.name not in MYSQL:
        bound = [key.bind(value) for key, value in zip(keys, values, strict=True)]
        row = tuple_(*(key.compared for key in keys))
        return row < tuple_(*bound) if keys[0].descending else row > tuple_(*bound)
    return _nested(keys, values)


def branches(keys: Sequence[Key], values: Sequence[Any]) -> list[ColumnElement[bool]]:
    """List disjoint conditions that together are `after`, each one range."""
    pieces: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for key, value in zip(keys, values, strict=True):
        pieces += [and_(*same, piece) for piece in _pieces_after(key, value)]
        same.append(_equal(key, value))
    return pieces


def is_one_way(keys: Sequence[Key]) -> bool:
    """Tell if all keys go in one direction and are never NULL."""
    return len({key.descending for key in keys}) == 1 and not any(
        key.nullable for key in keys
    )


def _nested(keys: Sequence[Key], values: Sequence[Any]) -> ColumnElement[bool]:
    key, value = keys[0], values[0]
    pieces = _pieces_after(key, value)
    if len(keys) == 1:
        return or_(false(), *pieces)
    rest = _nested(keys[1:], values[1:])
    if not pieces:
        return and_(_equal(key, value), rest)
    return and_(_not_before(key, value), or_(*pieces, and_(_equal(key, value), rest)))


def _pieces_after(key: Key, value: Any) -> list[ColumnElement[bool]]:
    """List the ranges of *key* that come strictly after *value*."""
    if value is None:
        return [key.element.is_not(None)] if key.nulls_first else []
    bound = key.bind(value)
    pieces = [key.compared < bound if key.descending else key.compared > bound]
    if key.nullable and not key.nulls_first:
        pieces.append(key.element.is_(None))
    return pieces


def _not_before(key: Key, value: Any) -> ColumnElement[bool]:
    """Return a condition on *key* alone, for an index to start at."""
    if value is None or (key.nullable and not key.nulls_first):
        return true()
    bound = key.bind(value)
    return key.compared <= bound if key.descending else key.compared >= bound


def _equal(key: Key, value: Any) -> ColumnElement[bool]:
    if value is None:
        return key.element.is_(None)
    return key.compared == key.bind(value)
