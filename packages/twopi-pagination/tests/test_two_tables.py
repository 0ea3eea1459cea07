"""Orders by columns of two tables: rows before the place are not thrown away."""

import os

import pytest
from sqlalchemy import ForeignKey, Index, String, create_engine, event, select, text
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    mapped_column,
    relationship,
)

from twopi_pagination import fetch_keyset
from twopi_pagination.cursor_pages import order_cache

URLS = {
    "postgresql": "TWOPI_TEST_POSTGRES_URL",
}


class Base(DeclarativeBase):
    pass


class Town(Base):
    __tablename__ = "twopi_pagination_town"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(9))
    __table_args__ = (Index("twopi_pagination_town_name", "name", "id"),)


class House(Base):
    __tablename__ = "twopi_pagination_house"
    id: Mapped[int] = mapped_column(primary_key=True)
    town_id: Mapped[int] = mapped_column(ForeignKey(Town.id))
    town: Mapped[Town] = relationship()
    __table_args__ = (Index("twopi_pagination_house_town", "town_id", "id"),)


@pytest.fixture(
    scope="module",
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.services),
    ],
)
def session(request):
    name = URLS.get(request.param)
    engine = create_engine(os.environ[name] if name else "sqlite://")
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        towns = [{"id": i, "name": f"n{i:04}"} for i in range(1, 1001)]
        session.execute(Town.__table__.insert(), towns)
        houses = [{"id": i, "town_id": 1 + i // 51} for i in range(1, 50_001)]
        session.execute(House.__table__.insert(), houses)
        session.commit()
        for table in ("twopi_pagination_town", "twopi_pagination_house"):
            session.execute(text(f"ANALYZE {table}"))
        session.commit()
        yield session
    Base.metadata.drop_all(engine)
    engine.dispose()


ORDERS = {
    "one way": lambda: [Town.name, House.id],
    "down": lambda: [Town.name.desc(), House.id.desc()],
    "mixed": lambda: [Town.name, House.id.desc()],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("rel", ["next", "prev"])
def test_rows_before_the_place_are_not_thrown_away(session, order, rel):
    statement = select(House).join(House.town).order_by(*ORDERS[order]())

    def page(cursor, limit):
        return fetch_keyset(session, statement, secret="s", limit=limit, cursor=cursor)

    cursor = page(None, 25_010).next
    if rel == "prev":
        cursor = page(cursor, 5).prev
    seen = []

    def note(connection, cursor, statement, parameters, *_):
        seen.append((statement, parameters))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    found = page(cursor, 20).items
    event.remove(connection, "before_cursor_execute", note)

    assert len(found) == 20
    [(sql, parameters)] = seen
    assert thrown_away(connection, sql, parameters) < 500


def thrown_away(connection, sql, parameters):
    """Return how many rows the database reads in vain; 50,000 if it sorts them all."""
    run = connection.exec_driver_sql
    name = connection.dialect.name
    if name == "postgresql":
        plan = run(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters).scalar()
        return of_plan(plan[0]["Plan"])
    plan = [row[-1] for row in run(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    whole = any(step.startswith("SCAN") for step in plan)
    return 50_000 * (whole or "USE TEMP B-TREE FOR ORDER BY" in plan)


def of_plan(node):
    removed = sum(v for k, v in node.items() if k.startswith("Rows Removed"))
    return removed * node["Actual Loops"] + sum(map(of_plan, node.get("Plans", ())))


@pytest.mark.parametrize("session", ["sqlite"], indirect=True)
def test_new_aliases_and_values_are_no_new_plan(session, monkeypatch):
    """An alias is another object in each request, and a value another value."""
    analysed = []
    whole = order_cache.order_of

    def counted(*arguments):
        analysed.append(arguments)
        return whole(*arguments)

    monkeypatch.setattr(order_cache, "order_of", counted)
    for least in range(5):
        house, town = aliased(House), aliased(Town)
        statement = (
            select(house)
            .join(town, house.town)
            .where(house.id > least, town.name.in_(["n0001", f"n000{least + 1}"]))
            .order_by(town.name, house.id)
        )
        first = fetch_keyset(session, statement, secret="s", limit=3)
        second = fetch_keyset(
            session, statement, secret="s", limit=3, cursor=first.next
        )
        expected = session.scalars(statement.limit(6)).all()
        assert first.items + second.items == expected

    assert len(analysed) == 1
