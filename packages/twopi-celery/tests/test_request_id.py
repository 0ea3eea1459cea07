"""Ids from request to task to log, in-process, and through real workers."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twopi_celery import (
    ConfigurationError,
    RequestIdFilter,
    bind_request_id,
    create_celery,
    current_request_id,
    filesystem_broker,
    init_app,
)

NEW = re.compile(r"[0-9a-f]{32}").fullmatch


def make_app(**config):
    app = flask.Flask("shop")
    app.config.update({"CELERY_BROKER_URL": "memory://", **config})
    init_app(app, set_as_current=False)

    @app.get("/")
    def show():
        return {"id": current_request_id()}

    @app.get("/fail")
    def fail():
        raise LookupError

    @app.get("/nested")
    def nested():
        with app.test_request_context():
            pass
        inner = app.test_client().get("/", headers={"X-Request-ID": "inner"}).json
        return {"id": current_request_id(), "inner": inner["id"]}

    return app


def test_the_id_of_a_request_is_kept_and_sent_back():
    answer = make_app().test_client().get("/", headers={"X-Request-ID": "a.B-9_:+/=@"})

    assert answer.json == {"id": "a.B-9_:+/=@"}
    assert answer.headers["X-Request-ID"] == "a.B-9_:+/=@"
    assert current_request_id() is None


@pytest.mark.parametrize(
    "sent", ["", "x" * 129, "a b", "a\u00e9", "<script>", "%0a", '"']
)
def test_an_id_that_is_not_fit_for_a_log_is_replaced(sent):
    answer = make_app().test_client().get("/", headers={"X-Request-ID": sent})

    assert NEW(answer.json["id"])
    assert answer.headers["X-Request-ID"] == answer.json["id"]


def test_each_request_without_one_has_a_new_one():
    client = make_app().test_client()

    first, second = (client.get("/").json["id"] for _ in range(2))

    assert NEW(first)
    assert NEW(second)
    assert first != second


def test_errors_have_it_too():
    client = make_app().test_client()

    for path, status in [("/missing", 404), ("/fail", 500)]:
        answer = client.get(path, headers={"X-Request-ID": "err"})
        assert (answer.status_code, answer.headers["X-Request-ID"]) == (status, "err")
    assert current_request_id() is None


def test_a_request_in_a_request():
    answer = make_app().test_client().get("/nested", headers={"X-Request-ID": "outer"})

    assert answer.json == {"id": "outer", "inner": "inner"}


def test_another_header():
    client = make_app(REQUEST_ID_HEADER="X-Trace").test_client()

    answer = client.get("/", headers={"X-Request-ID": "no", "X-Trace": "yes"})

    assert answer.json == {"id": "yes"}
    assert answer.headers["X-Trace"] == "yes"
    assert "X-Request-ID" not in answer.headers


def test_no_header():
    client = make_app(REQUEST_ID_HEADER=None).test_client()

    answer = client.get("/", headers={"X-Request-ID": "no"})

    assert NEW(answer.json["id"])
    assert "X-Request-ID" not in answer.headers


@pytest.mark.parametrize("name", ["", "X Request", "X\r\nY", 1, b"X"])
def test_what_is_no_header_is_refused(name):
    with pytest.raises(ConfigurationError, match="REQUEST_ID_HEADER must be the name"):
        make_app(REQUEST_ID_HEADER=name)


@given(st.text())
def test_whatever_is_bound_is_fit_for_a_log(text):
    with bind_request_id(text) as bound:
        assert re.fullmatch(r"[!-~]{1,128}", bound)
        assert current_request_id() == bound
        with bind_request_id() as inner:
            assert inner != bound
        assert current_request_id() == bound
    assert current_request_id() is None


def test_log_records_carry_it():
    record = logging.makeLogRecord({})

    with bind_request_id("abc"):
        assert RequestIdFilter().filter(record)
        assert record.request_id == "abc"
    assert RequestIdFilter().filter(record)
    assert record.request_id == "-"


def test_eager_tasks_are_part_of_the_request():
    celery = create_celery("shop", {"broker_url": "memory://"}, set_as_current=False)

    @celery.task(shared=False)
    def tell():
        return current_request_id()

    with bind_request_id("abc"):
        assert tell.apply().get() == "abc"
        assert current_request_id() == "abc"
    assert tell.apply(task_id="first").get() == "first"
    assert current_request_id() is None


def test_a_task_that_does_not_leave_what_it_entered_is_left():
    app = flask.Flask("shop")
    app.config["CELERY_BROKER_URL"] = "memory://"
    celery = init_app(app, set_as_current=False)

    entered = []

    @celery.task(shared=False)
    def careless():
        entered.append(bind_request_id("careless"))
        return entered[-1].__enter__()

    def run():
        assert careless.apply().get() == "careless"
        assert current_request_id() is None
        assert not flask.has_app_context()
        entered.clear()

    with ThreadPoolExecutor() as threads:  # which has a context of its own
        threads.submit(run).result()


TASKS = """
    import logging
    from pathlib import Path

    from twopi_celery import create_celery, current_request_id, filesystem_broker

    here = Path(__file__).parent
    settings = filesystem_broker(here / "queue") | {
        "worker_task_log_format": "<%(request_id)s %(task_name)s> %(message)s",
        "worker_log_format": "<%(request_id)s> %(message)s",
    }
    celery = create_celery("tasks", settings)
    log = celery.log.get_default_logger()


    @celery.task(bind=True)
    def outer(self, name):
        if not self.request.retries:
            logging.getLogger("shop").warning("first %s", name)
            raise self.retry(countdown=0)
        logging.getLogger("shop").warning("outer %s", name)
        inner.apply_async([name], link=last.si(name))


    @celery.task
    def inner(name):
        logging.getLogger("shop").warning("inner %s", name)


    @celery.task
    def last(name):
        (here / name).write_text(current_request_id())
"""


@pytest.mark.parametrize("pool", ["solo", "prefork"])
def test_the_id_goes_from_request_to_task_to_its_tasks_and_their_logs(
    pool, start_worker, wait_for
):
    with start_worker(TASKS, pool) as worker:
        app = flask.Flask("shop")
        app.config.update(filesystem_broker(worker.folder / "queue"))
        celery = init_app(app, set_as_current=False)

        @app.post("/<name>")
        def send(name):
            return {"task": celery.send_task("tasks.outer", [name]).id}

        client = app.test_client()
        client.post("/one", headers={"X-Request-ID": "id-of-one"})
        client.post("/two", headers={"X-Request-ID": "id-of-two"})
        alone = celery.send_task("tasks.outer", ["alone"])
        forged = celery.send_task(
            "tasks.outer", ["forged"], headers={"x_request_id": "a\nb"}
        )

        def read(name):
            path = worker.folder / name
            return path.exists() and path.read_text()

        assert wait_for(lambda: read("one")) == "id-of-one"
        assert wait_for(lambda: read("two")) == "id-of-two"
        assert wait_for(lambda: read("alone")) == alone.id
        assert wait_for(lambda: read("forged")) not in {"", "a\nb"}
        assert forged.id
        log = worker.log.read_text()

    assert "<id-of-one> outer one\n" in log
    assert "<id-of-one> inner one\n" in log
    assert "<id-of-two> inner two\n" in log
    assert f"<{alone.id}> inner alone\n" in log
    first, retried = re.findall(r"<(\w+)> (?:first|outer) forged\n", log)
    assert first == retried
