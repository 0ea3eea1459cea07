"""The ids of tasks: eager ones, and those of a worker and its log."""

import logging
import queue

import flask
import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from celery.signals import after_setup_logger

from twopi_request_id import (
    TaskIdFilter,
    bind_request_id,
    current_request_id,
    current_trace,
    follow_tasks,
    init_app,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
entered = []


@pytest.fixture(scope="module")
def records():
    return queue.Queue()


@pytest.fixture(scope="module")
def celery(records):
    follow_tasks()
    follow_tasks()
    app = Celery("shop", broker="memory://", set_as_current=False)
    app.conf.broker_transport_options = {"polling_interval": 0.01}

    def note():
        record = logging.makeLogRecord({})
        TaskIdFilter().filter(record)
        records.put(record)

    @app.task(name="first", bind=True, shared=False, ignore_result=True)
    def first(self):
        note()
        if not self.request.retries:
            raise self.retry(countdown=0)
        middle.apply_async(link=last.si())

    @app.task(name="middle", shared=False, ignore_result=True)
    def middle():
        pass

    @app.task(name="last", shared=False, ignore_result=True)
    def last():
        note()
        entered.clear()  # what `careless` left, in the thread that it was left in

    @app.task(name="careless", shared=False, ignore_result=True)
    def careless():
        entered.append(bind_request_id("never left"))
        entered[-1].__enter__()

    return app


@pytest.fixture(scope="module")
def worker(celery):
    with start_worker(celery, perform_ping_check=False, pool="solo"):
        yield


@pytest.fixture
def run(worker, records):
    """Have *send* start the chain; return what its three notes say."""

    def run(send):
        send()
        return [records.get(timeout=60) for _ in range(3)]

    return run


def ids(records):
    return {record.request_id for record in records}


def test_the_id_and_the_trace_go_through_tasks_retries_and_links(celery, run):
    app = flask.Flask("shop")
    init_app(app)

    @app.get("/")
    def send():
        celery.send_task("first")
        return ""

    headers = {"X-Request-ID": "abc", "traceparent": PARENT}

    found = run(lambda: app.test_client().get("/", headers=headers))

    assert ids(found) == {"abc"}
    assert {record.trace_id for record in found} == {TRACE}
    first, again, last = found
    assert first.task_name == again.task_name == "first"
    assert first.task_id == again.task_id == first.root_id == last.root_id
    assert first.parent_id == "-"
    assert last.task_name == "last"
    assert last.parent_id not in {"-", last.task_id}


def test_a_task_that_nothing_caused_has_the_id_of_the_first_of_its_chain(celery, run):
    found = run(lambda: celery.send_task("first", task_id="alone"))

    assert ids(found) == {"alone"}
    assert len({record.trace_id for record in found}) == 1
    assert "-" not in {record.trace_id for record in found}


def test_an_id_that_is_not_fit_for_a_log_is_replaced_once(celery, run):
    found = run(lambda: celery.send_task("first", headers={"x_request_id": "a\nb"}))

    [request_id] = ids(found)
    assert request_id not in {"-", "a\nb"}


def test_a_block_that_a_task_does_not_leave_ends_with_it(celery, worker, records):
    celery.send_task("careless")
    celery.send_task("last", task_id="next")

    assert records.get(timeout=60).request_id == "next"


def test_eager_tasks_are_part_of_what_goes_on(celery):
    @celery.task(shared=False)
    def tell():
        return current_request_id()

    with bind_request_id("abc"):
        assert tell.apply().get() == "abc"
        assert current_request_id() == "abc"
    assert tell.apply(task_id="first").get() == "first"
    assert current_request_id() is None
    assert current_trace() is None


def test_records_outside_of_tasks():
    record = logging.makeLogRecord({})

    assert TaskIdFilter().filter(record)

    names = ["request_id", "task_name", "task_id", "parent_id", "root_id"]
    assert [getattr(record, name) for name in names] == ["-"] * 5


def test_handlers_of_a_worker_have_the_filter(celery):
    log = logging.getLogger("test_celery")

    celery.log.setup_handlers(log, None, "%(request_id)s %(message)s", colorize=False)
    after_setup_logger.send(None, logger=log)  # as a worker does at its start

    assert TaskIdFilter in [type(each) for each in log.handlers[0].filters]
