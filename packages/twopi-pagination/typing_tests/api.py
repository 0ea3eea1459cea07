from typing import Any, assert_type

from flask import Flask
from marshmallow import Schema, ValidationError
from sqlalchemy import Integer, column, select, union
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from werkzeug.exceptions import HTTPException

from twopi_pagination import (
    CursorPage,
    CursorPaginatedResult,
    InvalidCursor,
    InvalidPage,
    Page,
    PaginatedResult,
    UnorderedQuery,
    UnpageableQuery,
    UnsupportedOrdering,
    cursor_paginated,
    init_app,
    paginated,
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
    assert_type(data["totalItems"], int)
    paginated(session.query(Book.id, Book.title), BookSchema(many=True), 0, 20)
    paginated(select(Book), BookSchema(), session=session, max_limit=500)
    paginated(select(Book.id, Book.title), BookSchema, offset=0, limit=5)
    paginated(union(select(Book.id), select(column("n", Integer))), BookSchema)
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


def answer(error: InvalidPage) -> tuple[ValidationError, HTTPException]:
    return error, error


refusal: type[InvalidPage] = InvalidCursor
problem: type[TypeError] = UnpageableQuery
problems: list[type[UnpageableQuery]] = [UnorderedQuery, UnsupportedOrdering]
assert_type(init_app(Flask(__name__)), None)
