from typing import Any, assert_type

from flask import Flask
from marshmallow import Schema, ValidationError
from sqlalchemy import Integer, column, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from werkzeug.exceptions import HTTPException

from twopi_pagination import (
    CursorPage,
    CursorPaginatedResult,
    CursorParameters,
    InvalidCursor,
    InvalidPage,
    KeysetSlice,
    OffsetParameters,
    OffsetSlice,
    Page,
    PaginatedResult,
    Sort,
    SortField,
    UnorderedQuery,
    UnpageableQuery,
    UnsupportedOrdering,
    acursor_paginated,
    apaginated,
    cursor_paginated,
    fetch_keyset,
    fetch_offset,
    init_app,
    page_schema,
    paginated,
    parameters,
)


class Base(DeclarativeBase): ...


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


class BookSchema(Schema): ...


def use(session: Session) -> None:
    result = paginated(session.query(Book), BookSchema)
    assert_type(result, PaginatedResult)
    data, errors = result
    assert_type(data, Page)
    assert_type(errors, dict[str, Any])
    assert_type(data["items"], list[Any])
    assert_type(data["totalItems"], int | None)
    assert_type(result.links, dict[str, str])
    assert_type(result.headers, dict[str, str])
    paginated(session.query(Book.id, Book.title), BookSchema(many=True), 0, 20)
    paginated(select(Book), BookSchema(), session=session, max_limit=500)
    paginated(select(Book.id, Book.title), BookSchema, offset=0, limit=5)
    paginated(union(select(Book.id), select(column("n", Integer))), BookSchema)
    sort = Sort({"title": Book.title, "both": [Book.title, Book.id]}, default="title")
    paginated(select(Book), BookSchema, count="capped", sort=sort, deep="deferred")
    paginated(select(Book), BookSchema, total=lambda: 5)
    paginated(select(Book), BookSchema, total=select(func.count(Book.id)))
    rows = fetch_offset(session, select(Book), offset=5, count="none")
    assert_type(rows, OffsetSlice)
    assert_type((rows.total, rows.more), tuple[int | None, bool])
    keyset = fetch_keyset(session, select(Book), secret=["new", b"old"], count="exact")
    assert_type(keyset, KeysetSlice)
    assert_type(keyset.next, str | None)
    pages = cursor_paginated(select(Book).order_by(Book.title), BookSchema)
    assert_type(pages, CursorPaginatedResult)
    assert_type(pages.data, CursorPage)
    assert_type(pages.data["next"], str | None)
    cursor_paginated(
        session.query(Book),
        BookSchema(),
        cursor="...",
        limit=50,
        session=session,
        max_limit=500,
        scope="tenant 7",
        secret=b"s",
    )


async def use_async(session: AsyncSession) -> None:
    result = await apaginated(select(Book), BookSchema, session=session)
    assert_type(result, PaginatedResult)
    pages = await acursor_paginated(select(Book), BookSchema, session=session)
    assert_type(pages, CursorPaginatedResult)


def describe() -> None:
    assert_type(page_schema(BookSchema, "cursor", count="capped"), type[Schema])
    assert_type(parameters("offset", sort=Sort({"id": Book.id})), list[Any])

    class Parameters(OffsetParameters):
        sort = SortField(Sort({"id": Book.id}))

    kinds: list[type[Schema]] = [CursorParameters, Parameters]
    assert kinds


def answer(error: InvalidPage) -> tuple[ValidationError, HTTPException]:
    return error, error


refusal: type[InvalidPage] = InvalidCursor
problem: type[TypeError] = UnpageableQuery
problems: list[type[UnpageableQuery]] = [UnorderedQuery, UnsupportedOrdering]
assert_type(init_app(Flask(__name__)), None)
