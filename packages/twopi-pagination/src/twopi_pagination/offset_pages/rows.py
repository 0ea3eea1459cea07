"""The items of a page by offset."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from twopi_pagination.offset_pages.reading import Found
from twopi_pagination.offset_pages.statements import Window, page_statement
from twopi_pagination.query.dialects import MYSQL
from twopi_pagination.query.source import Source


def page_items(
    source: Source, window: Window, *, chosen: bool, deferred: bool, counted: bool
) -> Found:
    """Return the entities or rows of a page, with at most one SELECT.

    Eager loading by SELECT IN and the like adds its own. The arguments are those of
    `page_statement`.
    """
    page = page_statement(
        source.shape, window, chosen=chosen, deferred=deferred, counted=counted
    )
    if page is None:
        return Found([], None)
    return page.read(source.run(page.statement))


def with_nulls_placed(source: Source) -> Source:
    """Return *source* for a database that has no NULLS FIRST and NULLS LAST."""
    statement: Any = source.statement
    if source.dialect not in MYSQL or not isinstance(statement, Select):
        return source
    terms = source.shape.own_terms
    if all(term.nulls_first is None for term in terms):
        return source
    clauses: list[Any] = []
    for element, descending, nulls_first in terms:
        if nulls_first is not None:
            missing = element.is_(None)
            clauses.append(missing.desc() if nulls_first else missing)
        clauses.append(element.desc() if descending else element)
    return source.with_statement(statement.order_by(None).order_by(*clauses))
