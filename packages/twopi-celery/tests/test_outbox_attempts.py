"""Rows that cannot be published: tried again, set aside, and never in the way."""

import json
import sys
import uuid
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import ClassVar

import pytest
from celery import Task, _state, chain, chord, group
from celery.exceptions import BackendError
from kombu import Connection, Exchange, Queue, pools
from kombu.exceptions import EncodeError, OperationalError
from prometheus_client import CollectorRegistry
from sqlalchemy import MetaData, create_engine, event, inspect, text
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from twopi_celery import (
    Backlog,
    ConfigurationError,
    HealthError,
    Outbox,
    create_celery,
    outbox_check,
    outbox_numbers,
    register_outbox_metrics,
)
from twopi_celery.__main__ import main
from twopi_celery.outbox.claims import Row
from twopi_celery.outbox.relay import RISKY

NOW = 1_795_372_201.0


class Shop:
    """An application with an outbox, whose clock stands still."""

    def __init__(self, url="sqlite://", broker="memory://", **settings):
        self.now = NOW
        metadata = MetaData()
        self.name = f"outbox_{uuid.uuid4().hex[:12]}"
        self.outbox = Outbox(metadata, self.name, clock=lambda: self.now)
        self.engine = create_engine(url)
        metadata.create_all(self.engine)
        settings |= {"broker_url": broker, "task_default_queue": self.name}
        self.celery = create_celery("shop", settings, set_as_current=False)

        class Obstructed(Task):
            """Calls what is in the way of each task."""

            obstacles: ClassVar = []

            def apply_async(self, args=None, kwargs=None, task_id=None, **options):
                for each in self.obstacles:
                    each(task_id)
                return super().apply_async(args, kwargs, task_id=task_id, **options)

        @self.celery.task(name="ship", shared=False, base=Obstructed)
        def ship(number):
            return number

        self.obstacle = Obstructed.obstacles.append

        self.ship = ship

    def add(self, *numbers, **options):
        with Session(self.engine) as session:
            ids = [
                self.outbox.apply_async(session, self.ship, [each], **options)
                for each in numbers
            ]
            session.commit()
        return ids

    def relay(self, **options):
        return self.outbox.relay(self.engine, self.celery, **options)

    def rows(self):
        with self.engine.connect() as connection:
            return connection.execute(self.outbox.table.select()).all()

    def ask(self, method, *args):
        with Session(self.engine) as session:
            found = method(session, *args)
            session.commit()
            return found

    def published(self):
        found = []
        with self.celery.connection() as connection:
            while message := connection.default_channel.basic_get(self.name):
                found.append(message.headers["id"])
                connection.default_channel.basic_ack(message.delivery_tag)
        return found

    def close(self):
        pools.reset()
        with self.celery.connection() as connection:
            connection.default_channel.queue_delete(self.name)
        self.outbox.table.drop(self.engine)
        self.engine.dispose()


@pytest.fixture
def shop(tmp_path):
    shop = Shop(f"sqlite:///{tmp_path}/shop.db")
    yield shop
    shop.close()


def refuse(ids, error=ValueError):
    def run(task_id):
        if task_id in ids:
            raise error("a secret")

    return run


def test_a_row_that_fails_does_not_stop_the_others(shop):
    ids = shop.add(1, 2, 3)
    shop.obstacle(refuse({ids[0]}))

    assert shop.relay() == 2

    assert shop.published() == ids[1:]
    [row] = shop.rows()
    assert (row.task_id, row.attempts, row.error, row.done) == (
        ids[0],
        1,
        "ValueError",
        None,
    )
    assert shop.ask(shop.outbox.backlog) == Backlog(1, 0.0, 0, retrying=1)


def test_delays_grow_and_the_last_attempt_is_the_end(shop):
    [id_] = shop.add(1)
    shop.obstacle(refuse({id_}))
    delays = []
    while not (row := shop.rows()[0]).done:
        shop.relay(max_attempts=8, longest_delay=10)
        [row] = shop.rows()
        if not row.done:
            delays.append(row.due - shop.now)
            shop.now = row.due

    assert row.attempts == 8
    assert [0.5 * 2**n / 2 <= d <= 0.5 * 2**n for n, d in enumerate(delays[:5])] == [
        True
    ] * 5
    assert max(delays) <= 10
    assert len(set(delays)) == len(delays) == 7
    [dead] = shop.ask(shop.outbox.dead)
    assert (dead.id, dead.task_id, dead.task) == (row.id, id_, "ship")
    assert (dead.error, dead.attempts, dead.died) == ("ValueError", 8, shop.now)
    assert shop.relay() == 0


def test_dead_rows_can_be_tried_again_or_dropped(shop):
    ids = shop.add(1, 2)
    bad = set(ids)
    shop.obstacle(refuse(bad))
    shop.relay(max_attempts=1)
    second, first = (each.id for each in shop.ask(shop.outbox.dead))
    assert shop.ask(shop.outbox.backlog) == Backlog(0, 0.0, 2)

    assert shop.ask(shop.outbox.retry, first, 4711) == 1
    assert shop.ask(shop.outbox.drop, second, first) == 1  # first is pending again
    bad.clear()

    assert shop.relay() == 1
    assert shop.published() == ids[:1]
    assert shop.rows() == []


@pytest.mark.parametrize("error", [BackendError, ConnectionResetError])
def test_outages_are_not_counted(error, shop):
    ids = shop.add(1)
    bad = set(ids)
    shop.obstacle(refuse(bad, error=error))
    for _ in range(20):
        with suppress(OperationalError):  # of the broker
            shop.relay(max_attempts=2)
        [row] = shop.rows()
        assert (row.attempts, row.done) == (0, None)
        shop.now = max(row.due, shop.now + 1)
    assert row.due - shop.now <= 60
    bad.clear()

    shop.now += 60
    assert shop.relay() == 1


def test_a_row_of_a_killed_relay_is_taken_over_later_and_counted(shop):
    [id_] = shop.add(1)
    relay = shop.outbox.relay
    claims = _claims(shop)
    [row] = claims.claim(10)
    assert row == Row(row.id, id_, row.call, NOW, attempts=1)

    assert relay(shop.engine, shop.celery) == 0
    shop.now += 11

    assert relay(shop.engine, shop.celery) == 1
    assert shop.published() == [id_]


def test_what_kills_its_relay_each_time_ends_and_takes_no_other_along(shop):
    ids = shop.add(*range(6))

    class Killed(BaseException):
        pass

    shop.obstacle(refuse({ids[2]}, error=Killed))
    kills = 0
    while any(row.done is None for row in shop.rows()):
        try:
            shop.relay(max_attempts=5)
        except Killed:
            kills += 1
        shop.now += 11
        assert kills < 20

    assert sorted(set(shop.published())) == sorted(set(ids) - {ids[2]})
    [dead] = shop.ask(shop.outbox.dead)
    assert (dead.task_id, dead.error) == (ids[2], "The relay ended while publishing it")
    assert RISKY < kills <= 5


def test_a_late_relay_does_not_undo_what_another_has_done(shop):
    shop.add(1)
    slow, quick = _claims(shop), _claims(shop)
    [mine] = slow.claim(1)
    shop.now += 11
    [theirs] = quick.claim(1)
    from twopi_celery.publishing.failure import Failure

    slow.settle({mine: Failure("late", counts=True)}, alone=True)

    [row] = shop.rows()
    assert (row.attempts, row.error) == (theirs.attempts, None)


def _claims(shop):
    from twopi_celery.outbox.claims import Claims

    return Claims(
        shop.outbox.table,
        shop.engine,
        shop.outbox.clock,
        lease=10,
        keep=0,
        max_attempts=10,
        longest_delay=300,
    )


def test_an_exchange_that_nobody_knows_is_a_failed_attempt_in_memory_too(shop):
    [bad] = shop.add(1, exchange="nowhere", routing_key="x")
    [good] = shop.add(2)

    assert shop.relay() == 1

    assert shop.published() == [good]
    [row] = shop.rows()
    assert (row.task_id, row.attempts) == (bad, 1)
    assert "nowhere" in row.error


def test_no_more_than_is_needed_is_asked_of_an_idle_database(shop):
    statements = []
    event.listen(
        shop.engine,
        "before_cursor_execute",
        lambda *args: statements.append(args[2].split()[0]),
    )
    shop.add(*range(100))
    statements.clear()

    assert shop.relay() == 100

    inspected = [each for each in statements if each == "PRAGMA"]
    rest = [each for each in statements if each != "PRAGMA"]
    assert len(inspected) < 5
    assert rest == ["UPDATE", "DELETE", "UPDATE"]  # claim, finish, nothing left


def test_kept_rows_are_removed_in_parts(shop, monkeypatch):
    monkeypatch.setattr("twopi_celery.outbox.claims.PURGE", 2)
    shop.add(*range(5))
    shop.relay(keep=10)
    shop.now += 11
    left = []
    for _ in range(3):
        shop.relay(keep=10)
        left.append(len(shop.rows()))
    assert left == [3, 1, 0]


# What is wrong with a call is raised by the call


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"coutdown": 3}, "no option 'coutdown'; did you mean 'countdown'"),
        ({"producer": object()}, "'producer' cannot be kept"),
        ({"zzz": 3}, "no option 'zzz'"),
    ],
)
def test_options_that_celery_does_not_have(shop, options, message):
    with Session(shop.engine) as session, pytest.raises(TypeError, match=message):
        shop.outbox.apply_async(session, shop.ship, [1], **options)


def test_options_that_celery_has(shop):
    options = {"priority": 3, "headers": {"a": "b"}, "retry": False, "link": []}
    options |= {"expires": 60, "shadow": "s", "time_limit": 9, "ignore_result": True}
    options |= {"stamped_headers": ["mine"], "mine": "x", "queue": shop.name}
    shop.add(1, **options)
    assert shop.relay() == 1


def test_pickle_is_an_error_of_the_call(shop):
    @shop.celery.task(name="pickled", shared=False, serializer="pickle")
    def pickled():
        pass

    for call in (pickled, group(shop.ship.s(1), pickled.s())):
        with Session(shop.engine) as session, pytest.raises(EncodeError, match="JSON"):
            shop.outbox.delay(session, call)


def test_an_option_that_json_does_not_have_is_an_error_of_the_call(shop):
    with Session(shop.engine) as session, pytest.raises(EncodeError):
        shop.outbox.apply_async(session, shop.ship, [1], headers={"a": object()})


def test_a_name_will_do(shop):
    with Session(shop.engine) as session:
        with current(shop.celery):
            ids = [
                shop.outbox.delay(session, "ship", 1),
                shop.outbox.delay(session, "of.another.service", 2),
            ]
            with pytest.raises(TypeError):
                shop.outbox.delay(session, "ship")
        session.commit()

    assert shop.relay() == 2
    assert shop.published() == ids


@contextmanager
def current(celery):
    before = _state._tls.current_app
    celery.set_current()
    yield
    _state._tls.current_app = before


def test_countdowns_in_groups_and_chords_count_from_the_call(shop):
    shop.celery.conf.result_backend = "cache+memory://"
    ship = shop.ship
    calls = [
        group(ship.s(1).set(countdown=60), ship.s(2)),
        chain(ship.si(3).set(countdown=60), ship.si(4).set(countdown=60)),
        chord([ship.s(5).set(countdown=60)], ship.s().set(countdown=60)),
    ]
    with Session(shop.engine) as session:
        for call in calls:
            shop.outbox.delay(session, call)
        session.commit()

    kept = [json.loads(row.call) for row in shop.rows()]

    def options(kept):
        return {
            name: kept["options"].get(name) is not None for name in ("eta", "countdown")
        }

    absolute = {"eta": True, "countdown": False}
    relative = {"eta": False, "countdown": True}
    neither = {"eta": False, "countdown": False}
    tasks = [each["kwargs"].get("tasks") for each in kept]
    assert [options(each) for each in tasks[0]] == [absolute, neither]
    assert [options(each) for each in tasks[1]] == [absolute, relative]
    header = kept[2]["kwargs"]["header"]
    header = header["kwargs"]["tasks"] if isinstance(header, dict) else header
    assert [options(each) for each in header] == [absolute]
    assert options(kept[2]["kwargs"]["body"]) == relative


def test_a_chord_without_a_result_backend_is_an_error_of_the_call(shop):
    ship = shop.ship
    calls = chord([ship.s(1)], ship.s()), chain(group(ship.s(1), ship.s(2)), ship.s())
    for call in calls:
        with (
            Session(shop.engine) as session,
            pytest.raises(NotImplementedError, match="backend"),
        ):
            shop.outbox.delay(session, call)


# The trace of the caller


def test_what_is_published_belongs_to_the_trace_of_the_caller(shop):
    from opentelemetry import baggage, context, trace
    from opentelemetry.propagate import extract  # from now on it is used

    def headers():
        with shop.celery.connection() as connection:
            return connection.default_channel.basic_get(shop.name).headers

    shop.add(1)
    shop.relay()
    assert "traceparent" not in headers()

    traceparent = f"00-{5:032x}-{7:016x}-01"
    token = context.attach(
        baggage.set_baggage("shop", "7", extract({"traceparent": traceparent}))
    )
    shop.add(2)
    context.detach(token)
    seen = []
    shop.obstacle(
        lambda _: seen.append(trace.get_current_span().get_span_context().trace_id)
    )
    shop.relay()

    found = headers()
    assert (found["traceparent"], found["baggage"]) == (traceparent, "shop=7")
    assert seen == [5]
    assert not trace.get_current_span().get_span_context().is_valid


# For those who look after it


def test_the_backlog_as_numbers_and_as_a_health_check(shop):
    ids = shop.add(1, 2)
    bad = set(ids[:1])
    shop.obstacle(refuse(bad))
    shop.relay(max_attempts=1)
    bad.add(shop.add(3)[0])
    shop.relay(max_attempts=5)
    shop.now += 30
    session = scoped_session(sessionmaker(shop.engine))
    found = {"pending": 1, "retrying": 1, "dead": 1, "oldest_seconds": 30.0}

    assert outbox_numbers(shop.outbox, session) == found
    outbox_check(shop.outbox, session, max_age=30, max_dead=1)()
    for limits in ({"max_age": 29, "max_dead": 1}, {"max_age": 30}):
        with pytest.raises(HealthError, match="1 pending, the oldest for 30 s; 1 dead"):
            outbox_check(shop.outbox, session, **limits)()
    registry = CollectorRegistry()
    register_outbox_metrics(shop.outbox, session, registry)
    for name, value in found.items():
        sample = f"twopi_outbox_{name}", {"table": shop.name}
        assert registry.get_sample_value(*sample) == value


def test_the_commands(tmp_path, capsys, monkeypatch):
    shop = Shop(f"sqlite:///{tmp_path}/shop.db")
    shop.add(1, 2, 3)
    with shop.engine.begin() as connection:
        values = {"done": NOW, "error": "ValueError", "attempts": 10}
        connection.execute(shop.outbox.table.update().values(values))
    url = f"sqlite:///{tmp_path}/shop.db"
    settings = {"broker_url": "memory://", "SQLALCHEMY_DATABASE_URI": url}
    module = ModuleType("outbox_shop")
    module.celery = create_celery("outbox_shop", settings, set_as_current=False)
    module.outbox = shop.outbox
    monkeypatch.setitem(sys.modules, "outbox_shop", module)

    def run(action, *arguments):
        names = ["outbox_shop:celery", "outbox_shop:outbox"]
        code = main(["outbox", action, *names, *arguments])
        return code, capsys.readouterr().out

    code, out = run("list")
    assert code == 0
    assert out.splitlines()[0].startswith("0 pending (0 failed before)")
    assert "3  ship" in out
    code, out = run("list", "--json", "--limit", "2")
    assert [each["id"] for each in json.loads(out)["dead"]] == [3, 2]
    assert json.loads(run("show", "2")[1])["attempts"] == 10
    assert run("show", "99") == (1, "")
    assert run("retry", "1", "99", "--json") == (1, '{"retried": 1}\n')
    assert run("drop", "--all") == (0, "2 dropped\n")
    with pytest.raises(SystemExit, match="drop needs numbers"):
        run("drop")
    assert [row.id for row in shop.rows()] == [1]
    shop.engine.dispose()


# The table


def test_a_table_of_an_earlier_version_is_told_from_this_one(tmp_path):
    shop = Shop(f"sqlite:///{tmp_path}/shop.db")
    with shop.engine.begin() as connection:
        for name in ("attempts", "due"):
            connection.execute(text(f"ALTER TABLE {shop.name} DROP COLUMN {name}"))
    shop.add(1)  # goes on, as during a deployment

    with pytest.raises(ConfigurationError, match="lacks the columns attempts, due"):
        shop.relay()

    shop.outbox.table.drop(shop.engine)
    with pytest.raises(ConfigurationError, match="no table"):
        shop.relay()
    shop.engine.dispose()


def test_long_names_fit_postgresql():
    tables = [Outbox(MetaData(), "o" * 40 + str(n) * 20).table for n in range(2)]
    names = [index.name for table in tables for index in table.indexes]
    assert len(set(names)) == 2
    assert max(map(len, names)) <= 63


# Real servers


@pytest.fixture
def real(request, postgres, rabbitmq):
    shop = Shop(postgres, rabbitmq)
    yield shop
    shop.close()


@pytest.mark.services
@pytest.mark.parametrize("kind", ["no exchange", "other arguments", "no queue"])
def test_what_rabbitmq_refuses_fails_alone(real, rabbitmq, kind):
    other = f"other_{uuid.uuid4().hex[:8]}"
    with Connection(rabbitmq) as connection:
        channel = connection.default_channel
        if kind == "no exchange":
            bad = {"exchange": other, "routing_key": "x"}
        elif kind == "other arguments":
            Queue(other, Exchange(other), other, queue_arguments={"x-max-length": 5})(
                channel
            ).declare()
            bad = {"queue": other}
        else:
            Exchange(other, "direct")(channel).declare()
            bad = {"exchange": other, "routing_key": "x"}
        try:
            ids = real.add(1, 2) + real.add(3, **bad) + real.add(4, 5)

            assert real.relay() == 4

            good = ids[:2] + ids[3:]
            assert real.published() == good
            real.now += 10
            assert real.relay(max_attempts=2) == 0
            assert real.published() == []
            [dead] = real.ask(real.outbox.dead)
            assert (dead.task_id, dead.attempts) == (ids[2], 2)
            assert other in dead.error
        finally:
            connection.default_channel.queue_delete(other)
            connection.default_channel.exchange_delete(other)


@pytest.mark.services
def test_what_redis_refuses_fails_alone(postgres, redis):
    shop = Shop(postgres, redis)
    with Connection(redis) as connection:
        client = connection.default_channel.client
        client.set(f"{shop.name}_text", "not a list")
        try:
            ids = shop.add(1) + shop.add(2, queue=f"{shop.name}_text") + shop.add(3)

            assert shop.relay() == 2

            assert shop.published() == [ids[0], ids[2]]
            [row] = shop.rows()
            assert (row.task_id, row.error) == (ids[1], "ResponseError")
        finally:
            client.delete(f"{shop.name}_text")
            shop.close()


@pytest.mark.services
def test_a_queue_that_is_deleted_meanwhile_is_declared_again(real, rabbitmq):
    from twopi_celery.outbox.relay import Relay

    relay = Relay(
        real.outbox.table, real.outbox.clock, real.engine, real.celery, batch=10
    )
    real.add(0)
    assert relay._step(lambda: True)
    with Connection(rabbitmq) as connection:
        connection.default_channel.queue_delete(real.name)
    ids = real.add(*range(5))

    assert relay._step(lambda: True)
    assert len(real.rows()) == 5  # returned, not lost
    real.now += 2
    assert relay._step(lambda: True)
    relay._publisher.close()

    assert real.rows() == []
    assert real.published() == ids


@pytest.mark.services
@pytest.mark.parametrize("kind", ["task", "chord"])
def test_a_result_backend_that_is_away(kind, postgres, rabbitmq, redis):
    shop = Shop(postgres, rabbitmq, result_backend="redis://127.0.0.1:1/0")
    ship = shop.ship
    call = ship.s(1) if kind == "task" else chord([ship.s(1), ship.s(2)], ship.s())
    with Session(shop.engine) as session:
        shop.outbox.delay(session, call)
        session.commit()

    published = shop.relay(max_attempts=1)

    if kind == "task":
        assert published == 1
    else:
        [row] = shop.rows()
        assert (published, row.attempts, row.done) == (0, 0, None)
        settings = {"broker_url": rabbitmq, "result_backend": redis}
        settings["task_default_queue"] = shop.name
        back = create_celery("shop", settings, set_as_current=False)
        back.task(name="ship", shared=False)(shop.ship.run)
        shop.now += 100
        assert shop.outbox.relay(shop.engine, back) == 1
        assert len(set(shop.published())) == 2  # a task of the header came twice
    shop.close()


@pytest.mark.services
@pytest.mark.parametrize("notify", [True, False])
def test_a_row_costs_one_statement(notify, postgres):
    shop = Shop(postgres)
    shop.outbox.notify = notify
    statements = []
    event.listen(
        shop.engine, "before_cursor_execute", lambda *args: statements.append(args[2])
    )
    shop.add(1, 2)

    assert len(statements) == 2
    assert all(("pg_notify" in each) == notify for each in statements)
    shop.close()


@pytest.mark.services
def test_no_transaction_is_open_while_publishing(postgres, rabbitmq):
    shop = Shop(postgres, rabbitmq)
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE xact_start IS NOT NULL"
        " AND query LIKE :table AND pid <> pg_backend_pid()"
    )
    open_ones = []

    def count(_):
        with watching.connect() as connection:
            found = connection.scalar(query, {"table": f"%{shop.name}%"})
            open_ones.append(found)

    watching = create_engine(postgres)
    shop.obstacle(count)
    shop.add(1, 2, 3)

    assert shop.relay() == 3

    assert open_ones == [0, 0, 0]
    watching.dispose()
    shop.close()


@pytest.mark.services
@pytest.mark.parametrize("server", ["postgres", "mariadb"])
def test_the_poll_reads_an_index_of_what_is_pending(server, request):
    shop = Shop(request.getfixturevalue(server))
    [index] = inspect(shop.engine).get_indexes(shop.name)
    assert index["column_names"] == ["done", "id"]
    rows = [
        {"task_id": "x", "task": "t", "call": "{}", "added": NOW, "done": NOW}
    ] * 20_000
    with shop.engine.begin() as connection:
        connection.execute(shop.outbox.table.insert(), rows)
        table = "TABLE " * (server == "mariadb")
        connection.execute(text(f"ANALYZE {table}{shop.name}"))
    poll = _claims(shop).due(NOW, 100)
    compiled = poll.compile(shop.engine, compile_kwargs={"literal_binds": True})
    with shop.engine.connect() as connection:
        plan = str(connection.execute(text(f"EXPLAIN {compiled}")).all())
    assert "_pending" in plan
    assert "Sort" not in plan
    assert "filesort" not in plan
    shop.close()
