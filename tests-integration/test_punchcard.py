"""Punchcard as strangers meet it: a command, a port, other people's requests."""

import functools
import json
import os
import random
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

COMMAND = [sys.executable, "-m", "twopi_demo"]


@pytest.fixture(scope="module")
def punchcard(tmp_path_factory):
    """Run Punchcard with a folder of its own; yield a function that sends requests."""
    data = tmp_path_factory.mktemp("punchcard")
    command = [*COMMAND, "--port", "0", "--rows", "400", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            url = re.search(r"http://127\.0\.0\.1:\d+", line)[0]
            yield functools.partial(send, url)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def send(url, method, path, body=None, token=None):
    """Return status, headers and text of the answer."""
    request = Request(url + path, method=method)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        request.data = raw
        request.add_header("Content-Type", "application/json")
    try:
        with urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


def log_in(punchcard, username="ada"):
    body = {"username": username, "password": "punchcard"}
    _, _, text = punchcard("POST", "/api/v1/login", body)
    return json.loads(text)


def test_once_drives_every_endpoint_and_leaves_nothing(tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [*COMMAND, "--once", "--rows", "2000", "--access-ttl", "2"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run(command, env=environment, check=False, timeout=120, **pipes)

    assert done.returncode == 0, done.stdout
    assert list(tmp_path.iterdir()) == []


def test_many_people_at_once_lose_nothing(punchcard):
    token = log_in(punchcard)["token"]
    projects = punchcard("GET", "/api/v1/projects", token=token)
    project = json.loads(projects[2])["items"][0]
    path = f"/api/v1/entries?project={project['id']}&limit=1&offset=0"

    def total():
        return json.loads(punchcard("GET", path, token=token)[2])["totalItems"]

    def add(number):
        entry = {
            "project": project["id"],
            "started": "2026-03-02T09:00:00+01:00",
            "minutes": 1 + number,
            "note": f"entry {number}",
        }
        return punchcard("POST", "/api/v1/entries", entry, token)[0]

    before = total()
    with ThreadPoolExecutor(16) as people:
        statuses = list(people.map(add, range(64)))

    assert set(statuses) == {201}
    assert total() == before + 64


def hostile_requests(seed):
    """Yield requests that nobody should send, the same ones for the same seed."""
    chance = random.Random(seed)
    paths = [
        "/api/v1/login",
        "/api/v1/renew",
        "/api/v1/me",
        "/api/v1/entries",
        "/api/v1/entries/1",
        "/api/v1/projects",
        "/api/v1/projects/99999999999999999999",
        "/api/v1/reports",
        "/api/v1/jobs/x",
        "/healthz",
        "/nowhere",
    ]
    bodies = [
        None,
        b"",
        b"{",
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b"9" * 5000,
        b'{"password": "hunter2", "username": "\\ud800"}',
        {"password": "hunter2", "username": ["ada"]},
        {"day": "0000-00-00", "minutes": 1e400, "project": -1, "note": "hunter2"},
        {"refreshToken": {"hunter2": 1}},
        b"null",
    ]
    queries = ["", "?limit=-1", "?offset=9" + "9" * 40, "?from=hunter2", "?limit=%00"]
    tokens = [None, "hunter2", "a.b.c", "." * 5000, "eyJhbGciOiJub25lIn0.e30."]
    for _ in range(250):
        yield (
            chance.choice(["GET", "POST", "PUT", "DELETE", "PATCH"]),
            chance.choice(paths) + chance.choice(queries),
            chance.choice(bodies),
            chance.choice(tokens),
        )


def test_hostile_requests_are_refused_and_not_echoed(punchcard):
    token = log_in(punchcard, "bob")["token"]
    for method, path, body, stranger in hostile_requests(seed=5):
        for credentials in (stranger, token):
            status, headers, text = punchcard(method, path, body, credentials)
            told = (method, path, str(body)[:80], status, text[:300])

            assert status < 500, told
            assert "hunter2" not in text, told
            if status >= 400:
                assert headers["Content-Type"] == "application/json", told
    assert punchcard("GET", "/healthz")[0] == 200


def test_a_kept_folder_keeps_sessions(tmp_path):
    command = [*COMMAND, "--port", "0", "--rows", "50"]
    command += ["--data", str(tmp_path / "kept")]
    refresh = None
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                url = re.search(r"http://[\d.:]+", process.stdout.readline())[0]
                if refresh is None:
                    body = {"username": "bob", "password": "punchcard"}
                    answer = send(url, "POST", "/api/v1/login", body)
                    refresh = json.loads(answer[2])["refreshToken"]
                else:
                    body = {"refreshToken": refresh}
                    answer = send(url, "POST", "/api/v1/renew", body)
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(20)

    assert answer[0] == 200
