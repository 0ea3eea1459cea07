"""A page and its count are of one list: every statement has the same options."""

import os

import pytest
from flask import Flask
from marshmallow import Schema, fields
from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.pool import StaticPool

from twopi_pagination import fetch_keyset, fetch_offset, paginated


class Base(DeclarativeBase):
    pass


class Letter(Base):
    __tablename__ = "twopi_pagination_letter"
    id: Mapped[int] = mapped_column(primary_key=True)
    burnt: Mapped[bool]


class HidingSession(Session):
    """It shows burnt letters only where an option asks for them."""


@event.listens_for(HidingSession, "do_orm_execute")
def hide(state):
    if state.is_select and not state.execution_options.get("burnt_too"):
        criteria = with_loader_criteria(Letter, Letter.burnt.is_(False))
        state.statement = state.statement.options(criteria)


@pytest.fixture
def session():
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with HidingSession(engine) as session:
        session.add_all(Letter(id=i, burnt=i > 5) for i in range(1, 11))
        session.commit()
        yield session
    engine.dispose()


SHOWN = select(Letter).order_by(Letter.id)
ALL = SHOWN.execution_options(burnt_too=True)


def queries(session):
    query = session.query(Letter).order_by(Letter.id)
    return {"select": ALL, "query": query.execution_options(burnt_too=True)}


@pytest.mark.parametrize("kind", ["select", "query"])
@pytest.mark.parametrize("count", ["exact", "capped", "window"])
@pytest.mark.parametrize("deep", ["offset", "deferred"])
def test_an_option_that_an_event_reads(session, kind, count, deep):
    statement = queries(session)[kind]
    page = fetch_offset(session, statement, limit=4, offset=4, count=count, deep=deep)

    assert [each.id for each in page.items] == [5, 6, 7, 8]
    assert (page.total, page.more) == (10, True)


@pytest.mark.parametrize("kind", ["select", "query"])
def test_by_cursor(session, kind):
    shown = fetch_keyset(session, SHOWN, secret="s", limit=4, count="exact")
    whole = fetch_keyset(
        session, queries(session)[kind], secret="s", limit=4, count="exact"
    )
    again = fetch_keyset(session, SHOWN, secret="s", limit=4, count="exact")

    assert (shown.total, whole.total, again.total) == (5, 10, 5)


def test_links_lead_to_the_end(session):
    class IdSchema(Schema):
        id = fields.Integer()

    with Flask(__name__).test_request_context("/?limit=5"):
        assert "offset=5" in paginated(ALL, IdSchema, session=session).links["next"]


def test_bind_arguments_choose_the_database(session):
    other = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(other)
    with Session(other) as filled:
        filled.add(Letter(id=99, burnt=True))
        filled.commit()

    chosen = {"bind_arguments": {"bind": other}}
    page = fetch_offset(session, ALL, **chosen)
    keyset = fetch_keyset(session, ALL, secret="s", count="exact", **chosen)
    found = [each.id for each in page.items], [each.id for each in keyset.items]
    session.rollback()
    other.dispose()

    assert found == ([99], [99])
    assert (page.total, keyset.total) == (1, 1)


def test_a_connection_is_a_session(session):
    page = fetch_offset(session.connection(), SHOWN, limit=2)

    assert ([each.id for each in page.items], page.total) == ([1, 2], 10)


@pytest.mark.services
def test_the_schema_of_a_tenant():
    engine = create_engine(os.environ["TWOPI_TEST_POSTGRES_URL"])
    mine = {None: "twopi_pagination_tenant"}
    theirs = engine.execution_options(schema_translate_map=mine)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {mine[None]} CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA twopi_pagination_tenant")
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    Base.metadata.create_all(theirs)
    try:
        for bind, size in ((engine, 7), (theirs, 3)):
            with Session(bind) as session:
                session.add_all(Letter(id=i, burnt=False) for i in range(size))
                session.commit()
        with Session(engine) as session:
            statement = SHOWN.execution_options(schema_translate_map=mine)
            for count in ("exact", "capped"):
                page = fetch_offset(session, statement, limit=2, count=count)
                assert (len(page.items), page.total) == (2, 3)
            for shown, total in ((statement, 3), (SHOWN, 7), (statement, 3)):
                page = fetch_keyset(session, shown, secret="s", limit=2, count="exact")
                assert page.total == total
                rest = fetch_keyset(session, shown, secret="s", cursor=page.next)
                assert len(rest.items) == total - 2
    finally:
        Base.metadata.drop_all(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA twopi_pagination_tenant CASCADE")
        engine.dispose()
