"""Whatever a client sends as a cursor is answered with 422 before any SQL.

``TWOPI_PAGINATION_FUZZ`` says how many cursors are made.
"""

import base64
import json
import os
import random

import pytest
from flask import Flask
from marshmallow import Schema, fields
from sqlalchemy import select

from twopi_pagination import InvalidCursor, cursor_paginated

CURSORS = int(os.environ.get("TWOPI_PAGINATION_FUZZ", "1000"))
LETTERS = "ABCabc019-_=+/.%&\0 \n\u0663\u2603\U0001f600"
NUMBERS = [
    "-1",
    "0",
    "1e3",
    "9" * 30,
    "9" * 5000,
    "0x1",
    "NaN",
    "\u0663",
    "",
    " 7",
    "+7",
]

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class BookSchema(Schema):
    id = fields.Integer()


@pytest.fixture
def client(session, models):
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "new"
    book = models.Book

    @app.get("/books")
    def books():
        statement = select(book).order_by(book.title, book.year.desc())
        return cursor_paginated(statement, BookSchema, session=session).data

    @app.get("/others")
    def others():
        statement = select(book).order_by(book.year, book.title)
        return cursor_paginated(statement, BookSchema, session=session).data

    return app.test_client()


def genuine(client, secret, path):
    client.application.config["SECRET_KEY"] = secret
    following = client.get(f"{path}?limit=4").json["next"]
    client.application.config["SECRET_KEY"] = "new"
    return following


def fuzzed(chance, cursors, foreign):
    """Yield cursors that are almost one, or nothing like one."""
    value = chance.choice(cursors)
    place = chance.randrange(len(value))
    data = bytearray(base64.urlsafe_b64decode(value + "=="))
    yield value[:place]
    yield value[place:]
    yield value[:place] + chance.choice(LETTERS) + value[place:]
    yield value[:place] + chance.choice(LETTERS) + value[place + 1 :]
    yield value + chance.choice(cursors)
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    yield to_text(data)
    yield to_text(chance.randbytes(chance.randrange(100)))
    yield to_text(bytes(data[:16]) + content(chance))
    yield to_text(data[16:] + data[:16])
    yield "".join(chance.choices(LETTERS, k=chance.randrange(60)))
    yield chance.choice(["A", "=", "\0", value]) * chance.choice([4096, 4097, 100_000])
    yield chance.choice(foreign)
    yield chance.choice(NUMBERS)


def content(chance):
    values = [0, None, "x", 1e308, -(10**400), [], {}, {"digest": 1}, True, "\ud800"]
    parts = [chance.choice(values) for _ in range(chance.randrange(5))]
    return json.dumps([chance.choice([0, 1, 2, None]), parts]).encode()


def to_text(data):
    return base64.urlsafe_b64encode(bytes(data)).rstrip(b"=").decode()


def test_cursors(client, session, models, statements):
    book = models.Book
    statement = select(book).order_by(book.title, book.year.desc())
    chance = random.Random(20261122)
    cursors = [genuine(client, "new", "/books")]
    cursors.append(
        client.get("/books", query_string={"cursor": cursors[0]}).json["prev"]
    )
    foreign = [genuine(client, "old", "/books"), genuine(client, "new", "/others")]
    allowed = len(statements)
    tried = 0
    while tried < CURSORS:
        for cursor in fuzzed(chance, cursors, foreign):
            if cursor in cursors:
                continue
            with client.application.app_context(), pytest.raises(InvalidCursor):
                cursor_paginated(
                    statement, BookSchema, cursor=cursor, limit=4, session=session
                )
            if tried % 20 == 0:
                answer = client.get("/books", query_string={"cursor": cursor})
                assert (answer.status_code, list(answer.json)) == (422, ["_errors"])
            tried += 1

    assert len(statements) == allowed


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers(client, statements, number):
    answer = client.get("/books", query_string={"limit": number})

    assert (answer.status_code, statements) == (422, [])
