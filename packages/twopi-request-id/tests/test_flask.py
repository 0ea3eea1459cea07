"""The id of each request, as clients and views see it."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twopi_request_id import (
    ConfigurationError,
    bind_request_id,
    current_request_id,
    current_trace,
    init_app,
)

NEW = re.compile(r"[0-9a-f]{32}").fullmatch
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def make_app(**config):
    app = flask.Flask("shop")
    app.config.update(config)
    init_app(app)
    init_app(app)

    @app.get("/")
    def show():
        trace = current_trace()
        return {"id": current_request_id(), "trace": trace.traceparent}

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


def get(headers=(), path="/", **config):
    return make_app(**config).test_client().get(path, headers=dict(headers))


def test_the_id_of_a_request_is_kept_and_sent_back():
    answer = get({"X-Request-ID": "a.B-9_:+/=@"})

    assert answer.json["id"] == "a.B-9_:+/=@"
    assert answer.headers.getlist("X-Request-ID") == ["a.B-9_:+/=@"]
    assert current_request_id() is None
    assert current_trace() is None


@pytest.mark.parametrize(
    "sent", ["", "x" * 129, "a b", "a\u00e9", "<script>", "%0a", '"', "a,b"]
)
def test_an_id_that_is_not_fit_for_a_log_is_replaced(sent):
    answer = get({"X-Request-ID": sent})

    assert NEW(answer.json["id"])
    assert answer.headers["X-Request-ID"] == answer.json["id"]


def test_each_request_without_one_has_a_new_one():
    client = make_app().test_client()

    first, second = (client.get("/").json["id"] for _ in range(2))

    assert NEW(first)
    assert NEW(second)
    assert first != second


@pytest.mark.parametrize(("path", "status"), [("/missing", 404), ("/fail", 500)])
def test_errors_have_it_too(path, status):
    answer = get({"X-Request-ID": "err"}, path)

    assert (answer.status_code, answer.headers["X-Request-ID"]) == (status, "err")
    assert current_request_id() is None


def test_a_request_in_a_request():
    answer = get({"X-Request-ID": "outer"}, "/nested")

    assert answer.json == {"id": "outer", "inner": "inner"}


def test_requests_at_once_do_not_see_each_other():
    app = make_app()
    both = Barrier(2)

    @app.get("/wait")
    def wait():
        before = current_request_id()
        both.wait(60)
        return {"same": before == current_request_id(), "id": before}

    def ask(request_id):
        headers = {"X-Request-ID": request_id}
        return app.test_client().get("/wait", headers=headers).json

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(ask, ["a", "b"]))

    assert answers == [{"same": True, "id": "a"}, {"same": True, "id": "b"}]


def test_a_trace_is_continued_and_is_the_id_where_there_is_none():
    answer = get({"traceparent": PARENT})

    assert answer.json["id"] == TRACE
    assert answer.json["trace"].startswith(f"00-{TRACE}-")
    assert answer.json["trace"] != PARENT


def test_the_id_wins_over_the_trace():
    answer = get({"traceparent": PARENT, "X-Request-ID": "mine"})

    assert answer.json["id"] == "mine"
    assert TRACE in answer.json["trace"]


@pytest.mark.parametrize("sent", ["", "00-x", PARENT.upper(), f"{PARENT},{PARENT}"])
def test_an_invalid_trace_begins_a_new_one(sent):
    answer = get({"traceparent": sent})

    assert NEW(answer.json["id"])
    assert answer.json["id"] in answer.json["trace"]
    assert TRACE not in answer.json["trace"].lower()


def test_a_trace_of_strangers_can_be_left_out():
    assert TRACE not in get({"traceparent": PARENT}, REQUEST_ID_TRACE=False).text


def test_another_header():
    sent = {"X-Request-ID": "no", "X-Trace": "yes"}

    answer = get(sent, REQUEST_ID_HEADER="X-Trace")

    assert answer.json["id"] == answer.headers["X-Trace"] == "yes"
    assert "X-Request-ID" not in answer.headers


def test_no_header():
    answer = get({"X-Request-ID": "no"}, REQUEST_ID_HEADER=None)

    assert NEW(answer.json["id"])
    assert "X-Request-ID" not in answer.headers


@pytest.mark.parametrize("name", ["", "X Request", "X\r\nY", "X-Y\n", 1, b"X"])
def test_what_is_not_a_header_is_refused(name):
    with pytest.raises(ConfigurationError, match="must be the name of a") as caught:
        make_app(REQUEST_ID_HEADER=name)
    assert caught.value.setting == "REQUEST_ID_HEADER"


@pytest.mark.parametrize("value", ["false", 0, None])
def test_a_switch_is_true_or_false(value):
    with pytest.raises(ConfigurationError, match="REQUEST_ID_TRACE is") as caught:
        make_app(REQUEST_ID_TRACE=value)
    assert caught.value.setting == "REQUEST_ID_TRACE"


@given(st.text())
def test_whatever_is_bound_is_fit_for_a_log(text):
    with bind_request_id(text) as bound:
        assert re.fullmatch(r"[!-~]{1,128}", bound)
        assert current_request_id() == bound
        with bind_request_id() as inner:
            assert inner != bound
        assert current_request_id() == bound
    assert current_request_id() is None


def test_a_block_continues_a_trace():
    with bind_request_id(traceparent=PARENT, tracestate="a=1") as bound:
        assert bound == current_trace().trace_id == TRACE
        assert current_trace().state == "a=1"
