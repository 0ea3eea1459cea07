"""Relays killed with -9, brokers and databases that go away: nothing is lost.

TWOPI_CELERY_ROWS is how many tasks pass through the outbox: 200 unless set. If it is
set, the relay is killed ten times instead of three, and the broker is away for five
seconds instead of one. TWOPI_CELERY_IDLE_TASKS is how many tasks run with the idle
connections of MariaDB: 20 unless set.
"""

import os
import signal
import subprocess
import sys
import textwrap
import uuid
from collections import Counter
from threading import Thread

import pytest
from kombu import pools
from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.orm import Session

from twopi_celery import Outbox, create_celery, filesystem_broker

pytestmark = pytest.mark.services

ROWS = int(os.environ.get("TWOPI_CELERY_ROWS", "200"))
KILLS, AWAY = (10, 5) if "TWOPI_CELERY_ROWS" in os.environ else (3, 1)
IDLE = int(os.environ.get("TWOPI_CELERY_IDLE_TASKS", "20"))

SHOP = """
    import os
    from sqlalchemy import MetaData
    from twopi_celery import Outbox, create_celery

    celery = create_celery("tasks", {settings!r})
    metadata = MetaData()
    outbox = Outbox(metadata, {table!r})


    @celery.task(name="ship", bind=True)
    def ship(self, number):
        line = f"{{self.request.id}} {{number}}\\n".encode()
        file = os.open({runs!r}, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        os.write(file, line)
        os.close(file)
"""


def settings_of(broker, database, table):
    return {
        "broker_url": broker,
        "task_default_queue": table,
        "task_ignore_result": True,
        "SQLALCHEMY_DATABASE_URI": database,
    }


@pytest.fixture
def table():
    return f"outbox_{uuid.uuid4().hex[:12]}"


def open_outbox(url, table):
    metadata = MetaData()
    engine = create_engine(url)
    outbox = Outbox(metadata, table)
    metadata.create_all(engine)
    return outbox, engine


def client(broker, table):
    settings = {"broker_url": broker, "task_default_queue": table}
    return create_celery("client", settings, set_as_current=False)


def ship_it(number):
    return number


def close(outbox, engine, celery):
    with celery.connection() as connection:
        connection.default_channel.queue_delete(outbox.table.name)
    pools.reset()
    outbox.table.drop(engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("database", "broker"), [("postgres", "rabbitmq"), ("mariadb", "redis")]
)
def test_no_row_is_lost(
    database, broker, table, request, start_worker, proxy, tmp_path, wait_for
):
    url, direct = request.getfixturevalue(database), request.getfixturevalue(broker)
    runs = tmp_path / "runs"
    source = SHOP.format(
        settings=settings_of(direct, url, table), table=table, runs=str(runs)
    )
    relayed = SHOP.format(
        settings=settings_of(proxy.url(direct), url, table), table=table, runs=str(runs)
    )
    (tmp_path / "shop.py").write_text(textwrap.dedent(relayed))
    outbox, engine = open_outbox(url, table)
    celery = client(direct, table)
    ship = celery.task(name="ship", shared=False)(ship_it)
    ids = {}
    relays = []

    def add(numbers):
        with Session(engine) as session:
            for number in numbers:
                ids[outbox.delay(session, ship, number)] = number
            session.commit()

    def pending():
        with engine.connect() as connection:
            return outbox.backlog(connection).pending

    def start():
        line = [sys.executable, "-m", "twopi_celery", "relay", "shop:celery"]
        line += ["shop:outbox", "--batch", "10", "--poll", "0.05", "--lease", "2"]
        with (tmp_path / "relay.log").open("ab") as log:
            relays.append(subprocess.Popen(line, cwd=tmp_path, stdout=log, stderr=log))

    try:
        with start_worker(source) as worker:
            for round_ in range(KILLS):
                add(range(round_, ROWS, KILLS))
                before = pending()
                start()
                wait_for(lambda before=before: pending() < before, 60)
                if round_ == KILLS // 2:
                    proxy.cut(AWAY)
                    before = pending()
                    wait_for(lambda before=before: pending() < max(1, before), 60)
                relays[-1].kill()
                assert relays[-1].wait(60) == -signal.SIGKILL
            start()
            wait_for(lambda: pending() == 0, 120)
            relays[-1].send_signal(signal.SIGTERM)
            assert relays[-1].wait(30) == 0

            def ran():
                lines = runs.read_text().splitlines() if runs.exists() else []
                return Counter(tuple(line.split()) for line in lines)

            wait_for(lambda: len(ran()) >= ROWS, 120)
            worker.stop()
    finally:
        for relay in relays:
            relay.kill()
            relay.wait(10)
        close(outbox, engine, celery)

    found = ran()
    assert set(found) == {(id_, str(number)) for id_, number in ids.items()}
    assert len(ids) == ROWS
    print(f"{ROWS} tasks, {found.total() - ROWS} ran again under the same id")  # noqa: T201


@pytest.mark.parametrize("database", ["postgres", "mariadb"])
def test_relays_share_the_work(database, request, redis, table):
    outbox, engine = open_outbox(request.getfixturevalue(database), table)
    celery = client(redis, table)
    ship = celery.task(name="ship", shared=False)(ship_it)
    with Session(engine) as session:
        ids = [outbox.delay(session, ship, number) for number in range(120)]
        session.commit()
    counts = []

    def relay():
        own = client(redis, table)
        counts.append(outbox.relay(engine, own, batch=5))

    try:
        locking = engine.execution_options(isolation_level="READ COMMITTED")
        with Session(locking) as locker:
            first = locker.connection().execute(
                outbox.table.select()
                .order_by(outbox.table.c.id)
                .limit(1)
                .with_for_update()
            )
            held = first.one().task_id
            threads = [Thread(target=relay) for _ in range(3)]
            for thread in threads:
                thread.start()
            with Session(engine) as session:  # others can add meanwhile
                ids.append(outbox.delay(session, ship, 120))
                session.commit()
            for thread in threads:
                thread.join(60)
        assert outbox.relay(engine, celery) in (1, 2)

        assert sum(counts) in (119, 120)
        with celery.connection() as connection:
            queue = connection.SimpleQueue(table)
            messages = [queue.get(block=False) for _ in ids]
            found = [message.headers["id"] for message in messages]
            for message in messages:
                message.ack()
    finally:
        close(outbox, engine, celery)
    assert sorted(found) == sorted(ids)
    assert held in found[119:]


DATABASE = """
    import time
    from pathlib import Path
    from sqlalchemy import text
    from twopi_celery import create_celery, create_db_session, filesystem_broker

    here = Path(__file__).parent
    celery = create_celery(
        "tasks",
        {{
            **filesystem_broker(here / "queue"),
            "SQLALCHEMY_DATABASE_URI": {url!r},
            "SQLALCHEMY_ENGINE_OPTIONS": {options!r},
        }},
    )
    session = create_db_session(celery)


    @celery.task
    def ask(question):
        return session.scalar(text(question))


    @celery.task
    def ask_twice(question):
        session.scalar(text(question))
        (here / "asked").touch()
        while not (here / "go").exists():
            time.sleep(0.01)
        return session.scalar(text(question))
"""


def test_idle_connections_that_mariadb_closes(mariadb, start_worker, wait_for):
    options = {"connect_args": {"init_command": "SET SESSION wait_timeout = 1"}}
    engine = create_engine(mariadb)
    alive = text("SELECT count(*) FROM information_schema.processlist WHERE id IN :ids")
    used = []

    def closed():
        with engine.connect() as connection:
            return not connection.scalar(alive, {"ids": tuple(used[-10:])})

    with start_worker(
        DATABASE.format(url=mariadb, options=options), "prefork"
    ) as worker:
        celery = create_celery("client", filesystem_broker(worker.folder / "queue"))

        def ask(question):
            task = celery.send_task("tasks.ask", [question])
            return task.get(timeout=120, interval=0.01)

        for number in range(IDLE):
            used.append(ask("SELECT CONNECTION_ID()"))
            if number % 10 == 5:
                with pytest.raises(Exception, match="nonsense"):
                    ask("SELECT nonsense")
            if number % (IDLE // 4) == IDLE // 4 - 1:
                wait_for(closed)
        log = worker.log.read_text()
    engine.dispose()

    assert len(used) == IDLE
    assert len(set(used)) >= 4
    assert "2006" not in log
    assert "2013" not in log
    assert "PendingRollbackError" not in log


def test_a_database_that_restarts(postgres, proxy, start_worker, wait_for):
    engine = create_engine(postgres)
    source = DATABASE.format(url=proxy.url(postgres), options={})
    with start_worker(source, "prefork", concurrency=1) as worker:
        celery = create_celery("client", filesystem_broker(worker.folder / "queue"))
        asked = "SELECT pg_backend_pid()"
        first = worker.run(celery, "ask", asked)

        with engine.connect() as connection:
            query = text("SELECT pg_terminate_backend(:pid)")
            assert connection.scalar(query, {"pid": first})
        proxy.cut(0.5)
        second = worker.run(celery, "ask", asked)

        broken = celery.send_task("tasks.ask_twice", [asked])
        wait_for((worker.folder / "asked").exists)
        proxy.cut(0.5)
        (worker.folder / "go").touch()
        with pytest.raises(Exception, match="OperationalError"):
            broken.get(timeout=120, interval=0.05)
        third = worker.run(celery, "ask", asked)
    engine.dispose()

    assert len({first, second, third}) == 3
