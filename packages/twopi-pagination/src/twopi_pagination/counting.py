"""How many items there are on all pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from twopi_pagination.pages import key_rows
from twopi_pagination.statement import Source, loader_criteria, unlocked


def known_total(offset: int, limit: int, found: int) -> int | None:
    """Return the total if a page that *found* so many items tells it."""
    if found < limit and (found or not offset):
        return offset + found
    return None


def count_items(source: Source, *, chosen: bool) -> int:
    """Count the items with one SELECT, without ORDER BY and eager loading."""
    rows: Any
    if source.entity is None:
        rows = unlocked(source.statement.order_by(None)).subquery()
    else:
        rows = key_rows(source, chosen=chosen)
        if chosen:
            rows = select(*rows.c).distinct().subquery()
    count = select(func.count()).select_from(rows)
    total: int = source.run(count.options(*loader_criteria(source.statement))).scalar()
    return total
