import datetime as dt
import enum
import os
import uuid
from decimal import Decimal
from types import SimpleNamespace
from typing import ClassVar

import pytest
from marshmallow import Schema, fields
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    Numeric,
    String,
    TypeDecorator,
    Uuid,
    create_engine,
    event,
    func,
    inspect,
    select,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    column_property,
    mapped_column,
    relationship,
)

from twopi_pagination import cursor_paginated


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "twopi_pagination_author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    country: Mapped[str | None] = mapped_column(String(20))
    books: Mapped[list["Book"]] = relationship(
        back_populates="author", order_by="Book.id"
    )


class Book(Base):
    __tablename__ = "twopi_pagination_book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey(Author.id))
    title: Mapped[str] = mapped_column(String(20))
    year: Mapped[int]
    author: Mapped[Author | None] = relationship(back_populates="books")


class Seat(Base):
    __tablename__ = "twopi_pagination_seat"
    row: Mapped[int] = mapped_column("seat_row", primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey(Author.id))

    @hybrid_property
    def distance(self):
        return self.row - self.number

    @hybrid_property
    def neighbours(self):
        raise NotImplementedError

    @neighbours.inplace.expression
    @classmethod
    def _neighbours(cls):
        other = aliased(Seat)
        count = select(func.count()).where(other.author_id == cls.author_id)
        return count.scalar_subquery()


Seat.label = column_property(Seat.row * 10 + Seat.number)


class Node(Base):
    __tablename__ = "twopi_pagination_node"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("twopi_pagination_node.id")
    )
    children: Mapped[list["Node"]] = relationship(order_by="Node.id")
    parent: Mapped["Node | None"] = relationship(remote_side="Node.id", viewonly=True)


class Employee(Base):
    __tablename__ = "twopi_pagination_employee"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    boss_id: Mapped[int | None] = mapped_column(
        ForeignKey("twopi_pagination_employee.id")
    )
    __mapper_args__: ClassVar = {
        "polymorphic_on": kind,
        "polymorphic_identity": "employee",
    }


class Manager(Employee):
    __tablename__ = "twopi_pagination_manager"
    id: Mapped[int] = mapped_column(ForeignKey(Employee.id), primary_key=True)
    floor: Mapped[int]
    __mapper_args__: ClassVar = {"polymorphic_identity": "manager"}


class Trainee(Employee):
    __mapper_args__: ClassVar = {"polymorphic_identity": "trainee"}


class Mood(enum.Enum):
    """In an order that is not that of the texts."""

    SAD = "sad"
    OK = "ok"
    GLAD = "glad"


class Doubled(TypeDecorator):
    """Python sees half of what the database has."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else value * 2

    def process_result_value(self, value, dialect):
        return None if value is None else value // 2


NOON = dt.datetime.fromisoformat("2026-10-25T12:00:00.123456")
PRECISE = mysql.DATETIME(fsp=6)
# 'a' is 'A' in it
FOLDED = (
    String(20)
    .with_variant(String(20, "NOCASE"), "sqlite")
    .with_variant(String(20, "twopi_pagination_ci"), "postgresql")
    .with_variant(String(20, "utf8mb4_general_ci"), "mysql", "mariadb")
)

# a name, a type, and values of which many rows have the same
TYPES = {
    "whole": (Integer(), [-7, 0, 3, 2**31 - 1]),
    "text": (String(20), ["", "a", "A", "é", "it's % \\ _", "\u2603 \U0001f600"]),
    "folded": (FOLDED, ["a", "A", "b", "B", "bA", "Ba"]),
    "money": (
        Numeric(12, 4),
        [Decimal("0.1"), Decimal("0.3333"), Decimal("-12345678.9"), Decimal(7)],
    ),
    "single": (Float(24), [0.1, 1 / 3, -2.5e10, 16777217.0]),
    "double": (Double(), [0.1, 1 / 3, -2.5e300, 5e-300]),
    "flag": (Boolean(), [True, False]),
    "mood": (Enum(Mood, name="twopi_pagination_mood"), list(Mood)),
    "code": (Uuid(), [uuid.uuid5(uuid.NAMESPACE_DNS, name) for name in "abc"]),
    "day": (Date(), [dt.date(1000, 1, 1), dt.date(2026, 2, 28)]),
    "moment": (
        DateTime().with_variant(PRECISE, "mysql", "mariadb"),
        [NOON, NOON.replace(microsecond=0), NOON.replace(microsecond=123457)],
    ),
    "instant": (
        DateTime(timezone=True).with_variant(PRECISE, "mysql", "mariadb"),
        [
            dt.datetime(2026, 10, 25, hour, 30, 0, 5, dt.UTC)
            for hour in (0, 1, 2)  # in some zones two of them have one local time
        ],
    ),
    "data": (LargeBinary(16), [b"", b"\0\xff", b"\xff", b"a"]),
    "half": (Doubled(), [1, 2, 3]),
}


class Sample(Base):
    """Rows with many equal values of any type, and NULLs."""

    __tablename__ = "twopi_pagination_sample"
    id: Mapped[int] = mapped_column(primary_key=True)
    locals().update(
        {name: Column(of, nullable=False) for name, (of, _) in TYPES.items()}
    )
    locals().update({f"{name}_null": Column(of) for name, (of, _) in TYPES.items()})


def samples():
    for number in range(1, 41):
        row = {"id": number * 5 % 41}
        for index, (name, (_, values)) in enumerate(TYPES.items()):
            chosen = number * (index + 7) // 3
            row[name] = values[chosen % len(values)]
            row[f"{name}_null"] = [*values, None, None][chosen % (len(values) + 2)]
        yield Sample(**row)


def fill(session):
    session.add_all(samples())
    session.add_all(
        Author(
            id=number,
            name="ABCD"[number % 4],
            country=[None, "nz", "at"][number % 3],
        )
        for number in range(1, 14)
    )
    session.flush()
    session.add_all(
        Book(
            id=number,
            # authors 12 and 13 have no book, two books have no author
            author_id=None if number % 14 == 0 else 1 + number * number % 11,
            title=f"T{number % 5}",
            year=1990 + number % 3,
        )
        for number in range(1, 32)
    )
    session.add_all(
        Seat(row=row, number=number, author_id=1 + (row * number) % 5)
        for row in range(1, 5)
        for number in range(1, 5)
    )
    session.add_all(
        Node(id=number, parent_id=number // 3 or None) for number in range(1, 18)
    )
    session.flush()
    session.add_all(Manager(id=number, floor=number % 2) for number in range(1, 4))
    session.flush()
    session.add_all(
        [Employee, Trainee][number % 2](id=number, boss_id=1 + number % 3)
        for number in range(4, 15)
    )
    session.commit()


URLS = {
    "sqlite": None,
    "postgresql": "TWOPI_TEST_POSTGRES_URL",
    "mariadb": "TWOPI_TEST_MARIADB_URL",
}


@pytest.fixture(
    scope="session",
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.services),
        pytest.param("mariadb", marks=pytest.mark.services),
    ],
)
def engine(request):
    name = URLS[request.param]
    engine = create_engine(os.environ[name] if name else "sqlite://")
    Base.metadata.drop_all(engine)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE COLLATION IF NOT EXISTS twopi_pagination_ci (provider = icu, "
                "locale = 'und-u-ks-level2', deterministic = false)"
            )
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        fill(session)
    yield engine
    Base.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def session(engine):
    with Session(engine) as session:
        yield session


@pytest.fixture
def models():
    return SimpleNamespace(
        Author=Author,
        Book=Book,
        Employee=Employee,
        Manager=Manager,
        Node=Node,
        Sample=Sample,
        Seat=Seat,
        Trainee=Trainee,
    )


@pytest.fixture
def walk(session):
    """Return a function that lists the pages by cursor, on and then back."""

    def turn(statement, schema, rel, cursor, limit, **options):
        pages = []
        while True:
            page = cursor_paginated(
                statement,
                schema,
                cursor=cursor,
                limit=limit,
                session=session,
                secret="s",
                **options,
            ).data
            assert len(pages) < 500, "the pages do not end"
            pages.append(page)
            cursor = page[rel]
            if cursor is None:
                return pages

    def both_ways(statement, schema, limit, **options):
        there = turn(statement, schema, "next", None, limit, **options)
        back = [there[-1]]
        if there[-1]["prev"] is not None:
            cursor = there[-1]["prev"]
            back += turn(statement, schema, "prev", cursor, limit, **options)
        return there, back[::-1]

    return both_ways


@pytest.fixture
def statements(engine):
    """The SQL that runs while the test does."""
    seen = []

    def note(connection, cursor, statement, *_):
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def identity(item):
    """Describe a row, or what an entity is, by plain data."""
    if item is None or isinstance(item, (int, str, Decimal)):
        return item
    if isinstance(item, Base):
        return [type(item).__name__, *inspect(item).identity]
    return [identity(each) for each in item]


@pytest.fixture
def describe():
    return identity


@pytest.fixture
def schema():
    """Dump whatever it is."""

    class IdentitySchema(Schema):
        key = fields.Function(identity)

    return IdentitySchema
