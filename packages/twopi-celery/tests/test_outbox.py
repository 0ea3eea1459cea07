"""Tasks in a table: committed with the rest, published once the broker is there."""

import signal
import subprocess
import sys
import textwrap
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from queue import Empty

import pytest
from celery import chain, group
from kombu import pools
from kombu.exceptions import EncodeError, OperationalError
from sqlalchemy import MetaData, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Session

from twopi_celery import (
    Backlog,
    Outbox,
    bind_request_id,
    create_celery,
    filesystem_broker,
)
from twopi_celery.__main__ import main

NOW = 1_795_372_201.0


class Shop:
    """An application, its outbox, and what is published to its queue."""

    def __init__(self, url, broker="memory://", **settings):
        self.now = NOW
        metadata = MetaData()
        name = f"outbox_{uuid.uuid4().hex[:12]}"
        self.outbox = Outbox(metadata, name, clock=lambda: self.now)
        self.engine = create_engine(url)
        metadata.create_all(self.engine)
        settings = {"broker_url": broker, **settings}
        self.celery = create_celery("shop", settings, set_as_current=False)
        self.celery.conf.task_default_queue = name

        @self.celery.task(name="ship", shared=False)
        def ship(number, fast=False):
            return number, fast

        self.ship = ship

    def add(self, *numbers):
        with Session(self.engine) as session:
            ids = [self.outbox.delay(session, self.ship, each) for each in numbers]
            session.commit()
        return ids

    def relay(self, **options):
        return self.outbox.relay(self.engine, self.celery, **options)

    def rows(self):
        with self.engine.connect() as connection:
            return connection.execute(select(self.outbox.table)).all()

    def backlog(self):
        with Session(self.engine) as session:
            return self.outbox.backlog(session)

    def messages(self):
        """Take all messages."""
        with self.celery.connection() as connection:
            queue = connection.SimpleQueue(self.celery.conf.task_default_queue)
            while True:
                try:
                    message = queue.get(block=False)
                except Empty:
                    return
                message.ack()
                yield message

    def published(self):
        return [(each.headers["id"], each.payload[0]) for each in self.messages()]

    def close(self):
        with self.celery.connection() as connection:
            channel = connection.default_channel
            channel.queue_delete(self.celery.conf.task_default_queue)
        self.outbox.table.drop(self.engine)
        self.engine.dispose()


@pytest.fixture
def shop(tmp_path):
    shop = Shop(f"sqlite:///{tmp_path}/shop.db")
    yield shop
    shop.close()
    pools.reset()


def test_tasks_are_published_in_order_with_their_ids(shop):
    first = shop.add(1, 2)
    second = shop.add(3)

    assert shop.relay() == 3

    assert shop.published() == list(zip(first + second, [[1], [2], [3]], strict=True))
    assert shop.rows() == []
    assert shop.relay() == 0


def test_what_is_rolled_back_is_not_published(shop):
    with Session(shop.engine) as session:
        shop.outbox.delay(session, shop.ship, 1)
        session.rollback()
        kept = shop.outbox.delay(session, shop.ship, 2)
        savepoint = session.begin_nested()
        shop.outbox.delay(session, shop.ship, 3)
        savepoint.rollback()
        session.commit()

    shop.relay()

    assert shop.published() == [(kept, [2])]


def test_arguments_keep_their_types(shop):
    values = [date(2026, 2, 3), Decimal("1.10"), uuid.UUID(int=5), "Ω\0", None, 1.5]
    with Session(shop.engine) as session:
        shop.outbox.delay(session, shop.ship, values)
        session.commit()

    shop.relay()

    [(_, [arrived])] = shop.published()
    assert arrived == values


def test_times_count_from_the_call(shop):
    with Session(shop.engine) as session:
        shop.outbox.apply_async(session, shop.ship, [1], countdown=60, expires=90)
        session.commit()
    shop.now += 3600

    shop.relay()

    [message] = shop.messages()
    called = datetime.fromtimestamp(NOW, UTC)
    eta, expires = message.headers["eta"], message.headers["expires"]
    assert datetime.fromisoformat(eta) == called + timedelta(seconds=60)
    assert datetime.fromisoformat(expires) == called + timedelta(seconds=90)


def test_the_request_id_goes_along(shop):
    with bind_request_id("r-1"):
        shop.add(1)

    with bind_request_id("r-2"):
        shop.relay()

    [message] = shop.messages()
    assert message.headers["x_request_id"] == "r-1"


def test_a_call_that_does_not_fit_is_refused_at_once(shop):
    with Session(shop.engine) as session:
        with pytest.raises(TypeError):
            shop.outbox.delay(session, shop.ship)
        with pytest.raises(EncodeError):
            shop.outbox.delay(session, shop.ship, object())
        session.commit()
    assert shop.rows() == []


def test_groups_and_chains_keep_all_their_ids(shop):
    ship = shop.ship
    with Session(shop.engine) as session:
        calls = group(ship.s(1), ship.s(2)), chain(ship.si(3), ship.si(4), ship.si(5))
        ids = [shop.outbox.delay(session, call) for call in calls]
        session.commit()
    table = shop.outbox.table

    def relayed():
        assert shop.relay(keep=60) == 2
        found = []
        for message in shop.messages():
            steps = message.payload[2]["chain"] or []
            found.append(message.headers["group"])
            found += [message.headers["id"], *(s["options"]["task_id"] for s in steps)]
        return found

    first = relayed()
    with shop.engine.begin() as connection:  # as if the relay had been killed
        connection.execute(table.update().values(done=None))

    assert relayed() == first
    assert ids[0] == first[0]
    assert ids[1] in first
    assert len(set(first)) == 7  # the group twice, its two tasks, None, three steps


def test_what_cannot_be_read_is_set_aside(shop, caplog):
    shop.add(1, 2)
    table = shop.outbox.table
    with shop.engine.begin() as connection:
        connection.execute(table.update().where(table.c.id == 1).values(call="{"))

    shop.relay(keep=60)

    assert [args for _, args in shop.published()] == [[2]]
    assert [row.error for row in shop.rows()] == ["JSONDecodeError", None]
    assert shop.backlog() == Backlog(pending=0, age=0.0, refused=1)
    assert "cannot be published" in caplog.text


def test_published_rows_are_kept_as_long_as_asked_for(shop):
    shop.add(1)
    shop.relay(keep=60)
    shop.now += 59
    shop.relay(keep=60)
    assert [row.done for row in shop.rows()] == [NOW]
    shop.now += 2
    shop.relay(keep=60)
    assert shop.rows() == []


def test_the_backlog(shop):
    assert shop.backlog() == Backlog(pending=0, age=0.0, refused=0)
    shop.add(1)
    shop.now += 10
    shop.add(2)
    shop.now += 5
    assert shop.backlog() == Backlog(pending=2, age=15.0, refused=0)


def test_nothing_is_lost_if_the_broker_is_away(shop):
    [task_id] = shop.add(1)
    away = create_celery("shop", {"broker_url": "amqp://127.0.0.1:1//"})

    with pytest.raises(OperationalError):
        shop.outbox.relay(shop.engine, away)

    assert [row.task_id for row in shop.rows()] == [task_id]
    assert [row.done for row in shop.rows()] == [None]


def test_bases_have_metadata():
    class Base(DeclarativeBase):
        pass

    outbox = Outbox(Base, "sent_tasks")

    assert Base.metadata.tables["sent_tasks"] is outbox.table


# The command


APP = """
    from celery import Celery
    from sqlalchemy import MetaData
    from twopi_celery import Outbox, create_celery

    celery = create_celery("tasks", {settings!r})
    metadata = MetaData()
    outbox = Outbox(metadata, {table!r})


    @celery.task(name="ship", shared=False)
    def ship(number, fast=False):
        {work}
"""


@pytest.fixture
def command(tmp_path):
    """Write a module, and start the relay of its outbox."""
    started = []

    def start(settings, table, *options, work="pass"):
        source = APP.format(settings=settings, table=table, work=work)
        (tmp_path / "tasks.py").write_text(textwrap.dedent(source))
        line = [sys.executable, "-m", "twopi_celery", "relay"]
        line += ["tasks:celery", "tasks:outbox", *options]
        log = (tmp_path / "relay.log").open("ab")
        started.append(
            subprocess.Popen(line, cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT)
        )
        log.close()
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(10)


def settings_of(shop, **settings):
    url = shop.engine.url.render_as_string(hide_password=False)
    return {
        "broker_url": shop.celery.conf.broker_url,
        "task_default_queue": shop.celery.conf.task_default_queue,
        "task_ignore_result": True,
        "SQLALCHEMY_DATABASE_URI": url,
        **settings,
    }


def test_the_command_publishes_until_it_is_told_to_stop(tmp_path, command, wait_for):
    settings = filesystem_broker(tmp_path / "queue")
    shop = Shop(f"sqlite:///{tmp_path}/shop.db", settings.pop("broker_url"), **settings)
    settings = settings_of(shop, **settings)
    table = shop.outbox.table.name
    ids = shop.add(1, 2)

    process = command(settings, table, "--poll", "0.05")
    wait_for(lambda: shop.backlog().pending == 0)
    ids += shop.add(3)
    wait_for(lambda: shop.backlog().pending == 0)
    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 0
    assert [id_ for id_, _ in shop.published()] == ids
    assert (tmp_path / "relay.log").read_text().endswith("3 published\n")

    shop.add(4)
    assert command(settings, table, "--once").wait(30) == 0
    assert len(shop.published()) == 1
    shop.engine.dispose()


@pytest.mark.parametrize(
    ("name", "message"), [("tasks:nothing", "cannot be"), ("tasks:ship", "no Outbox")]
)
def test_the_command_says_if_there_is_no_outbox(name, message, tmp_path, monkeypatch):
    source = APP.format(settings={"broker_url": "memory://"}, table="o", work="pass")
    (tmp_path / "tasks.py").write_text(textwrap.dedent(source))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tasks", raising=False)

    with pytest.raises(SystemExit, match=message):
        main(["relay", "tasks:celery", name])
    sys.modules.pop("tasks")
