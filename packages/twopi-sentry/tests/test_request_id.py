import contextvars
import threading

import pytest
import sentry_sdk
from celery import Celery
from flask import Flask
from sentry_sdk.consts import DEFAULT_OPTIONS

from twopi_sentry import celery_inject_sentry, inject_sentry

LOGS = "enable_logs" in DEFAULT_OPTIONS


def app_of(dsn, recording, **options):
    app = Flask(__name__)
    app.config["SENTRY_DSN"] = dsn
    client = inject_sentry(app, transport=recording, **options)
    started = []

    @app.get("/fail")
    def fail():
        if LOGS:
            sentry_sdk.logger.error("seen")
        raise RuntimeError

    @app.get("/later")
    def later():
        over = threading.Event()

        def work():
            over.wait()
            sentry_sdk.capture_message("late")

        started.append((threading.Thread(target=work), over))
        started[0][0].start()
        return ""

    return app, client, started


def test_the_header_is_a_tag_of_all_that_is_sent(recording, dsn):
    logs = {"enable_logs": True} if LOGS else {}
    app, client, _ = app_of(dsn, recording, traces_sample_rate=1.0, **logs)

    app.test_client().get("/fail", headers={"x-request-id": "r-1"})
    client.flush()

    [event] = recording.events
    [transaction] = recording.items("transaction")
    assert event["tags"]["request_id"] == "r-1"
    assert transaction["tags"]["request_id"] == "r-1"
    if LOGS:
        logs = [log for each in recording.items("log") for log in each["items"]]
        ids = {each["attributes"]["request_id"]["value"] for each in logs}
        assert ids == {"r-1"}


def test_a_request_without_one_has_no_tag(recording, dsn):
    app, *_ = app_of(dsn, recording)

    app.test_client().get("/fail", headers={"X-Request-ID": "r-1"})
    app.test_client().get("/fail")

    tags = [(each.get("tags") or {}).get("request_id") for each in recording.events]
    assert tags == ["r-1", None]


@pytest.mark.parametrize("value", ["", "a b", "x" * 129, "é", "a\tb"])
def test_what_is_no_id_is_left_out(recording, dsn, value):
    app, *_ = app_of(dsn, recording)

    app.test_client().get("/fail", headers={"X-Request-ID": value})

    assert "request_id" not in (recording.events[0].get("tags") or {})


def test_a_secret_in_its_place_does_not_leave(recording, dsn):
    app, *_ = app_of(dsn, recording)
    headers = {"X-Request-ID": "zq-secret", "Authorization": "Bearer zq-secret"}

    app.test_client().get("/fail", headers=headers)

    assert recording.events[0]["tags"]["request_id"] == "[Filtered]"
    assert recording.leaks("zq-secret") == []


def test_a_thread_that_outlives_the_request_has_its_id(recording, dsn):
    app, _, started = app_of(dsn, recording)

    app.test_client().get("/later", headers={"X-Request-ID": "r-2"})
    [(thread, over)] = started
    over.set()
    thread.join()

    assert recording.events[0]["tags"]["request_id"] == "r-2"


def test_a_function_of_ones_own(recording, dsn):
    here = contextvars.ContextVar("here", default=None)
    app, *_ = app_of(dsn, recording, request_id=here.get)

    @app.before_request
    def begin():
        here.set("made-here")

    app.test_client().get("/fail", headers={"X-Request-ID": "r-3"})

    assert recording.events[0]["tags"]["request_id"] == "made-here"


def test_a_function_that_fails_costs_no_event(recording, dsn):
    app, *_ = app_of(dsn, recording, request_id=lambda: 1 / 0)

    app.test_client().get("/fail")

    [event] = recording.events
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"


def test_a_tag_of_the_user_stays(recording, dsn):
    app, *_ = app_of(dsn, recording)
    app.before_request(lambda: sentry_sdk.set_tag("request_id", "own"))

    app.test_client().get("/fail", headers={"X-Request-ID": "r-4"})

    assert recording.events[0]["tags"]["request_id"] == "own"


def failing_celery(dsn, recording, **options):
    celery = Celery("a", broker="memory://", set_as_current=False)
    celery.conf["SENTRY_DSN"] = dsn
    celery_inject_sentry(celery, transport=recording, **options)

    @celery.task(name="fail", shared=False)
    def fail():
        raise RuntimeError

    return celery.tasks["fail"]


@pytest.mark.parametrize("header", ["X-Request-ID", "request_id", "x_request_id"])
def test_the_header_of_a_message(recording, dsn, header):
    fail = failing_celery(dsn, recording)

    fail.apply(headers={header: "r-5"})
    fail.apply()

    tags = [(each.get("tags") or {}).get("request_id") for each in recording.events]
    assert tags == ["r-5", None]


def test_a_function_of_ones_own_for_tasks(recording, dsn):
    fail = failing_celery(dsn, recording, request_id=lambda: "of-task")

    fail.apply(headers={"X-Request-ID": "r-6"})

    assert recording.events[0]["tags"]["request_id"] == "of-task"
