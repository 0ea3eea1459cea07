"""Brokers and databases that fall silent: the relay goes on, and ends when told to."""

import signal
import subprocess
import sys
import textwrap
import time
import uuid
from threading import Event, Thread

import pytest
from kombu import pools
from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.orm import Session

from twopi_celery import Outbox, create_celery

pytestmark = pytest.mark.services

SHOP = """
    from sqlalchemy import MetaData
    from twopi_celery import Outbox, create_celery

    celery = create_celery(
        "tasks",
        {{
            "broker_url": {broker!r},
            "task_default_queue": {name!r},
            "task_ignore_result": True,
            "SQLALCHEMY_DATABASE_URI": {database!r},
        }},
    )
    outbox = Outbox(MetaData(), {name!r})


    @celery.task(name="ship")
    def ship(number):
        pass
"""


class Shop:
    """An outbox, and its relay in a process of its own."""

    def __init__(self, database, broker, folder):
        self.name = f"outbox_{uuid.uuid4().hex[:12]}"
        metadata = MetaData()
        self.outbox = Outbox(metadata, self.name)
        self.engine = create_engine(database)
        metadata.create_all(self.engine)
        settings = {"broker_url": broker, "task_default_queue": self.name}
        self.celery = create_celery("client", settings, set_as_current=False)
        self.folder = folder
        self.processes = []

        @self.celery.task(name="ship", shared=False)
        def ship(number):
            return number

        self.ship = ship

    def start(self, database, broker):
        source = SHOP.format(broker=broker, name=self.name, database=database)
        (self.folder / "shop.py").write_text(textwrap.dedent(source))
        line = [sys.executable, "-m", "twopi_celery", "relay", "shop:celery"]
        with (self.folder / "relay.log").open("ab") as log:
            process = subprocess.Popen(
                [*line, "shop:outbox", "--poll", "0.1"],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def add(self, *numbers):
        with Session(self.engine) as session:
            ids = [self.outbox.delay(session, self.ship, each) for each in numbers]
            session.commit()
        return ids

    def pending(self):
        with self.engine.connect() as connection:
            return self.outbox.backlog(connection).pending

    def published(self):
        found = []
        with self.celery.connection() as connection:
            while message := connection.default_channel.basic_get(self.name):
                found.append(message.headers["id"])
                connection.default_channel.basic_ack(message.delivery_tag)
        return found

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait(60)
        with self.celery.connection() as connection:
            connection.default_channel.queue_delete(self.name)
        pools.reset()
        self.outbox.table.drop(self.engine)
        self.engine.dispose()


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_a_connection_that_is_half_open_is_replaced(
    broker, postgres, request, proxy, tmp_path, wait_for
):
    direct = request.getfixturevalue(broker)
    shop = Shop(postgres, direct, tmp_path)
    try:
        shop.start(postgres, proxy.url(direct))
        ids = shop.add(1)
        wait_for(lambda: shop.pending() == 0)

        proxy.silence(connected_only=True)
        ids += shop.add(*range(2, 6))

        wait_for(lambda: shop.pending() == 0)
        assert sorted(set(shop.published())) == sorted(ids)
    finally:
        shop.close()


@pytest.mark.parametrize("silent", ["redis", "postgres"])
def test_a_relay_ends_when_told_to_whatever_is_silent(
    silent, postgres, rabbitmq, request, proxy, tmp_path, wait_for
):
    urls = {"postgres": postgres, "broker": rabbitmq}
    kind = "postgres" if silent == "postgres" else "broker"
    urls[kind] = request.getfixturevalue(silent)
    shop = Shop(postgres, urls["broker"], tmp_path)
    through = urls | {kind: proxy.url(urls[kind])}
    open_ones = text(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
        " AND query LIKE :table"
    )
    try:
        process = shop.start(through["postgres"], through["broker"])
        shop.add(1)
        wait_for(lambda: shop.pending() == 0)
        proxy.silence()
        ids = shop.add(2, 3)
        if kind == "broker":  # it has claimed them, and waits
            row = shop.outbox.table.c
            waiting = shop.outbox.table.select().where(row.due > 0)
            wait_for(lambda: _all(shop.engine, waiting))
            assert _all(shop.engine, open_ones, table=f"%{shop.name}%") == [(0,)]

        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        print(f"ended after {time.monotonic() - began:.1f} s")  # noqa: T201

        with shop.engine.connect() as connection:
            left = connection.execute(shop.outbox.table.select()).all()
        assert [row.task_id for row in left] == ids
    finally:
        shop.close()


def _all(engine, query, **values):
    with engine.connect() as connection:
        return connection.execute(query, values).all()


def test_a_commit_wakes_the_relay(postgres, rabbitmq, tmp_path, wait_for):
    shop = Shop(postgres, rabbitmq, tmp_path)
    stop = Event()
    relay = Thread(
        target=shop.outbox.relay,
        args=(shop.engine, shop.celery),
        kwargs={"stop": stop, "poll": 3600},
    )
    listening = text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE :listen")
    try:
        relay.start()
        wait_for(
            lambda: _all(shop.engine, listening, listen=f"LISTEN%{shop.name}%") > [(0,)]
        )
        for number in range(3):
            shop.add(number)
            wait_for(lambda: shop.pending() == 0)
    finally:
        stop.set()
        relay.join(60)
        shop.close()


@pytest.mark.parametrize("database", ["postgres", "mariadb"])
def test_a_database_that_ends_idle_transactions_makes_no_row_come_twice(
    database, rabbitmq, request, tmp_path
):
    url = request.getfixturevalue(database)
    shop = Shop(url, rabbitmq, tmp_path)
    if database == "postgres":
        arguments = {"options": "-c idle_in_transaction_session_timeout=100"}
    else:
        arguments = {"init_command": "SET SESSION idle_transaction_timeout=1"}
    impatient = create_engine(url, connect_args=arguments)
    ids = shop.add(*range(5))
    apply_async = shop.ship.__class__.apply_async

    def slow(self, *args, **kwargs):
        time.sleep(0.05 if database == "postgres" else 0.3)
        return apply_async(self, *args, **kwargs)

    shop.ship.__class__.apply_async = slow
    try:
        assert shop.outbox.relay(impatient, shop.celery) == 5
        assert shop.published() == ids
    finally:
        impatient.dispose()
        shop.close()
