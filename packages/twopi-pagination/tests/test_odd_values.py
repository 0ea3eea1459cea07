"""Texts that trip programs up, UUIDs as primary keys, and sessions of two databases."""

import uuid

import pytest
from marshmallow import Schema, fields
from sqlalchemy import (
    Column,
    MetaData,
    String,
    Table,
    Uuid,
    create_engine,
    select,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, registry

from twopi_pagination import cursor_paginated, paginated

NAUGHTY = [
    "",
    " ",
    "  a",
    "a  ",
    "NULL",
    "undefined",
    "0",
    "1E02",
    "'; DROP TABLE twopi_pagination_odd; --",
    '"',
    "\\",
    "\\'",
    "%s %(x)s :x ? {x}",
    "</script><script>alert(1)</script>",
    "\t\n\r\x0b\x85\u2028",
    "\u200b",
    "\ufeff",
    "\u202etest",
    "ÅÅÅÅ",
    "A\u030aA\u030a",
    "ß",
    "ss",
    "İ",
    "田中さん",
    "\U0001f600\U0001f1e9\U0001f1ea",
    "\U0001d4d0",
    "Z\u0351\u036b\u0343",
    "a" * 190,
]


class IdSchema(Schema):
    id = fields.UUID()


@pytest.fixture(scope="session")
def odd(engine):
    """A class with a UUID as its primary key, and the texts above, each twice."""
    text = String(200).with_variant(
        mysql.VARCHAR(200, charset="utf8mb4", collation="utf8mb4_bin"),
        "mysql",
        "mariadb",
    )
    table = Table(
        "twopi_pagination_odd",
        MetaData(),
        Column("id", Uuid, primary_key=True),
        Column("text", text, nullable=False),
    )
    rows = [
        {"id": uuid.uuid5(uuid.NAMESPACE_OID, f"{number}"), "text": each}
        for number, each in enumerate(2 * NAUGHTY)
    ]
    with engine.begin() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        connection.execute(table.insert(), rows)

    class Odd:
        pass

    mapping = registry()
    mapping.map_imperatively(Odd, table)
    yield Odd
    mapping.dispose()
    table.drop(engine)


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("named", [["text"], ["id"]])
@pytest.mark.parametrize("limit", [1, 3, 40])
def test_every_row_comes_once(session, odd, named, down, limit):
    keys = [getattr(odd, name) for name in named]
    keys = [key.desc() for key in keys] if down else keys
    query = select(odd).order_by(*keys)
    tie = odd.id.desc() if down else odd.id
    truth = [str(row.id) for row in session.scalars(query.order_by(tie))]

    seen, cursor = [], None
    while True:
        data = cursor_paginated(
            query,
            IdSchema,
            session=session,
            limit=limit,
            cursor=cursor,
            secret="s" * 32,
        ).data
        seen += [item["id"] for item in data["items"]]
        cursor = data["next"]
        if cursor is None:
            break

    assert seen == truth
    assert len(seen) == 2 * len(NAUGHTY)


class Base(DeclarativeBase):
    pass


class Here(Base):
    __tablename__ = "twopi_pagination_here"
    id: Mapped[int] = mapped_column(primary_key=True)


class There(Base):
    __tablename__ = "twopi_pagination_there"
    id: Mapped[int] = mapped_column(primary_key=True)


class NumberSchema(Schema):
    id = fields.Integer()


def test_a_session_of_two_databases():
    """Each statement goes where its table is."""
    engines = {model: create_engine("sqlite://") for model in (Here, There)}
    for count, (model, engine) in enumerate(engines.items(), 3):
        model.__table__.create(engine)
        with Session(engine) as session, session.begin():
            session.add_all(model() for _ in range(count))

    with Session(binds=engines) as session:
        for count, model in enumerate(engines, 3):
            query = select(model).order_by(model.id.desc())
            page = paginated(query, NumberSchema, session=session, limit=2, offset=0)
            assert page.data["totalItems"] == count
            first = cursor_paginated(
                query, NumberSchema, session=session, limit=2, secret="s" * 32
            )
            rest = cursor_paginated(
                query,
                NumberSchema,
                session=session,
                limit=9,
                cursor=first.data["next"],
                secret="s" * 32,
            )
            items = first.data["items"] + rest.data["items"]
            assert [item["id"] for item in items] == [*range(count, 0, -1)]
    for engine in engines.values():
        engine.dispose()
