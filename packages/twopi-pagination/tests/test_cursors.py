"""What is not exactly a cursor of this list is answered with 422, before any SQL."""

import base64
import os

import flask_restful
import pytest
from flask import Flask, current_app
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields
from sqlalchemy import create_engine, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg, psycopg, psycopg2
from sqlalchemy.orm import Session, aliased

from twopi_pagination import (
    InvalidCursor,
    InvalidPage,
    cursor_paginated,
    init_app,
)
from twopi_pagination.cursor_pages.total_order import order_of
from twopi_pagination.query.shape import Shape

EXAMPLES = int(os.environ.get("TWOPI_PAGINATION_EXAMPLES", "40"))
TEXT = "Is not a cursor of this list. Start again without one."

pytestmark = [
    pytest.mark.parametrize("engine", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("engine"),
]


class BookSchema(Schema):
    id = fields.Integer()


class Broken(Session):
    """A session in which nothing may run."""

    def execute(self, *_, **__):
        raise AssertionError("SQL was run")


@pytest.fixture
def books(models):
    return select(models.Book).order_by(models.Book.year.desc(), models.Book.title)


@pytest.fixture
def page(session, books):
    def page(cursor=None, *, query=books, secret="s", **options):
        return cursor_paginated(
            query,
            BookSchema,
            cursor=cursor,
            limit=4,
            **{"session": session, "secret": secret, **options},
        ).data

    return page


@pytest.fixture
def refused(page):
    """Return a function that tells if a cursor is refused before any SQL."""

    def refused(cursor, **options):
        with (
            create_engine("sqlite://").connect() as connection,
            Broken(connection) as session,
            pytest.raises(InvalidCursor) as caught,
        ):
            page(cursor, session=session, **options)
        connection.engine.dispose()
        assert caught.value.messages == {"cursor": [TEXT]}
        return True

    return refused


def test_the_parts_of_a_page(page):
    data = page()

    assert list(data) == ["limit", "items", "next", "prev"]
    assert (data["limit"], len(data["items"]), data["prev"]) == (4, 4, None)
    assert page(page(data["next"])["prev"]) == data


@settings(
    max_examples=EXAMPLES * 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    cursor=st.text()
    | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode())
)
@example(cursor="")
@example(cursor="=")
@example(cursor="A" * 4096)
@example(cursor="A" * 10**6)
@example(cursor="[0,null]")
@example(cursor=base64.urlsafe_b64encode(bytes(16) + b"[0,null]").decode())
@example(cursor="\ud800")
@example(cursor="٣" * 30)
def test_hostile_cursors(refused, cursor):
    assert refused(cursor)


@settings(
    max_examples=EXAMPLES * 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_tampered_cursors(page, refused, data):
    cursor = page()["next"]
    place = data.draw(st.integers(0, len(cursor) - 1))
    letters = "ABCDEFGHabcdefgh0123-_=+/ \n."
    changed = data.draw(st.sampled_from(letters))
    tampered = data.draw(
        st.sampled_from(
            [
                cursor[:place] + changed + cursor[place + 1 :],
                cursor[:place] + changed + cursor[place:],
                cursor[:place],
                cursor[place + 1 :],
                cursor + changed,
                cursor + cursor,
            ]
        )
    )

    assert tampered == cursor or refused(tampered)


def test_other_orders_are_foreign(models, page, refused):
    book = models.Book
    cursor = page()["next"]
    other = aliased(book)
    for query in (
        select(book).order_by(book.year, book.title),
        select(book).order_by(book.title, book.year.desc()),
        select(book).order_by(book.year.desc()),
        select(book).order_by(book.year.desc(), book.title.desc()),
        select(book).order_by(book.year.desc().nulls_first(), book.id),
        select(book).order_by(book.year.desc(), book.title, book.author_id),
        select(book).order_by(book.year.desc(), book.title + "x"),
        select(other).order_by(other.year.desc(), other.title),
        select(models.Author).order_by(models.Author.name),
    ):
        assert refused(cursor, query=query), query


def test_an_order_by_another_parameter_is_foreign(models, page, refused):
    def nearest(year):
        distance = (models.Book.year - year) * (models.Book.year - year)
        return select(models.Book).order_by(distance)

    cursor = page(query=nearest(1990))["next"]

    assert page(cursor, query=nearest(1990))["items"]
    assert refused(cursor, query=nearest(1992))


def test_filters_may_change_unless_the_scope_does(models, books, page, refused):
    some = books.where(models.Book.id > 3)
    cursor = page(scope="tenant 1")["next"]

    assert page(cursor, query=some, scope="tenant 1")["items"]
    assert refused(cursor, scope="tenant 2")
    assert refused(cursor)


def test_cursors_are_bound_to_the_secret(page, refused):
    cursor = page(secret="one")["next"]

    assert page(cursor, secret=b"one")["items"]
    assert refused(cursor, secret="two")


@pytest.fixture
def app(session, books):
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "old"

    def view():
        return cursor_paginated(
            books, BookSchema, session=current_app.extensions.get("x", session)
        ).data

    class Books(flask_restful.Resource):
        def get(self):
            return view()

    app.add_url_rule("/view", view_func=view)
    flask_restful.Api(app).add_resource(Books, "/resource")
    return app


@pytest.mark.parametrize("path", ["/view", "/resource"])
def test_a_client_walks(app, models, session, path):
    client = app.test_client()
    found = []
    cursor = {}
    while cursor.get("cursor", True):
        answer = client.get(path, query_string={"limit": 7, **cursor})
        found += [item["id"] for item in answer.json["items"]]
        cursor = {"cursor": answer.json["next"]}

    book = models.Book
    order = (book.year.desc(), book.title, book.id)
    assert found == session.scalars(select(book.id).order_by(*order)).all()


@pytest.mark.parametrize("path", ["/view", "/resource"])
def test_a_bad_cursor_is_answered_with_422(app, path):
    answer = app.test_client().get(path, query_string={"cursor": "hunter2"})

    assert (answer.status_code, answer.json) == (422, {"_errors": [f"cursor: {TEXT}"]})
    assert b"hunter2" not in answer.data


def test_it_is_a_validation_error(app):
    app.register_error_handler(ValidationError, lambda error: (error.messages, 400))

    answer = app.test_client().get("/view?cursor=")

    assert (answer.status_code, answer.json) == (400, {"cursor": [TEXT]})


def test_secrets_rotate(app):
    client = app.test_client()

    def follow():
        return client.get("/view", query_string={"cursor": cursor}).status_code

    cursor = client.get("/view").json["next"]
    app.config.update(SECRET_KEY="new")
    assert follow() == 422
    app.config.update(SECRET_KEY_FALLBACKS=["older", "old"])
    assert follow() == 200
    app.config.update(PAGINATION_SECRET=b"own")
    assert follow() == 200
    app.config.update(SECRET_KEY_FALLBACKS=None)
    assert follow() == 422
    cursor = client.get("/view").json["next"]
    app.config.update(SECRET_KEY="newer")
    assert follow() == 200


def test_no_secret(session, books):
    with pytest.raises(ValueError, match="set SECRET_KEY or PAGINATION_SECRET"):
        cursor_paginated(books, BookSchema, session=session)


@pytest.mark.parametrize("name", ["PAGINATION_SECRET", "SECRET_KEY"])
@pytest.mark.parametrize("value", ["", b"", 12345])
def test_a_bad_secret_is_found_at_start_up(name, value):
    app = Flask(__name__)
    app.config[name] = value

    with pytest.raises(
        ValueError, match=f"{name} has a .*; set it to a text"
    ) as caught:
        init_app(app)

    assert "12345" not in str(caught.value)


@pytest.mark.parametrize("query_string", ["limit=0", "limit=-1", "limit=x"])
def test_limits_of_the_client(app, query_string):
    answer = app.test_client().get(f"/view?{query_string}")

    text = (
        "limit: Must be a whole number from 1 to 9223372036854775807, in digits only."
    )
    assert (answer.status_code, answer.json) == (422, {"_errors": [text]})


def test_a_large_limit_becomes_the_maximum(app):
    app.config.update(PAGINATION_MAX_LIMIT=9)

    data = app.test_client().get("/view?limit=500").json

    assert (data["limit"], len(data["items"])) == (9, 9)


def test_arguments_of_wrong_type(page, books, session):
    with pytest.raises(TypeError, match="cursor must be a str or None, not bytes"):
        page(b"x")
    with pytest.raises(ValueError, match="limit must be from 1 to"):
        cursor_paginated(books, BookSchema, limit=0, session=session, secret="s")


def test_kinds():
    assert issubclass(InvalidCursor, InvalidPage)
    assert InvalidCursor().get_response().json == {"_errors": [f"cursor: {TEXT}"]}


def subject_of(models, dialect, **values):
    """What cursors of a list belong to, with one driver."""
    book = models.Book
    statement = select(book).order_by(
        func.abs(book.year - 1990).desc(), book.title + "x", book.year.desc()
    )
    return order_of(Shape(statement), dialect).subject("", values)


def test_cursors_survive_another_driver(models):
    subjects = {
        subject_of(models, dialect)
        for dialect in (psycopg.dialect(), psycopg2.dialect(), asyncpg.dialect())
    }

    assert len(subjects) == 1
    # and another release of SQLAlchemy: this is what 2.0 and 2.1 make of it
    [subject] = subjects
    assert subject == (
        b"('', 'abs(twopi_pagination_book.year - ?) DESC, "
        b"twopi_pagination_book.title || ? ASC, twopi_pagination_book.year DESC, "
        b"twopi_pagination_book.id DESC', [1990, 'x'], ['untyped', 'str', 'int', "
        b"'int'])"
    )


@pytest.mark.parametrize("name", ["psycopg", "sqlite"])
def test_cursors_belong_to_one_direction(models, name):
    dialect = {"psycopg": psycopg, "sqlite": sqlite}[name].dialect()
    element = models.Book.year + 1

    assert order_of(Shape(select(models.Book).order_by(element)), dialect).subject(
        "", {}
    ) != order_of(Shape(select(models.Book).order_by(element.desc())), dialect).subject(
        "", {}
    )
