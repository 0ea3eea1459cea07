"""Tasks are published with the commit of what they are about, and only then."""

import threading
import uuid
from queue import Empty

import pytest
from celery import chain, chord, group
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from hypothesis import given
from hypothesis import strategies as st
from kombu import pools
from kombu.exceptions import EncodeError, OperationalError
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from twopi_celery import (
    PublishError,
    apply_async_on_commit,
    create_celery,
    create_db_session,
    delay_on_commit,
    init_app,
)


class Shop:
    """An application over a broker in memory; what is published can be read off."""

    def __init__(self, **settings):
        settings = {"broker_url": "memory://", **settings}
        self.celery = create_celery("shop", settings, set_as_current=False)
        self.celery.conf.task_default_queue = uuid.uuid4().hex

        @self.celery.task(name="ship", shared=False)
        def ship(number, fast=False):
            return number, fast

        self.ship = ship

    def published(self):
        """Take all messages; return their ids and arguments."""
        found = []
        with self.celery.connection() as connection:
            queue = connection.SimpleQueue(self.celery.conf.task_default_queue)
            while True:
                try:
                    message = queue.get(block=False)
                except Empty:
                    return found
                message.ack()
                found.append((message.headers["id"], message.payload[0]))


def open_database(url="sqlite://"):
    """An engine with one table; SQLite's driver leaves transactions to SQLAlchemy."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def connect(connection, _):
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def begin(connection):
            connection.exec_driver_sql("BEGIN")

    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS on_commit_item"))
        connection.execute(text("CREATE TABLE on_commit_item (n INTEGER PRIMARY KEY)"))
    return engine


INSERT = text("INSERT INTO on_commit_item VALUES (:n)")
SELECT = text("SELECT n FROM on_commit_item ORDER BY n")


@pytest.fixture(scope="module")
def shop():
    yield Shop()
    pools.reset()


@pytest.fixture
def engine(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path}/shop.db")
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine):
    with Session(engine) as session:
        yield session


def insert(session, number):
    session.execute(INSERT, {"n": number})


def numbers(published):
    return [args[0] for _, args in published]


# The model


STEPS = ["task", "savepoint", "release", "undo", "commit", "rollback", "close", "fail"]
trees = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 3)), max_size=30)


def take(session, savepoints, step, depth, number, send):
    """Do one step; *depth* picks one of the open *savepoints*."""
    depth = min(depth, len(savepoints) - 1)
    if step == "task":
        insert(session, number)
        send(number)
    elif step == "savepoint":
        savepoints.append(session.begin_nested())
    elif step in ("release", "undo") and savepoints:
        savepoint = savepoints[depth]
        del savepoints[depth:]
        savepoint.commit() if step == "release" else savepoint.rollback()
    elif step in ("commit", "rollback", "close"):
        savepoints.clear()
        getattr(session, step)()
    elif step == "fail":
        savepoint = session.begin_nested()
        insert(session, number)
        send(number)
        with pytest.raises(IntegrityError), savepoint:
            insert(session, number)


def check_tree(shop, engine, steps, **options):
    """Send a task with each row: those in the table are published, and no others."""
    ids = {}

    def send(number):
        ids[number] = delay_on_commit(session, shop.ship, number)

    seen = []
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM on_commit_item"))
    with Session(engine, **options) as session:
        savepoints = []
        for number, (step, depth) in enumerate(steps):
            take(session, savepoints, step, depth, number, send)
            published = shop.published()
            assert step == "commit" or not published
            assert all(ids[args[0]] == id_ for id_, args in published)
            assert numbers(published) == sorted(numbers(published))
            seen += numbers(published)
    assert not shop.published()
    with engine.connect() as connection:
        assert seen == list(connection.scalars(SELECT))


@given(steps=trees)
def test_published_is_what_was_committed(shop, model_engine, steps):
    check_tree(shop, model_engine, steps)


@pytest.fixture(scope="module")
def model_engine():
    engine = open_database()
    yield engine
    engine.dispose()


@pytest.mark.services
@pytest.mark.parametrize("server", ["postgres", "mariadb"])
def test_published_is_what_was_committed_to(server, request, shop):
    engine = open_database(request.getfixturevalue(server))

    @given(steps=trees)
    def check(steps):
        check_tree(shop, engine, steps)

    check()
    engine.dispose()


@pytest.mark.services
def test_two_phases(mariadb, shop):
    engine = open_database(mariadb)
    with Session(engine, twophase=True) as session:
        insert(session, 1)
        delay_on_commit(session, shop.ship, 1)
        session.prepare()
        assert not shop.published()
        session.commit()
        assert numbers(shop.published()) == [1]

        insert(session, 2)
        delay_on_commit(session, shop.ship, 2)
        session.prepare()
        session.rollback()
        assert not shop.published()
    engine.dispose()


# Transactions of other kinds


def test_without_a_transaction_it_is_published_at_once(session, shop):
    task_id = delay_on_commit(session, shop.ship, 1)

    assert shop.published() == [(task_id, [1])]
    assert not session.in_transaction()


def test_what_is_added_begins_a_transaction(session, shop):
    with session.begin():
        delay_on_commit(session, shop.ship, 1)
        assert not shop.published()
    assert numbers(shop.published()) == [1]


def test_a_block_that_raises_publishes_nothing(session, shop):
    def fail():
        with session.begin():
            delay_on_commit(session, shop.ship, 1)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert not shop.published()


def test_a_commit_that_fails_publishes_nothing(session, shop):
    insert(session, 1)
    delay_on_commit(session, shop.ship, 1)

    @event.listens_for(session, "before_commit")
    def fail(_):
        insert(session, 1)

    with pytest.raises(IntegrityError):
        session.commit()
    event.remove(session, "before_commit", fail)
    session.rollback()
    insert(session, 2)
    session.commit()

    assert not shop.published()


def test_a_session_within_the_transaction_of_its_connection(engine, shop):
    """Tests roll their connection back, and see what the application publishes."""
    with engine.connect() as connection, connection.begin() as outer:
        mode = "create_savepoint"
        with Session(connection, join_transaction_mode=mode) as session:
            insert(session, 1)
            delay_on_commit(session, shop.ship, 1)
            session.commit()
        outer.rollback()

    assert numbers(shop.published()) == [1]


def test_sessions_do_not_mix(engine, shop):
    with Session(engine) as one, Session(engine) as other:
        one.execute(SELECT)
        other.execute(SELECT)
        delay_on_commit(one, shop.ship, 1)
        delay_on_commit(other, shop.ship, 2)
        one.commit()
        assert numbers(shop.published()) == [1]
        other.rollback()
        assert not shop.published()


def test_a_scoped_session_is_that_of_the_thread(engine, shop):
    scope = scoped_session(sessionmaker(engine))
    scope.execute(SELECT)
    delay_on_commit(scope, shop.ship, 1)

    def elsewhere():
        scope.execute(SELECT)
        delay_on_commit(scope, shop.ship, 2)
        scope.remove()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert not shop.published()
    scope.commit()
    scope.remove()

    assert numbers(shop.published()) == [1]


def test_calls_of_a_flush_belong_to_the_transaction_around_it(session, shop):
    @event.listens_for(session, "before_commit")
    def add(_):
        delay_on_commit(session, shop.ship, 1)

    session.execute(SELECT)
    session.commit()

    assert numbers(shop.published()) == [1]


# Tasks


def test_the_options_are_those_of_apply_async(session, shop):
    session.execute(SELECT)
    task_id = apply_async_on_commit(
        session, shop.ship, [1], {"fast": True}, task_id="mine", expires=60
    )
    session.commit()

    assert task_id == "mine"
    assert shop.published() == [("mine", [1])]


@pytest.mark.parametrize("kind", ["signature", "group", "chain", "chord"])
def test_signatures(kind, session):
    shop = Shop(result_backend="cache+memory://")
    ship = shop.ship
    call = {
        "signature": ship.s(1),
        "group": group(ship.s(1), ship.s(2)),
        "chain": chain(ship.s(1), ship.si(2)),
        "chord": chord([ship.s(1)], ship.si(2)),
    }[kind]
    session.execute(SELECT)
    task_id = delay_on_commit(session, call)
    assert not shop.published()
    session.commit()

    with shop.celery.connection() as connection:
        queue = connection.SimpleQueue(shop.celery.conf.task_default_queue)
        message = queue.get(block=False)
    _, _, embed = message.payload
    sent = {
        "signature": message.headers["id"],
        "group": message.headers["group"],
        "chain": embed["chain"] and embed["chain"][0]["options"]["task_id"],
        "chord": embed["chord"] and embed["chord"]["options"]["task_id"],
    }[kind]
    assert sent == task_id


def test_arguments_that_do_not_fit_are_refused_before_the_commit(session, shop):
    session.execute(SELECT)

    with pytest.raises(TypeError):
        delay_on_commit(session, shop.ship)
    with pytest.raises(EncodeError):
        delay_on_commit(session, shop.ship, object())

    session.commit()
    assert not shop.published()


def test_one_that_cannot_be_published_does_not_stop_the_others(session, shop, caplog):
    broken = Shop(broker_url="nonsense://", task_publish_retry=False)
    session.execute(SELECT)
    insert(session, 1)
    lost = delay_on_commit(session, broken.ship, 1)
    delay_on_commit(session, shop.ship, 2)

    with pytest.raises(PublishError) as caught:
        session.commit()

    assert list(caught.value.errors) == [lost]
    assert lost in str(caught.value)
    assert numbers(shop.published()) == [2]
    assert "A task of a committed transaction is lost: ship" in caplog.text
    assert list(session.scalars(SELECT)) == [1]


def test_a_broker_that_does_not_answer(session):
    nobody = Shop(
        broker_url="amqp://127.0.0.1:1//",
        broker_transport_options={"max_retries": 1, "interval_start": 0},
        task_publish_retry=False,
    )
    session.begin()
    lost = delay_on_commit(session, nobody.ship, 1)

    with pytest.raises(PublishError) as caught:
        session.commit()

    assert isinstance(caught.value.errors[lost], OperationalError)
    assert not session.in_transaction()


def test_eager_tasks_may_use_the_session():
    app = Flask("shop")
    app.config.update(
        broker_url="memory://",
        task_always_eager=True,
        SQLALCHEMY_DATABASE_URI="sqlite://",
    )
    celery = init_app(app, set_as_current=False)
    session = create_db_session(celery)
    session.execute(text("CREATE TABLE on_commit_item (n INTEGER PRIMARY KEY)"))
    session.commit()

    @celery.task
    def copy(number):
        assert list(session.scalars(SELECT)) == list(range(number))
        insert(session, number)
        if number < 3:
            delay_on_commit(session, copy, number + 1)
        session.commit()

    with app.app_context():
        insert(session, 0)
        delay_on_commit(session, copy, 1)
        session.commit()
        assert list(session.scalars(SELECT)) == [0, 1, 2, 3]
    session.bind.dispose()


def test_flask_sqlalchemy(shop):
    app = Flask("shop")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(app)
    with app.app_context():
        db.session.execute(text("SELECT 1"))
        delay_on_commit(db.session, shop.ship, 1)
        db.session.rollback()
        db.session.execute(text("SELECT 1"))
        delay_on_commit(db.session, shop.ship, 2)
        db.session.commit()
        db.session.execute(text("SELECT 1"))
        delay_on_commit(db.session, shop.ship, 3)
        engine = db.engine
    engine.dispose()

    assert numbers(shop.published()) == [2]


# What is wrong with a call is raised by the call, and not by the commit


def test_misspelt_options_are_refused(session):
    with pytest.raises(TypeError, match="did you mean 'countdown'"):
        apply_async_on_commit(session, Shop().ship, [1], coutdown=3)


def test_a_chord_without_a_result_backend_is_refused(session):
    shop = Shop()
    insert(session, 1)
    with pytest.raises(NotImplementedError, match="backend"):
        delay_on_commit(session, chord([shop.ship.s(1)], shop.ship.si(2)))
    session.commit()
    assert shop.published() == []
