import os
from types import SimpleNamespace
from typing import ClassVar

import pytest
from marshmallow import Schema, fields
from sqlalchemy import ForeignKey, String, create_engine, event, inspect
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
)


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


def fill(session):
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
        Seat=Seat,
        Trainee=Trainee,
    )


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
    if item is None or isinstance(item, (int, str)):
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
