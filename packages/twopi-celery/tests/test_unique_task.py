"""Tasks that run once at a time, by a lock in the table of keys."""

import logging
import textwrap
import threading
import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from celery import Task, chain, group, shared_task
from celery.app.trace import build_tracer
from celery.beat import ScheduleEntry, Scheduler
from celery.exceptions import TaskRevokedError
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from kombu import pools
from kombu.exceptions import EncodeError, OperationalError
from sqlalchemy import MetaData, event, select, text

from twopi_celery import (
    ConfigurationError,
    Keys,
    LockError,
    create_celery,
    create_db_session,
    delay_on_commit,
    init_app,
)

NOW = 1_795_372_201.0
SERVERS = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.services),
    pytest.param("mariadb", marks=pytest.mark.services),
]
everywhere = pytest.mark.parametrize("url", SERVERS, indirect=True)


class Shop:
    """An application with a unique task, and a worker that works when it is told to."""

    def __init__(self, url):
        self.now = NOW
        self.queue = f"unique_{uuid.uuid4().hex[:12]}"
        settings = {
            "broker_url": "memory://",
            "result_backend": "cache+memory://",
            "SQLALCHEMY_DATABASE_URI": url,
            "task_default_queue": self.queue,
        }
        self.celery = create_celery("shop", settings, set_as_current=False)
        self.session = create_db_session(self.celery)
        self.metadata = MetaData()
        self.keys = Keys(self.metadata, self.queue, clock=lambda: self.now)
        self.keys.install(self.celery, self.session)
        self.engine = self.session.get_bind()
        self.metadata.create_all(self.engine)
        self.session.remove()
        self.ran = []
        self.during = lambda task: None

        @self.celery.task(name="report", bind=True, unique_for=60, shared=False)
        def report(task, day, fast=False):
            self.ran.append(day)
            self.during(task)
            return day

        self.report = report

    def waiting(self):
        """Return how many tasks are in the queue."""
        with self.celery.connection() as connection:
            return connection.default_channel.queue_declare(self.queue).message_count

    def fetch(self):
        """Take a task out of the queue; return it."""
        with self.celery.connection() as connection:
            return connection.default_channel.basic_get(self.queue, no_ack=True)

    def run(self, message):
        """Run a task as a worker does."""
        args, kwargs, embedded = message.decode()
        task = self.celery.tasks[message.headers["task"]]
        request = {**message.headers, **embedded, "args": args, "kwargs": kwargs}
        request |= {"is_eager": False, "delivery_info": {}}
        tracer = build_tracer(task.name, task, app=self.celery)
        tracer(message.headers["id"], args, kwargs, request)

    def work(self):
        """Run what is in the queue."""
        while message := self.fetch():
            self.run(message)

    def locks(self):
        """Return the ids of the tasks that have a lock, and when these end."""
        row = self.keys.table.c
        with self.engine.connect() as connection:
            found = connection.execute(select(row.owner, row.time)).all()
        return {owner: until - NOW for owner, until in found}

    def close(self):
        self.session.remove()
        self.metadata.drop_all(self.engine)
        self.engine.dispose()
        pools.reset()


@pytest.fixture
def url(request, tmp_path):
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path}/shop.db?timeout=60"
    return request.getfixturevalue(request.param)


@pytest.fixture
def shop(url):
    shop = Shop(url)
    yield shop
    shop.close()


@everywhere
def test_a_second_call_sends_nothing_until_the_first_has_run(shop):
    first = shop.report.delay("monday")
    second = shop.report.delay("monday")
    other = shop.report.delay("tuesday")

    assert second.id == first.id
    assert shop.locks() == {first.id: 60, other.id: 60}
    assert shop.waiting() == 2
    shop.work()
    assert shop.ran == ["monday", "tuesday"]
    assert second.get(timeout=60) == "monday"
    assert shop.locks() == {}

    third = shop.report.delay("monday")
    assert third.id != first.id
    shop.work()
    assert third.get(timeout=60) == "monday"


@everywhere
def test_it_is_not_sent_while_it_runs(shop):
    during = []
    shop.during = lambda task: during.append(shop.report.delay("monday").id)
    first = shop.report.delay("monday")
    shop.work()

    assert during == [first.id]
    assert shop.ran == ["monday"]


@everywhere
def test_of_threads_that_race_one_sends_it(shop):
    together = threading.Barrier(4)
    failed = []

    def call():
        try:
            for number in range(10):
                together.wait(60)
                shop.report.delay(f"{number}")
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert shop.waiting() == 10
    assert len(shop.locks()) == 10


@everywhere
def test_threads_that_race_with_releases_fail_never_and_overlap_never(shop):
    together = threading.Barrier(4)
    running, overlaps, failed = [], [], []
    take, release = shop.report.unique_locks.take, shop.report.unique_locks.release

    def work():
        me = uuid.uuid4().hex
        try:
            together.wait(60)
            for _ in range(25):
                if take("key", me, 60) == me:
                    running.append(me)
                    overlaps.extend({*running, *shop.locks()} - {me})
                    running.remove(me)
                    release("key", me)
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert overlaps == []


@everywhere
def test_a_killed_worker_loses_the_lock_when_the_time_is_over(shop):
    dead = shop.report.delay("monday")
    assert shop.fetch() is not None
    shop.now += 59
    assert shop.report.delay("monday").id == dead.id
    assert shop.waiting() == 0
    shop.now += 1
    assert shop.report.delay("monday").id != dead.id
    shop.work()
    assert shop.ran == ["monday"]


def test_a_task_that_is_delivered_again_has_its_lock(shop):
    shop.report.delay("monday")
    message = shop.fetch()
    shop.run(message)
    shop.run(message)
    assert shop.ran == ["monday", "monday"]
    assert shop.locks() == {}


def test_the_time_begins_anew_with_the_task(shop):
    found = []
    shop.during = lambda task: found.append(shop.locks())
    first = shop.report.delay("monday")
    shop.now += 50
    shop.work()
    assert found == [{first.id: 110}]


@everywhere
def test_a_task_that_is_late_neither_runs_nor_releases_the_lock_of_another(shop):
    late = shop.report.delay("monday")
    message = shop.fetch()
    shop.now += 60
    other = shop.report.delay("monday")
    shop.run(message)

    assert shop.ran == []
    assert late.state == "REVOKED"
    with pytest.raises(TaskRevokedError, match=f"report is unique, and {other.id}"):
        late.get(timeout=60)
    assert list(shop.locks()) == [other.id]
    shop.work()
    assert other.get(timeout=60) == "monday"


def test_a_task_that_outlives_its_time_does_not_release_the_lock_of_another(shop):
    others = []

    def during(task):
        shop.now += 60
        others.append(shop.report.delay("monday"))

    shop.during = during
    shop.report.delay("monday")
    shop.run(shop.fetch())
    assert list(shop.locks()) == [others[0].id]


def test_a_task_that_fails_releases_its_lock_also_in_a_transaction(shop):
    def during(task):
        shop.session.execute(text("CREATE TABLE IF NOT EXISTS t (x INTEGER)"))
        shop.session.execute(text("INSERT INTO t VALUES (1)"))
        raise ValueError("no")

    shop.during = during
    failed = shop.report.delay("monday")
    shop.work()
    assert failed.state == "FAILURE"
    assert shop.locks() == {}


def test_the_lock_stays_between_two_tries(shop):
    def during(task):
        if not task.request.retries:
            raise task.retry(countdown=0)

    shop.during = during
    first = shop.report.delay("monday")
    shop.run(shop.fetch())
    assert list(shop.locks()) == [first.id]
    assert shop.report.delay("monday").id == first.id
    shop.work()
    assert shop.ran == ["monday", "monday"]
    assert first.get(timeout=60) == "monday"
    assert shop.locks() == {}


def test_equal_arguments_are_equal_however_they_are_passed(shop):
    first = shop.report.delay("monday")
    assert shop.report.delay(day="monday").id == first.id
    assert shop.report.delay("monday", False).id == first.id
    assert shop.report.s("monday").delay(fast=False).id == first.id
    assert shop.report.apply_async(("monday",), queue=shop.queue).id == first.id
    assert shop.report.delay("monday", fast=True).id != first.id
    assert shop.report.delay(["monday"]).id != first.id


@pytest.mark.parametrize(
    "value",
    [
        {10: 1, 9: 2},
        {"b": (1, [2]), "a": None},
        datetime(2026, 11, 30, tzinfo=UTC),
        Decimal("1.10"),
        uuid.UUID(int=1),
        "ä",
    ],
)
def test_arguments_are_equal_before_and_after_they_were_sent(shop, value):
    first = shop.report.delay(value)
    assert shop.report.delay(value).id == first.id
    shop.work()
    assert first.state == "SUCCESS"
    assert shop.locks() == {}


def test_arguments_that_cannot_be_compared_are_an_error_at_the_call(shop):
    with pytest.raises(EncodeError, match="report"):
        shop.report.delay(object())
    with pytest.raises(TypeError):
        shop.report.delay()
    assert shop.locks() == {}


def test_calls_with_an_id_are_sent_and_the_worker_decides(shop):
    first = shop.report.delay("monday")
    message = shop.fetch()
    task_id = delay_on_commit(shop.session, shop.report, "monday")
    shop.session.execute(text("SELECT 1"))
    shop.session.commit()
    later = shop.celery.AsyncResult(task_id)
    members = group(shop.report.s("monday"), shop.report.s("tuesday")).apply_async()
    linked = shop.report.apply_async(["monday"], link=shop.report.s())
    assert shop.waiting() == 4

    shop.during = lambda task: shop.during and shop.work()
    shop.run(message)

    assert first.state == "SUCCESS"
    assert later.state == "REVOKED"
    assert [each.state for each in members] == ["REVOKED", "SUCCESS"]
    assert linked.state == "REVOKED"
    assert shop.ran == ["monday", "tuesday"]
    assert shop.locks() == {}


def test_a_chain_ends_where_a_member_is_not_run(shop):
    @shop.celery.task(name="after", shared=False)
    def after(day):
        shop.ran.append("after")

    shop.report.delay("monday")
    message = shop.fetch()
    last = chain(shop.report.s("monday"), after.s()).delay()
    shop.during = lambda task: shop.work()
    shop.run(message)
    assert shop.ran == ["monday"]
    assert last.parent.state == "REVOKED"

    chain(shop.report.s("monday"), after.s()).delay()
    shop.during = lambda task: None
    shop.work()
    assert shop.ran == ["monday", "monday", "after"]


@pytest.mark.parametrize("name", ["report", "other"])
def test_a_call_that_cannot_be_sent_keeps_no_lock(shop, name, monkeypatch):
    @shop.celery.task(name="other", unique_for=60, shared=False)
    def other(day): ...

    def publish(*_, **__):
        raise OperationalError("no broker")

    monkeypatch.setattr("kombu.messaging.Producer.publish", publish)
    with pytest.raises(OperationalError):
        shop.celery.tasks[name].delay("monday")
    assert shop.locks() == {}


def test_a_database_that_does_not_answer_is_an_error_at_the_call(shop):
    first = shop.report.delay("monday")
    message = shop.fetch()
    shop.metadata.drop_all(shop.engine)
    with pytest.raises(LockError, match=f"{shop.queue}.*no such table") as caught:
        shop.report.delay("tuesday")
    assert "INSERT" not in str(caught.value)
    assert shop.waiting() == 0
    shop.run(message)
    assert first.state == "FAILURE"
    assert shop.ran == []


def test_a_lock_that_cannot_be_released_is_logged_and_the_task_succeeds(shop, caplog):
    shop.during = lambda task: shop.metadata.drop_all(shop.engine)
    first = shop.report.delay("monday")
    with caplog.at_level(logging.WARNING, "twopi_celery"):
        shop.work()
    assert first.state == "SUCCESS"
    assert f"The lock of {first.id} stays until it ends" in caplog.text


def test_eager_tasks_take_no_lock(shop):
    assert shop.report.apply(["monday"]).get() == "monday"
    assert shop.report("monday") == "monday"
    shop.celery.conf.task_always_eager = True
    assert shop.report.delay("monday").get() == "monday"
    assert shop.report.delay("monday").get() == "monday"
    assert shop.ran == ["monday"] * 4


def test_a_scheduler_sends_no_second_one(shop, caplog):
    scheduler = Scheduler(shop.celery, lazy=True)
    entry = ScheduleEntry("nightly", "report", schedule=60, args=("monday",))
    entry.app = shop.celery
    first = scheduler.apply_async(entry, advance=False)
    assert scheduler.apply_async(entry, advance=False).id == first.id
    assert shop.waiting() == 1

    shop.metadata.drop_all(shop.engine)
    scheduler.apply_entry(entry)
    assert "cannot be asked for in the table" in caplog.text
    assert shop.waiting() == 1


def test_tasks_without_the_option_ask_for_no_lock(shop):
    @shop.celery.task(name="plain", shared=False)
    def plain():
        shop.ran.append("plain")

    statements = []
    event.listen(
        shop.engine, "before_cursor_execute", lambda *args: statements.append(args)
    )
    plain.delay()
    plain.delay()
    shop.work()
    assert shop.ran == ["plain", "plain"]
    assert statements == []


def test_a_unique_task_costs_four_statements(shop):
    statements = []
    event.listen(
        shop.engine, "before_cursor_execute", lambda *args: statements.append(args[2])
    )
    shop.report.delay("monday")
    assert len(statements) == 1
    shop.work()
    assert [each.split()[0] for each in statements] == [
        "INSERT",  # the call
        "INSERT",  # the start: it is there
        "UPDATE",
        "DELETE",
    ]


@pytest.mark.parametrize("seconds", [0, -1, "60", True, float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused_where_the_task_is_declared(shop, seconds):
    with pytest.raises(ConfigurationError, match="unique_for of the task bad"):

        @shop.celery.task(name="bad", unique_for=seconds, shared=False, lazy=False)
        def bad(): ...


def test_install_is_called_once(shop):
    with pytest.raises(ConfigurationError, match="before"):
        shop.keys.install(shop.celery, shop.session)


class Base(Task):
    abstract = True

    def after_return(self, *args):
        self.returned = args[0]


@pytest.mark.parametrize("finalized", [True, False])
@pytest.mark.parametrize("base", [None, Base])
def test_tasks_may_be_declared_before_and_have_a_base(tmp_path, finalized, base):
    settings = {
        "broker_url": "memory://",
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/shop.db",
    }
    celery = create_celery("shop", settings, set_as_current=False)
    session = create_db_session(celery)

    @celery.task(name="early", base=base, unique_for=60, shared=False, lazy=False)
    def early(): ...

    if finalized:
        celery.finalize()
    keys = Keys(metadata := MetaData())
    keys.install(celery, session)
    metadata.create_all(session.get_bind())
    celery.finalize()

    task = celery.tasks["early"]
    celery.conf.task_default_queue = f"early_{uuid.uuid4().hex}"
    assert task.delay().id == task.delay().id
    if base:
        task.after_return("SUCCESS")
        assert task.returned == "SUCCESS"
    session.remove()
    session.get_bind().dispose()
    pools.reset()


def test_shared_tasks_of_flask_sqlalchemy(tmp_path):
    """Its session asks for a context, which a scheduler has not."""
    app = Flask("shop")
    app.config.update(
        CELERY_BROKER_URL="memory://",
        CELERY_TASK_DEFAULT_QUEUE=f"shared_{uuid.uuid4().hex}",
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/shop.db",
    )
    db = SQLAlchemy()
    keys = Keys(db)
    db.init_app(app)
    celery = init_app(app)
    keys.install(celery, db.session)
    name = f"shared_{uuid.uuid4().hex}"

    @shared_task(name=name, unique_for=60)
    def clean(): ...

    with app.app_context():
        db.create_all()
        first = clean.delay()
    task = celery.tasks[name]
    assert task.delay().id == first.id
    tracer = build_tracer(name, task, app=celery)
    request = {"id": first.id, "task": name, "is_eager": False, "delivery_info": {}}
    tracer(first.id, (), {}, request)
    assert task.delay().id != first.id
    with app.app_context():
        db.engine.dispose()
    pools.reset()


TASKS = """
    import os
    import signal

    from sqlalchemy import MetaData

    from twopi_celery import Keys, create_celery, create_db_session, reliable

    celery = reliable(create_celery("tasks", {settings!r}))
    session = create_db_session(celery)
    metadata = MetaData()
    keys = Keys(metadata, {table!r})
    keys.install(celery, session)


    @celery.task(unique_for={seconds}, shared=False)
    def die_first(path):
        try:
            open(path, "x").close()
        except FileExistsError:
            return "again"
        os.kill(os.getpid(), signal.SIGKILL)


    @celery.task(unique_for={seconds}, shared=False)
    def double(number):
        return 2 * number
"""


@pytest.mark.services
def test_a_task_of_a_killed_process_keeps_its_lock_until_it_has_run_again(
    redis, postgres, start_worker, tmp_path
):
    queue = f"unique_{uuid.uuid4().hex[:12]}"
    settings = {
        "broker_url": redis,
        "result_backend": redis,
        "result_expires": 60,
        "task_time_limit": 300,
        "task_default_queue": queue,
        "SQLALCHEMY_DATABASE_URI": postgres,
    }
    namespace = {"__name__": "tasks"}
    source = TASKS.format(settings=settings, table=queue, seconds=600)
    exec(textwrap.dedent(source), namespace)
    celery, metadata = namespace["celery"], namespace["metadata"]
    engine = namespace["session"].get_bind()
    metadata.create_all(engine)
    try:
        with start_worker(source, "prefork") as worker:
            task = celery.tasks["tasks.double"]
            assert task.delay(2).get(timeout=120) == 4
            assert task.delay(2).get(timeout=120) == 4
            task = celery.tasks["tasks.die_first"]
            found = [task.delay(str(tmp_path / "died")) for _ in range(3)]
            assert len({each.id for each in found}) == 1
            assert found[2].get(timeout=120) == "again"
            worker.stop()
        with engine.connect() as connection:
            assert connection.execute(select(metadata.tables[queue])).all() == []
    finally:
        metadata.drop_all(engine)
        engine.dispose()
        with celery.connection() as connection:
            connection.default_channel.queue_delete(queue)
        celery.backend.result_consumer.stop()
        pools.reset()
