"""Errors of a real database, in every kind of view."""

import logging
import sqlite3
from types import MappingProxyType

import pytest
from flask import Blueprint, Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import QueuePool

import twopi_restful
from twopi_restful import answer_database_errors

OUTAGE = {"_errors": ["The database is not available."]}
CONFLICT = {"_errors": ["It has been changed or deleted meanwhile."]}


class Base(DeclarativeBase):
    pass


class Room(Base):
    __tablename__ = "rooms"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int] = mapped_column()
    __mapper_args__ = MappingProxyType({"version_id_col": version})


@pytest.fixture(name="file")
def database_file(tmp_path):
    return tmp_path / "rooms.db"


@pytest.fixture(name="engine")
def engine_with_one_connection(file):
    engine = create_engine(
        f"sqlite:///{file}",
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=0.01,
        connect_args={"timeout": 0, "check_same_thread": False},
    )
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Room(name="Ada"))
        session.commit()
    yield engine
    engine.dispose()


def is_locked(engine, file):
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("begin exclusive")
    try:
        with engine.begin() as connection:
            connection.execute(text("insert into rooms values (2, 'hunter2', 1)"))
    finally:
        other.close()


def has_no_connection_left(engine, file):
    with engine.connect(), engine.connect():
        pass


def lost_its_connection(engine, file):
    raise InterfaceError("select 'hunter2'", {}, None, connection_invalidated=True)


def was_changed(engine, file):
    with Session(engine) as session:
        room = session.get_one(Room, 1)
        session.execute(text("update rooms set version = 9"))
        room.name = "hunter2"
        session.flush()


def was_deleted(engine, file):
    with Session(engine) as session:
        room = session.get_one(Room, 1)
        session.execute(text("delete from rooms"))
        session.expire(room)
        return room.name


CASES = {
    "locked": (is_locked, 503, OUTAGE),
    "no connection left": (has_no_connection_left, 503, OUTAGE),
    "lost connection": (lost_its_connection, 503, OUTAGE),
    "changed": (was_changed, 409, CONFLICT),
    "deleted": (was_deleted, 409, CONFLICT),
}


@pytest.mark.parametrize("name", CASES)
def test_every_view_answers_alike(build, kinds, testing, engine, file, caplog, name):
    fail, status, body = CASES[name]
    app, apis = build(lambda: fail(engine, file), testing=testing)
    twopi_restful.init_app(app, *apis)
    answer_database_errors(app)
    client = app.test_client()
    answers = [client.post(path) for path in kinds]

    assert [answer.status_code for answer in answers] == [status] * len(kinds)
    assert len({answer.data for answer in answers}) == 1
    assert answers[0].json == body
    retry = "5" if status == 503 else None
    assert {answer.headers.get("Retry-After") for answer in answers} == {retry}
    logged = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert len(logged) == (len(kinds) if status == 503 else 0)


def fail_with(error):
    def view():
        raise error

    return view


LOCKED = OperationalError("select", {}, Exception("locked"))


def test_an_interface_error_of_the_view_stays_a_500(build, kinds):
    error = InterfaceError("select", {}, Exception("unsupported type"))
    app, apis = build(fail_with(error), testing=False)
    twopi_restful.init_app(app, *apis)
    answer_database_errors(app)
    client = app.test_client()

    assert {client.post(path).status_code for path in kinds} == {500}


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_a_handler_of_the_user_wins(build, kinds, first):
    app, apis = build(fail_with(LOCKED), testing=False)
    if first:
        app.register_error_handler(OperationalError, lambda _: ("mine", 418))
    twopi_restful.init_app(app, *apis)
    answer_database_errors(app)
    if not first:
        app.register_error_handler(OperationalError, lambda _: ("mine", 418))
    client = app.test_client()

    assert {client.post(path).data for path in kinds} == {b"mine"}


def test_problem_details_and_seconds():
    app = Flask(__name__)
    app.add_url_rule("/", "view", fail_with(LOCKED))
    twopi_restful.init_app(app, problem="always")
    answer_database_errors(app, retry_after=2)
    answer = app.test_client().get("/")

    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == 503
    assert answer.headers["Retry-After"] == "2"


def test_a_blueprint_alone():
    app, area = Flask(__name__), Blueprint("area", __name__)
    area.add_url_rule("/in", "in", fail_with(LOCKED))
    app.add_url_rule("/out", "out", fail_with(LOCKED))
    answer_database_errors(area)
    app.register_blueprint(area)
    client = app.test_client()

    assert client.get("/in").status_code == 503
    assert client.get("/out").status_code == 500


def test_negative_seconds_are_refused():
    with pytest.raises(ValueError, match="retry_after is a number of seconds, not -1"):
        answer_database_errors(Flask(__name__), retry_after=-1)
