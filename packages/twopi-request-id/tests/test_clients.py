"""The ids in requests that an application sends, over real sockets."""

import asyncio
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter

from twopi_request_id import (
    aadd_headers,
    add_headers,
    bind_request_id,
    current_trace,
    follow_session,
    outgoing_headers,
)

SENT = ("HTTP_X_REQUEST_ID", "HTTP_TRACEPARENT", "HTTP_TRACESTATE")


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def url():
    """A server that answers with the headers it was sent."""

    def echo(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return ["|".join(environ.get(name, "") for name in SENT).encode()]

    with make_server("127.0.0.1", 0, echo, handler_class=Quiet) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def with_httpx(url, headers):
    hooks = {"request": [add_headers]}
    with httpx.Client(event_hooks=hooks, trust_env=False) as client:
        return client.get(url, headers=headers).text


def with_async_httpx(url, headers):
    async def get():
        hooks = {"request": [aadd_headers]}
        async with httpx.AsyncClient(event_hooks=hooks, trust_env=False) as client:
            return (await client.get(url, headers=headers)).text

    return asyncio.run(get())


def with_requests(url, headers):
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://127.0.0.1", HTTPAdapter(max_retries=1))
        follow_session(session)
        follow_session(session)
        return session.get(url, headers=headers, timeout=60).text


@pytest.fixture(params=[with_httpx, with_async_httpx, with_requests])
def get(request):
    return request.param


def test_a_request_carries_id_and_trace(get, url):
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    with bind_request_id("abc", traceparent=parent, tracestate="a=1"):
        expected = f"abc|{current_trace().traceparent}|a=1"
        assert get(url, {}) == expected


def test_what_is_given_stays(get, url):
    with bind_request_id("abc"):
        assert get(url, {"x-request-id": "own"}).startswith("own|00-")


def test_outside_of_requests_nothing_is_sent(get, url):
    assert get(url, {}) == "||"


def test_the_name_of_the_header_can_be_chosen():
    with bind_request_id("abc"):
        assert outgoing_headers("X-Trace")["X-Trace"] == "abc"
    assert outgoing_headers() == {}
