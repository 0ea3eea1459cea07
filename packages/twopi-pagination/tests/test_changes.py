"""Rows come and go while a client walks: those that stay all the time come once."""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields
from sqlalchemy import create_engine, delete, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from twopi_pagination import cursor_paginated

EXAMPLES = int(os.environ.get("TWOPI_PAGINATION_EXAMPLES", "40"))


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "row"
    id: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int | None]
    name: Mapped[str | None]


class RowSchema(Schema):
    id = fields.Integer()


numbers = st.integers(1, 30)
rows = st.dictionaries(
    numbers,
    st.tuples(st.none() | st.integers(0, 2), st.none() | st.sampled_from("ab")),
)
changes = st.lists(st.tuples(rows, st.sets(numbers)), min_size=1, max_size=6)
terms = st.sampled_from(
    [
        [Row.rank, Row.name],
        [Row.rank.desc(), Row.name],
        [Row.rank.nulls_last(), Row.name.desc().nulls_first()],
        [Row.name.desc()],
        [],
    ]
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    first=rows,
    changes=changes,
    terms=terms,
    limit=st.integers(1, 5),
    rel=st.sampled_from(["next", "prev"]),
)
def test_rows_that_stay_come_once(first, changes, terms, limit, rel):
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    statement = select(Row).order_by(*terms)
    with Session(engine) as session:

        def page(cursor):
            return cursor_paginated(
                statement,
                RowSchema,
                cursor=cursor,
                limit=limit,
                session=session,
                secret="s",
            ).data

        def add(some):
            present = set(session.scalars(select(Row.id)))
            session.add_all(
                Row(id=number, rank=rank, name=name)
                for number, (rank, name) in some.items()
                if number not in present
            )
            session.flush()

        add(first)
        cursor = None
        if rel == "prev":
            # from the end backwards
            data = page(None)
            while data["next"]:
                data = page(data["next"])
            found = [item["id"] for item in reversed(data["items"])]
            cursor = data["prev"]
        else:
            data = page(None)
            found = [item["id"] for item in data["items"]]
            cursor = data["next"]
        staying = set(first)
        for new, old in changes * 20:
            if cursor is None:
                break
            session.execute(delete(Row).where(Row.id.in_(old)))
            session.expunge_all()
            staying -= old
            add(new)
            data = page(cursor)
            ids = [item["id"] for item in data["items"]]
            found += ids if rel == "next" else ids[::-1]
            cursor = data[rel]
        expected = list(session.scalars(select(Row.id).order_by(*terms, Row.id)))
        ended = cursor is None
    engine.dispose()

    once = [number for number in found if number in staying]
    assert len(once) == len(set(once))
    if ended:
        assert set(once) == staying
        if terms[-1:] and str(terms[-1]).endswith("name"):
            in_order = [number for number in expected if number in staying]
            assert once == (in_order if rel == "next" else in_order[::-1])
