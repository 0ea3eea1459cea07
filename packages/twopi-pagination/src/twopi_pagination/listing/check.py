"""Whether the lists of an application are what they promise, on the real database."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Table, inspect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import ColumnClause

from twopi_pagination.by_cursor import fetch_keyset
from twopi_pagination.by_offset import fetch_offset
from twopi_pagination.cursor_pages.order_rules import total_terms
from twopi_pagination.errors import UnpageableQuery
from twopi_pagination.listing.declaration import Listing
from twopi_pagination.query.order_terms import Term
from twopi_pagination.query.source import Source, source_of
from twopi_pagination.request.sort import sorted_by

_SECRET = "of the check only"  # noqa: S105  # signs nothing that leaves


@dataclasses.dataclass(frozen=True)
class Finding:
    """What was found of one order of a list.

    Attributes:
        order: What ``sort`` is; empty for the default.
        plan: How the database runs the second page, as it explains itself.
        index: The CREATE INDEX that is missing, if one is.
        wrong: What is wrong with the pages, if anything is.
    """

    order: str
    plan: list[str]
    index: str | None
    wrong: str | None


def checked(listing: Listing, session: Any, *, rows: int = 200) -> Iterator[Finding]:
    """Check each order of *listing*.

    Args:
        listing: The list.
        session: What to run the statements in.
        rows: How many rows are walked in pages of random sizes, and compared with
            the list without pages.
    """
    statement: Any = listing.statement
    statement = statement() if callable(statement) else statement
    for text, clauses in listing.orders():
        source = source_of(sorted_by(clauses, statement), session)
        try:
            listing.self_test(source.bind.dialect)
            terms = total_terms(source.shape)
            wrong = _compared(source, listing.form.kind, rows)
        except UnpageableQuery as error:
            yield Finding(text, [], None, str(error))
            return
        yield Finding(text, _plan(source), _missing_index(source, terms), wrong)


def _compared(source: Source, kind: str, rows: int) -> str | None:
    """Return how pages differ from the list, if they do."""
    whole = fetch_offset(source.session, source.statement, limit=rows, count="none")
    # without the tie-breaker of pages, equal rows come as the database likes
    expected = [_identity(each) for each in whole.items]
    found: list[Any] = []
    cursor = None
    sizes = random.Random(0)  # noqa: S311
    while len(found) < len(expected):
        limit = min(sizes.randint(1, 20), len(expected) - len(found))
        if kind == "offset":
            page: Any = fetch_offset(
                source.session, source.statement, offset=len(found), limit=limit
            )
            done = not page.items
        else:
            page = fetch_keyset(
                source.session,
                source.statement,
                secret=_SECRET,
                limit=limit,
                cursor=cursor,
            )
            cursor = page.next
            done = cursor is None
        found += [_identity(each) for each in page.items]
        if done:
            break
    if len(found) != len(expected):
        return f"{len(found)} of {len(expected)} rows come in pages"
    if len(set(map(repr, found))) != len(set(map(repr, expected))):
        return "pages repeat rows"
    return None


def _identity(item: Any) -> Any:
    state = inspect(item, raiseerr=False)
    identity = getattr(state, "identity_key", None)
    return identity or tuple(item)


def _plan(source: Source) -> list[str]:
    """Return how the database runs a page after a place."""
    from sqlalchemy import event

    first = fetch_keyset(source.session, source.statement, secret=_SECRET, limit=5)
    if first.next is None:
        return ["(one page only)"]
    seen: list[tuple[str, Any]] = []
    connection = source.session.connection(
        bind_arguments={"clause": source.statement, **source.bind_arguments}
    )

    def note(_: Any, __: Any, text: str, parameters: Any, *___: Any) -> None:
        seen.append((text, parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        fetch_keyset(
            source.session,
            source.statement,
            secret=_SECRET,
            limit=5,
            cursor=first.next,
        )
    finally:
        event.remove(connection, "before_cursor_execute", note)
    text, parameters = seen[0]
    explain = "EXPLAIN QUERY PLAN" if source.dialect == "sqlite" else "EXPLAIN"
    rows = connection.exec_driver_sql(f"{explain} {text}", parameters)
    return [" ".join(str(part) for part in row) for row in rows]


def _missing_index(source: Source, terms: Sequence[Term]) -> str | None:
    """Return the CREATE INDEX for the order, if the table has none for it."""
    first = terms[0].element
    table = _table_of(first)
    if table is None:
        return None
    own: list[Term] = []
    for term in terms:
        if _table_of(term.element) is not table:
            break
        own.append(term)
    names = [getattr(term.element, "name", None) for term in own]
    columns = [name for name in names if name is not None]
    inspector = inspect(source.bind)
    known = [
        each["column_names"]
        for each in inspector.get_indexes(table.name, schema=table.schema)
    ]
    key = inspector.get_pk_constraint(table.name, schema=table.schema)
    known += [key["constrained_columns"]]
    known += [
        each["column_names"]
        for each in inspector.get_unique_constraints(table.name, schema=table.schema)
    ]
    if all(isinstance(term.element, Column) for term in own) and any(
        _serves(each, columns) for each in known
    ):
        return None
    mixed = len({term.descending for term in own}) > 1
    quote = source.bind.dialect.identifier_preparer.quote
    parts = [_part(source, term, directed=mixed) for term in own]
    name = "_".join(["ix", table.name, *columns])[:60]
    return f"CREATE INDEX {quote(name)} ON {_name(table, quote)} ({', '.join(parts)})"


def _serves(index: Sequence[str | None], columns: Sequence[str]) -> bool:
    """Return whether *index* begins with *columns*, or is a unique beginning."""
    wanted = columns[: len(index)]
    return (
        len(index) > 0
        and list(index)[: len(wanted)] == list(wanted)
        and (len(index) >= len(columns))
    )


def _table_of(element: Any) -> Table | None:
    tables = {
        each.table
        for each in visitors.iterate(element)
        if isinstance(each, ColumnClause) and isinstance(each.table, Table)
    }
    return next(iter(tables)) if len(tables) == 1 else None


def _part(source: Source, term: Term, *, directed: bool) -> str:
    if isinstance(term.element, Column):
        text = source.bind.dialect.identifier_preparer.quote(term.element.name)
    else:
        compiled = term.element.compile(
            dialect=source.bind.dialect,
            compile_kwargs={"literal_binds": True, "include_table": False},
        )
        text = f"({compiled})"
    return f"{text} DESC" if directed and term.descending else text


def _name(table: Table, quote: Any) -> str:
    name = quote(table.name)
    return f"{quote(table.schema)}.{name}" if table.schema else name
