# ruff: noqa: PT012 - the end of the server is what raises

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from flask import Flask, Response, abort, request
from flask_restful import Api, Resource

from twopi_testing import live_server, server


@pytest.fixture(name="app")
def app_that_fails_where_asked():
    app = Flask(__name__)

    @app.get("/")
    def index():
        return {"thread": threading.current_thread().name}

    @app.post("/echo")
    def echo():
        return request.get_data()

    @app.get("/boom")
    def boom():
        raise RuntimeError("boom")

    @app.get("/stream")
    def stream():
        def parts():
            yield "some"
            raise RuntimeError("in the stream")

        return Response(parts())

    return app


def read(url, path="/", **options):
    with urlopen(url + path, timeout=10, **options) as answer:
        return answer.read()


def test_real_sockets_in_other_threads(app):
    with live_server(app) as running:
        assert running.url.startswith("http://127.0.0.1:")
        assert threading.current_thread().name.encode() not in read(running.url)
        assert read(running.url, "/echo", data=b"abc") == b"abc"

    with pytest.raises(OSError, match="refused"):
        read(running.url)


def test_it_is_gone_without_a_trace(app):
    before = threading.active_count()
    handlers = dict(app.error_handler_spec)
    with live_server(app) as running:
        read(running.url)

    assert threading.active_count() == before
    assert app.error_handler_spec == handlers
    assert app.config["SERVER_NAME"] is None


def test_requests_are_served_side_by_side(app):
    meeting = threading.Barrier(8, timeout=10)
    app.add_url_rule("/meet", "meet", lambda: str(meeting.wait()))

    with live_server(app) as running, ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: read(running.url, "/meet"), range(8))

        assert sorted(answers) == [b"%d" % index for index in range(8)]


def test_two_servers_at_once(app):
    other = Flask("other")
    other.add_url_rule("/", "index", lambda: "other")

    with live_server(app) as first, live_server(other) as second:
        assert first.url != second.url
        assert read(second.url) == b"other"


def test_a_kept_alive_connection_does_not_hold_it_up(app, monkeypatch):
    monkeypatch.setattr(server, "PATIENCE", 60)
    with live_server(app) as running:
        connection = http.client.HTTPConnection(running.url.removeprefix("http://"))
        for _ in range(2):
            connection.request("GET", "/")
            assert connection.getresponse().read()
        silent = http.client.HTTPConnection(running.url.removeprefix("http://"))
        silent.connect()

    connection.close()
    silent.close()


def test_a_request_under_way_is_answered(app):
    entered, leave = threading.Event(), threading.Event()

    @app.get("/slow")
    def slow():
        entered.set()
        leave.wait(10)
        return "done"

    with ThreadPoolExecutor(1) as pool:
        with live_server(app) as running:
            answer = pool.submit(read, running.url, "/slow")
            assert entered.wait(10)
            threading.Timer(0.05, leave.set).start()

        assert answer.result() == b"done"


def test_a_request_that_never_ends_is_reported(app, monkeypatch):
    monkeypatch.setattr(server, "PATIENCE", 0.05)
    entered, leave = threading.Event(), threading.Event()

    @app.get("/stuck")
    def stuck():
        entered.set()
        leave.wait(10)
        return ""

    with ThreadPoolExecutor(1) as pool:
        with (
            pytest.raises(TimeoutError, match="a request still runs"),
            live_server(app) as running,
        ):
            answer = pool.submit(read, running.url, "/stuck")
            assert entered.wait(10)
        leave.set()
        answer.exception(10)


@pytest.mark.parametrize("testing", [False, True])
def test_what_a_view_raised_is_raised_at_the_end(app, testing):
    app.config["TESTING"] = testing
    with (
        pytest.raises(
            ExceptionGroup, match="views of the live server raised"
        ) as caught,
        live_server(app) as running,
    ):
        with pytest.raises(HTTPError) as answer:
            read(running.url, "/boom")
        assert answer.value.code == 500
        answer.value.close()
        assert read(running.url)

    [error] = caught.value.exceptions
    assert repr(error) == "RuntimeError('boom')"


def test_what_a_stream_raised_is_raised_at_the_end(app):
    with (
        pytest.raises(ExceptionGroup) as caught,
        live_server(app) as running,
        pytest.raises(http.client.IncompleteRead),
    ):
        read(running.url, "/stream")

    assert repr(caught.value.exceptions[0]) == "RuntimeError('in the stream')"


def test_an_expected_error_may_be_removed(app):
    with live_server(app) as running:
        with pytest.raises(HTTPError) as answer:
            read(running.url, "/boom")
        answer.value.close()
        assert [repr(each) for each in running.errors] == ["RuntimeError('boom')"]
        running.errors.clear()


def test_refusals_are_no_errors_not_even_those_of_flask_restful(app):
    class Room(Resource):
        def get(self):
            abort(404)

    Api(app).add_resource(Room, "/room")
    with live_server(app) as running:
        for path in ["/room", "/nowhere"]:
            with pytest.raises(HTTPError) as answer:
                read(running.url, path)
            answer.value.close()
        assert running.errors == []


def test_the_error_of_the_test_comes_first_and_has_notes(app):
    with pytest.raises(KeyError) as caught, live_server(app) as running:
        with pytest.raises(HTTPError) as answer:
            read(running.url, "/boom")
        answer.value.close()
        raise KeyError("the test")

    assert caught.value.__notes__ == ["The server raised RuntimeError('boom')"]
