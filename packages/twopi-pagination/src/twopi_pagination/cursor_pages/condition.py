"""The condition for the rows after a place in the order.

There are three forms, because no form lets all databases find the place by an index:

- *row*: ``(a, b) > (x, y)``, where all keys go one way and are never NULL. MariaDB
  and MySQL read the whole index for it.
- *nested*: ``a >= x AND (a > x OR (b >= y AND ...))``, which is always right.
- *branches*: the nested one cut into pieces that each are one range of an index:
  ``a > x``, ``a = x AND b > y``, and NULLs on their own.

A condition has parameters, not values, so it serves all places whose values are of
the same types, and are NULL in the same keys.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, false, not_, or_, true, tuple_
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import ColumnClause

from twopi_pagination.cursor_pages.sort_key import Key
from twopi_pagination.query.dialects import MYSQL

Bound: TypeAlias = ColumnElement[Any] | None
"""The parameter for the value of a key, or `None` where that is NULL."""


class Form(enum.Enum):
    """How the condition is written."""

    ROW = "row"
    NESTED = "nested"
    BRANCHES = "branches"


def form_of(keys: Sequence[Key], dialect: str) -> Form:
    """Return the form that the database finds a place with by an index.

    PostgreSQL needs branches for all but row values of one table, and SQLite where
    NULLs come last. MariaDB and MySQL put nested conditions together themselves.
    """
    one_way = is_one_way(keys) and _of_one_table(keys)
    if dialect == "postgresql" and not one_way:
        return Form.BRANCHES
    if dialect == "sqlite" and keys[0].nullable and not keys[0].nulls_first:
        return Form.BRANCHES
    if one_way and len(keys) > 1 and dialect not in MYSQL:
        return Form.ROW
    return Form.NESTED


def _of_one_table(keys: Sequence[Key]) -> bool:
    tables = {
        hash(each.table)
        for key in keys
        for each in visitors.iterate(key.element)
        if isinstance(each, ColumnClause) and each.table is not None
    }
    return len(tables) <= 1


def after(
    keys: Sequence[Key], bounds: Sequence[Bound], form: Form
) -> ColumnElement[bool]:
    """Return the condition for the rows after *bounds*, in one piece."""
    known = [bound for bound in bounds if bound is not None]
    if form is Form.ROW and len(known) == len(keys):
        row, place = tuple_(*(key.compared for key in keys)), tuple_(*known)
        return row < place if keys[0].descending else row > place
    return _nested(keys, bounds)


def branches(keys: Sequence[Key], bounds: Sequence[Bound]) -> list[ColumnElement[bool]]:
    """List disjoint conditions that together are `after`, each one range."""
    pieces: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for key, bound in zip(keys, bounds, strict=True):
        pieces += [and_(*same, piece) for piece in _pieces_after(key, bound)]
        same.append(equal(key, bound))
    return pieces


def is_one_way(keys: Sequence[Key]) -> bool:
    """Tell if all keys go in one direction and are never NULL."""
    return len({key.descending for key in keys}) == 1 and not any(
        key.nullable for key in keys
    )


def _nested(keys: Sequence[Key], bounds: Sequence[Bound]) -> ColumnElement[bool]:
    key, bound = keys[0], bounds[0]
    pieces = _pieces_after(key, bound)
    if len(keys) == 1:
        return or_(false(), *pieces)
    rest = _nested(keys[1:], bounds[1:])
    if not pieces:
        return and_(equal(key, bound), rest)
    return and_(_not_before(key, bound), or_(*pieces, and_(equal(key, bound), rest)))


def _pieces_after(key: Key, bound: Bound) -> list[ColumnElement[bool]]:
    """List the ranges of *key* that come strictly after *bound*."""
    if bound is None:
        return [not_(key.is_null)] if key.nulls_first else []
    pieces = [key.compared < bound if key.descending else key.compared > bound]
    if key.nullable and not key.nulls_first:
        pieces.append(key.is_null)
    return pieces


def _not_before(key: Key, bound: Bound) -> ColumnElement[bool]:
    """Return a condition on *key* alone, for an index to start at."""
    if bound is None or (key.nullable and not key.nulls_first):
        return true()
    return key.compared <= bound if key.descending else key.compared >= bound


def equal(key: Key, bound: Bound) -> ColumnElement[bool]:
    """Return the condition for the rows in which *key* is the same."""
    return key.is_null if bound is None else key.compared == bound
