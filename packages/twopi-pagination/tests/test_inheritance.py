"""Classes that inherit, in all the ways of SQLAlchemy."""

from typing import ClassVar

import pytest
from sqlalchemy import ForeignKey, String, create_engine, func, select
from sqlalchemy.ext.declarative import AbstractConcreteBase, ConcreteBase
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    configure_mappers,
    mapped_column,
    with_polymorphic,
)
from sqlalchemy.pool import StaticPool

from twopi_pagination import fetch_keyset, fetch_offset


class Base(DeclarativeBase):
    pass


class Vehicle(Base):
    __tablename__ = "vehicle"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(9))
    __mapper_args__: ClassVar = {
        "polymorphic_on": "kind",
        "polymorphic_identity": "vehicle",
    }


class Van(Vehicle):
    load: Mapped[int | None]
    __mapper_args__: ClassVar = {"polymorphic_identity": "van"}


class Bus(Vehicle):
    seats: Mapped[int | None]
    __mapper_args__: ClassVar = {"polymorphic_identity": "bus"}


class Trip(Base):
    __tablename__ = "trip"
    id: Mapped[int] = mapped_column(primary_key=True)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey(Vehicle.id))


class Tool(Base):
    __tablename__ = "tool"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(9))
    __mapper_args__: ClassVar = {
        "polymorphic_on": "kind",
        "polymorphic_identity": "tool",
    }


class Drill(Tool):
    __tablename__ = "drill"
    id: Mapped[int] = mapped_column(ForeignKey(Tool.id), primary_key=True)
    speed: Mapped[int]
    __mapper_args__: ClassVar = {
        "polymorphic_identity": "drill",
        "polymorphic_load": "inline",
    }


class Paper(ConcreteBase, Base):
    __tablename__ = "paper"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    __mapper_args__: ClassVar = {"polymorphic_identity": "paper", "concrete": True}


class Map(Paper):
    __tablename__ = "map"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    scale: Mapped[int]
    __mapper_args__: ClassVar = {"polymorphic_identity": "map", "concrete": True}


class Shape(AbstractConcreteBase, Base):
    strict_attrs = True
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Circle(Shape):
    __tablename__ = "circle"
    radius: Mapped[int]
    __mapper_args__: ClassVar = {"polymorphic_identity": "circle", "concrete": True}


class Square(Shape):
    __tablename__ = "square"
    __mapper_args__: ClassVar = {"polymorphic_identity": "square", "concrete": True}


configure_mappers()


@pytest.fixture(scope="module")
def session():
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Vehicle(name=f"n{i % 2}") for i in range(4))
        session.add_all(Van(name=f"n{i % 3}", load=i % 2 or None) for i in range(5))
        session.add_all(Bus(name="b", seats=i) for i in range(3))
        session.flush()
        session.add_all(Trip(vehicle_id=i) for i in range(1, 13) for _ in "ab")
        session.add_all(Tool(name=f"t{i}") for i in range(4))
        session.add_all(Drill(name=f"d{i % 2}", speed=i % 3) for i in range(5))
        # primary keys of their own, equal in both tables
        session.add_all(Paper(id=i, name=f"p{i % 2}") for i in range(1, 5))
        session.add_all(Map(id=i, name=f"p{i % 2}", scale=i) for i in range(1, 5))
        session.add_all(Circle(id=i, name="s", radius=i) for i in range(1, 4))
        session.add_all(Square(id=i, name="s") for i in range(1, 4))
        session.commit()
        yield session
    engine.dispose()


def statements():
    both = with_polymorphic(Tool, [Drill])
    flat = with_polymorphic(Tool, [Drill], flat=True)
    van, drill = aliased(Van), aliased(Drill)
    return {
        "column of a subclass": select(Vehicle).order_by(Van.load, Vehicle.id),
        "descending": select(Vehicle).order_by(Bus.seats.desc(), Vehicle.name),
        "columns of two": select(Vehicle).order_by(Van.load, Bus.seats, Vehicle.id),
        "expression": select(Vehicle).order_by(
            func.coalesce(Van.load, Bus.seats, 7), Vehicle.id
        ),
        "of other rows only": select(Vehicle)
        .where(Vehicle.kind == "bus")
        .order_by(Van.load, Vehicle.id),
        "subclass by its base": select(Van).order_by(Vehicle.name, Van.id),
        "alias of a subclass": select(van).order_by(van.load, van.name, van.id),
        "rows": select(Vehicle.id, Vehicle.name).order_by(Van.load, Vehicle.id),
        "repeated": select(Vehicle)
        .join(Trip, Trip.vehicle_id == Vehicle.id)
        .order_by(Van.load, Vehicle.id),
        "joined, inline": select(Tool).order_by(Drill.speed, Tool.id),
        "joined, inline, down": select(Tool).order_by(Drill.speed.desc(), Tool.name),
        "joined by its base": select(Drill).order_by(Tool.name, Drill.id),
        "alias of joined": select(drill).order_by(drill.speed, drill.name, drill.id),
        "with polymorphic": select(both).order_by(both.Drill.speed, both.id),
        "flat": select(flat).order_by(flat.Drill.speed.nulls_last(), flat.id),
        "concrete": select(Paper).order_by(Paper.name),
        "concrete subclass": select(Map).order_by(Map.scale.desc()),
        "abstract concrete": select(Shape).order_by(Shape.name),
        "abstract concrete, subclass": select(Circle).order_by(Circle.radius.desc()),
    }


def described(items):
    return [
        (type(item).__name__, item.id) if isinstance(item, Base) else tuple(item)
        for item in items
    ]


@pytest.mark.parametrize("limit", [1, 3, 50])
@pytest.mark.parametrize("name", statements())
def test_pages_are_the_list(session, name, limit):
    statement = statements()[name]
    result = session.execute(statement)
    if len(statement.column_descriptions) == 1:
        result = result.scalars().unique()
    expected = described(result)
    by_cursor, by_offset, cursor = [], [], None
    while True:
        page = fetch_keyset(session, statement, secret="s", limit=limit, cursor=cursor)
        by_cursor += page.items
        cursor = page.next
        if cursor is None:
            break
    total = None
    while total is None or len(by_offset) < total:
        page = fetch_offset(session, statement, offset=len(by_offset), limit=limit)
        by_offset += page.items
        total = page.total

    assert len(described(by_cursor)) == total == len(expected)
    assert sorted(described(by_cursor)) == sorted(expected)
    assert sorted(described(by_offset)) == sorted(expected)
    if "concrete" not in name:
        # the order is the statement's own, whose last term is a key
        assert (
            described(by_offset) == expected or "down" in name or name == "descending"
        )
