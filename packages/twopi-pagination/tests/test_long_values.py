"""Values that are too long for a cursor are looked up when it comes back."""

import pytest
from marshmallow import Schema, fields
from sqlalchemy import Column, Integer, MetaData, Table, Text, delete, select, update
from sqlalchemy.orm import registry

from twopi_pagination import InvalidCursor, UnsupportedOrdering, cursor_paginated
from twopi_pagination.cursor_pages.token import MAX_LENGTH


class IdSchema(Schema):
    id = fields.Integer()


@pytest.fixture(scope="session")
def long(engine):
    """A class with texts of up to 20,000 characters; some are equal, or NULL."""
    table = Table(
        "twopi_pagination_long",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("text", Text),
        Column("group", Integer, nullable=False),
    )
    texts = [
        "",
        None,
        "b" * 20_000,
        "é" * 5_000,
        "c" * 3_000,
        "short",
        "a\U0001f600" * 900,
    ]
    rows = [
        {"id": number, "text": texts[number % 7], "group": number % 2}
        for number in range(1, 31)
    ]
    with engine.begin() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        connection.execute(table.insert(), rows)

    class Long:
        pass

    mapping = registry()
    mapping.map_imperatively(Long, table)
    yield Long
    mapping.dispose()
    table.drop(engine)


ORDERS = {
    "text": lambda long: [long.text],
    "text, down": lambda long: [long.text.desc()],
    "text in the middle": lambda long: [long.group, long.text, long.id.desc()],
    "nulls last": lambda long: [long.text.nulls_last(), long.id],
}


@pytest.mark.parametrize("order", ORDERS)
def test_all_rows_come_once(session, long, walk, order):
    statement = select(long).order_by(*ORDERS[order](long))
    [all_rows], _ = walk(statement, IdSchema, 100)
    assert len(all_rows["items"]) == 30

    for limit in (1, 4, 7):
        there, back = walk(statement, IdSchema, limit)

        for pages in (there, back):
            assert [each for page in pages for each in page["items"]] == all_rows[
                "items"
            ]
            cursors = [page[rel] for page in pages for rel in ("next", "prev")]
            assert all(len(each) <= MAX_LENGTH for each in cursors if each)


def test_rows_without_an_entity(long, walk):
    statement = select(long.id, long.text).order_by(long.text)
    [all_rows], _ = walk(statement, IdSchema, 100)

    there, _ = walk(statement, IdSchema, 4)

    assert [each for page in there for each in page["items"]] == all_rows["items"]


@pytest.fixture
def follow(session):
    def follow(statement, cursor=None):
        return cursor_paginated(
            statement, IdSchema, cursor=cursor, limit=3, session=session, secret="s"
        ).data

    return follow


def test_it_takes_two_selects(session, long, follow, statements):
    statement = select(long).where(long.text.like("b%")).order_by(long.text.desc())
    cursor = follow(statement)["next"]
    assert len(statements) == 1

    follow(statement, cursor)

    # MariaDB sorts by the first characters, and a cursor has no more of them
    looked_up = session.get_bind().dialect.name != "mysql"
    assert len(statements) == 2 + looked_up


@pytest.mark.parametrize("change", ["delete", "update"])
def test_the_row_is_gone(session, long, follow, change):
    """No place is left to go on from; the client is told to start again."""
    if session.get_bind().dialect.name == "mysql":
        pytest.skip("nothing is looked up")
    statement = select(long).where(long.text.like("b%")).order_by(long.text.desc())
    page = follow(statement)
    last = page["items"][-1]["id"]
    session.execute(
        delete(long).where(long.id == last)
        if change == "delete"
        else update(long).where(long.id == last).values(text="other")
    )

    with pytest.raises(InvalidCursor):
        follow(statement, page["next"])
    session.rollback()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_too_many_long_values(long, follow):
    statement = select(long).order_by(
        *(long.text + str(number) * 5000 for number in range(50))
    )

    with pytest.raises(UnsupportedOrdering, match="order by less"):
        follow(statement.where(long.text.is_not(None)))
