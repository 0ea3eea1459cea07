"""How long a request waits for a renewal, and what a fork does to it."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import requests

from twopi_token_auth.clients import ServerUnavailableError
from twopi_token_auth.clients.httpx import SessionAuth
from twopi_token_auth.clients.requests import SessionAuth as RequestsAuth
from twopi_token_auth.clients.steps import run


@pytest.fixture
def http(server, clock):
    with httpx.Client(timeout=60) as http:
        http.auth = SessionAuth(http, server.url, clock=clock)
        http.auth.log_in("ada", "right")
        clock.now += 3600
        server.gate.clear()
        yield http
        server.gate.set()


def test_the_timeout_of_a_request_holds_for_its_own_renewal(http, server):
    with pytest.raises(ServerUnavailableError):
        http.get(f"{server.origin}/me", timeout=0.1)

    server.gate.set()
    assert http.get(f"{server.origin}/me").status_code == 200


def test_the_timeout_of_a_request_holds_for_the_renewal_of_another(http, server):
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(http.get, f"{server.origin}/me")
        assert server.renewing.wait(60)
        with pytest.raises(ServerUnavailableError, match="Another request renews"):
            http.get(f"{server.origin}/me", timeout=0.1)
        server.gate.set()

        assert first.result().status_code == 200
    assert server.renewals() == 1


def test_a_request_in_a_hurry_uses_a_token_that_is_still_valid(http, server, clock):
    clock.now -= 3600 - 45
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(http.get, f"{server.origin}/me")
        assert server.renewing.wait(60)
        steps = http.auth._session.get_token(user="ada")
        assert run(steps, http.auth._send, 0.1)
        server.gate.set()

        assert first.result().status_code == 200
    assert server.renewals() == 1


def test_a_request_in_a_hurry_does_not_fail_those_with_more_time(http, server):
    waits = threading.Event()
    get_token = http.auth._session.get_token

    def tell(*arguments, **options):
        waits.set()
        return (yield from get_token(*arguments, **options))

    with ThreadPoolExecutor(2) as pool:
        hurried = pool.submit(http.get, f"{server.origin}/me", timeout=1)
        assert server.renewing.wait(60)
        http.auth._session.get_token = tell
        patient = pool.submit(http.get, f"{server.origin}/me")
        assert waits.wait(60)
        with pytest.raises(ServerUnavailableError):
            hurried.result()
        server.gate.set()

        assert patient.result().status_code == 200


def test_a_client_without_timeouts_waits_for_a_bounded_time(server):
    seen = []
    with httpx.Client(timeout=None) as http:
        http.auth = SessionAuth(http, server.url)
        http.event_hooks = {"request": [lambda each: seen.append(each.extensions)]}
        http.auth.log_in("ada", "right")

    assert 0 < seen[0]["timeout"]["read"] <= 30


@pytest.mark.parametrize("timeout", [0.1, (60, 0.1)])
def test_requests_waits_for_as_long_as_the_request_says(server, clock, timeout):
    with requests.Session() as http, ThreadPoolExecutor(1) as pool:
        http.trust_env = False
        http.auth = RequestsAuth(http, server.url, clock=clock, timeout=60)
        http.auth.log_in("ada", "right")
        clock.now += 3600
        server.gate.clear()
        first = pool.submit(http.get, f"{server.origin}/me", timeout=60)
        assert server.renewing.wait(60)
        with pytest.raises(ServerUnavailableError, match="Another request renews"):
            http.get(f"{server.origin}/me", timeout=timeout)
        server.gate.set()
        assert first.result().status_code == 200


def test_requests_waits_for_as_long_as_its_auth_says(server, clock):
    with requests.Session() as http:
        http.trust_env = False
        http.auth = RequestsAuth(http, server.url, clock=clock, timeout=60)
        http.auth.log_in("ada", "right")
        clock.now += 3600
        server.gate.clear()
        http.auth._timeout = 0.1
        with pytest.raises(ServerUnavailableError):
            http.get(f"{server.origin}/me")
        http.auth._timeout = 60
        server.gate.set()

        assert http.get(f"{server.origin}/me").status_code == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("locked", [False, True])
def test_a_fork_during_a_renewal(http, server, locked):
    """The child neither waits for a thread that it has not, nor for its lock."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(http.get, f"{server.origin}/me")
        assert server.renewing.wait(60)
        server.renewing.clear()
        lock = http.auth._session._lock
        if locked:
            lock.acquire()
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            status = 1
            try:
                with httpx.Client(auth=http.auth, timeout=60) as own:
                    http.auth._client = own
                    status = own.get(f"{server.origin}/me").status_code != 200
            finally:
                os._exit(status)
        if locked:
            lock.release()
        renews = server.renewing.wait(60)
        server.gate.set()
        _, status = os.waitpid(child, 0)

        assert waiting.result().status_code == 200
    assert renews
    assert os.waitstatus_to_exitcode(status) == 0
