"""Fifty secrets, planted wherever they occur, and a Sentry that none of them reaches.

Whatever an application is given it shows everywhere: in log lines, breadcrumbs, tags,
contexts, spans, local variables, exceptions and their causes; as text, ``repr``, JSON,
quoted and in base64.
"""

import base64
import json
import os
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
import sentry_sdk
from celery import Celery
from flask import Flask, request
from sentry_sdk.consts import DEFAULT_OPTIONS

from twopi_sentry import inject_sentry

LOGS = {"enable_logs": True} if "enable_logs" in DEFAULT_OPTIONS else {}
ROUNDS = int(os.environ.get("TWOPI_SENTRY_ROUNDS", "1"))

SHOW = '''
import base64, json, logging
from urllib.parse import quote

import sentry_sdk

def show(x):
    """Put *x* into everything that is sent, and fail with it."""
    texts = [str(each) for each in x]
    forms = [*texts, *map(repr, texts), json.dumps(texts), *map(quote, texts)]
    forms += [base64.b64encode(each.encode()).decode() for each in texts]
    forms += [base64.urlsafe_b64encode(f"a:{each}".encode()).decode() for each in texts]
    logging.getLogger("app").error("seen %s in %r", texts, x)
    for form in forms:
        sentry_sdk.add_breadcrumb(message=f"saw {form}", data={"x": form})
    sentry_sdk.set_extra("x", {form: [form] for form in forms})
    sentry_sdk.set_tag("x", texts[-1])
    sentry_sdk.set_context("y", {"z": forms})
    with sentry_sdk.start_span(op="x", name=" ".join(texts)) as span:
        span.set_data("x", forms)
    if hasattr(sentry_sdk, "logger"):
        sentry_sdk.logger.error("seen {x}", x=forms[-1], attributes={"y": texts[0]})
    try:
        raise KeyError(*forms)
    except KeyError as error:
        raise RuntimeError(f"failed for {forms}") from error
'''

HEADERS = {
    "bearer": lambda s: {"Authorization": f"Bearer {s}"},
    "own scheme": lambda s: {"Authorization": s},
    "basic": lambda s: {
        "Authorization": f"Basic {base64.b64encode(f'me:{s}'.encode()).decode()}"
    },
    "digest": lambda s: {"Authorization": f"Digest {s}"},
    "proxy": lambda s: {"Proxy-Authorization": f"Bearer {s}"},
    "api key": lambda s: {"X-Api-Key": s},
    "auth token": lambda s: {"X-Auth-Token": s},
    "csrf": lambda s: {"X-CSRFToken": s},
    "session cookie": lambda s: {"Cookie": f"a=b; session={s}"},
    "other cookie": lambda s: {"Cookie": f"lang={s}; a=b"},
    "referer": lambda s: {
        "Referer": f"https://x.example/?a=1&{urlencode({'token': s})}"
    },
    "referer of a login": lambda s: {
        "Referer": f"https://x.example/cb?access_token={s}"
    },
}
QUERIES = ["token", "access_token", "apiKey", "password", "signature", "refreshToken"]
BODIES = {
    "json password": lambda s: {"json": {"a": 1, "password": s}},
    "json nested": lambda s: {"json": {"a": [{"refreshToken": s}]}},
    "json list": lambda s: {"json": {"passwords": ["others", [s]]}},
    "json client": lambda s: {"json": {"client_secret": s}},
    "json key": lambda s: {"json": {"PRIVATE_KEY": s, "x": None}},
    "json pairs": lambda s: {"json": [["api_key", s]]},
    "broken json": lambda s: {
        "data": json.dumps({"pwd": s})[:-1],
        "content_type": "application/json",
    },
    "form password": lambda s: {"data": {"password": s, "a": "b"}},
    "form otp": lambda s: {"data": {"otp": s}},
    "form answer": lambda s: {"data": {"secret_answer": s}},
    "multipart": lambda s: {
        "data": {"token": s},
        "content_type": "multipart/form-data",
    },
    "xml": lambda s: {"data": f"<passwd>{s}</passwd>", "content_type": "text/xml"},
}
LOCALS = {
    "variable": "password = found; x = [password]",
    "dict": "data = {'credentials': {'a': [found]}}; x = [data['credentials']['a'][0]]",
    "pair": "pairs = [('x-api-key', found)]; x = [pairs[0][1]]",
    "url": "dsn = f'mysql://me:{found}@db/x'; x = [dsn, f'cannot open {dsn}']",
    "header": "x = [f'GET / Authorization: Bearer {found}']",
    "line": "token = found; log.error('token=%s', token); x = [f'pwd: {token!r}']",
    "extra": "log.error('seen', extra={'token': found}); token = found; x = ['']",
    "g": "flask.g.api_token = found; x = [flask.g.api_token]",
}
TASKS = {
    "token": lambda s: ([], {"token": s}),
    "position": lambda s: ([1, s], {}),
    "nested": lambda s: ([{"a": [{"api_key": s}]}], {}),
    "other": lambda s: ([], {"userPassword": s}),
    "in a dict": lambda s: ([], {"x": {"credentials": [s]}}),
    "url": lambda s: ([f"amqp://me:{s}@mq//"], {}),
    "bearer": lambda s: ([f"Bearer {s}"], {}),
    "pairs": lambda s: ([[["authorization", s]]], {}),
    "query": lambda s: ([f"/cb?access_token={s}"], {}),
    "twice": lambda s: ([s], {"token": s}),
}
IN_CONFIG = ("SECRET_KEY", "MAIL_PASSWORD")
COUNT = len([*HEADERS, *QUERIES, *BODIES, *LOCALS, *TASKS, *IN_CONFIG])


def test_fifty_secrets_are_planted():
    assert COUNT == 50


def new_secret(*, any_text=False):
    return f"zq{secrets.token_urlsafe(12)}" + ("/+ é&\"'\\<" if any_text else "")


def storm_of_requests(dsn, inject):
    """Return the planted secrets and the number of events they were shown in."""
    config = {name: new_secret(any_text=True) for name in IN_CONFIG}
    app = Flask(__name__)
    app.config.update(SENTRY_DSN=dsn, **config)
    vault = {name: new_secret(any_text=name != "url") for name in LOCALS}
    client = inject(app)
    names = {}
    exec(SHOW, names)

    @app.post("/given/<a>")
    def given(a):
        x = [value for _, value in request.headers.items()]
        x += [*request.args.values(), *request.cookies.values()]
        x += [request.authorization and request.authorization.password]
        x += [request.get_data(), request.get_json(silent=True), dict(request.form)]
        names["show"](x)

    for name, code in LOCALS.items():
        lines = "\n    ".join(code.split("; "))
        local = {"vault": vault, "show": names["show"]}
        exec(
            "import logging, flask\nlog = logging.getLogger('app')\n"
            f"def view():\n    found = vault[{name!r}]\n    {lines}\n    show(x)",
            local,
        )
        app.post(f"/local/{name}", endpoint=f"local {name}")(local["view"])

    @app.post("/config")
    def of_config():
        names["show"]([app.config[name] for name in IN_CONFIG])

    planted = {**config, **vault}
    requests = [("/config", {}), *((f"/local/{name}", {}) for name in LOCALS)]
    for name, make in HEADERS.items():
        planted[name] = secret = new_secret()
        requests.append(("/given/x", {"headers": make(secret)}))
    for name in QUERIES:
        planted[name] = secret = new_secret(any_text=True)
        requests.append(("/given/x", {"query_string": {"a": "b", name: secret}}))
    for name, make in BODIES.items():
        planted[name] = secret = new_secret(any_text=name != "xml")
        requests.append(("/given/x", make(secret)))

    def send(each):
        path, arguments = each
        return app.test_client(use_cookies=False).post(path, **arguments).status_code

    sent = requests * ROUNDS
    with ThreadPoolExecutor(4) as pool:
        for start in range(0, len(sent), 20):  # the SDK keeps 100 envelopes at most
            assert set(pool.map(send, sent[start : start + 20])) == {500}
            client.flush(timeout=60)
    client.close(timeout=60)
    return planted, len(sent)


def test_a_storm_of_requests(loopback):
    def inject(app):
        return inject_sentry(app, traces_sample_rate=1.0, **LOGS)

    planted, count = storm_of_requests(loopback.dsn, inject)

    assert len(planted) == COUNT - len(TASKS)
    assert len(loopback.errors) == count
    assert len(loopback.items("transaction")) == count
    assert loopback.leaked(planted) == []


def test_the_storm_shows_every_secret(loopback):
    """sentry-sdk alone sends each of them."""

    def inject(app):
        from sentry_sdk.integrations.flask import FlaskIntegration

        client = sentry_sdk.Client(
            dsn=loopback.dsn, integrations=[FlaskIntegration()], **LOGS
        )
        sentry_sdk.get_global_scope().set_client(client)
        return client

    planted, _ = storm_of_requests(loopback.dsn, inject)

    assert loopback.leaked(planted) == [*planted]


WORKER = """
from celery import Celery
from twopi_sentry import celery_inject_sentry

app = Celery("twopi-sentry-storm", broker={broker!r})
app.conf.update(
    SENTRY_DSN={dsn!r}, task_default_queue={queue!r}, worker_hijack_root_logger=False,
    broker_transport_options={options!r}, task_always_eager=False,
)
celery_inject_sentry(app, traces_sample_rate=1.0, **{logs!r})
{show}

@app.task(name="fail", bind=True)
def fail(self, x=None, token=None, **others):
    show([x, token, others, self.request.args, self.request.kwargs])
"""


def storm_of_tasks(pool, broker, options, folder, recording):
    """Return the planted secrets and the number of tasks they were given to."""
    queue = f"twopi-sentry-storm-{secrets.token_hex(4)}"
    script = WORKER.format(
        broker=broker,
        dsn=recording.dsn,
        queue=queue,
        options=options,
        logs=LOGS,
        show=SHOW,
    )
    (folder / "tasks.py").write_text(script)
    plain = {"url", "query", "bearer"}
    planted = {name: new_secret(any_text=name not in plain) for name in TASKS}
    producer = Celery("producer", broker=broker, set_as_current=False)
    producer.conf.broker_transport_options = options
    for _ in range(ROUNDS):
        for make, secret in zip(TASKS.values(), planted.values(), strict=True):
            producer.send_task("fail", *make(secret), queue=queue)
    producer.close()
    command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "-P", pool]
    command += ["-c", "2", "-Q", queue, "-n", f"{queue}@x"]
    command += ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    with (folder / "log").open("w") as log:
        worker = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            recording.wait(len(TASKS) * ROUNDS, worker)
            worker.terminate()
            worker.wait(timeout=60)
        finally:
            worker.kill()
            worker.wait()
    return planted, len(TASKS) * ROUNDS


def test_a_storm_of_tasks_in_a_solo_worker(tmp_path, loopback):
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "messages"),
        "data_folder_out": str(tmp_path / "messages"),
        "control_folder": str(tmp_path / "control"),
        "polling_interval": 0.05,
    }

    planted, count = storm_of_tasks(
        "solo", "filesystem://", options, tmp_path, loopback
    )

    assert len(loopback.errors) == count
    assert loopback.leaked(planted) == []


@pytest.mark.services
@pytest.mark.parametrize("pool", ["prefork", "solo"])
def test_a_storm_of_tasks_over_a_broker(pool, tmp_path, loopback):
    broker = os.environ["TWOPI_TEST_REDIS_URL"]

    planted, count = storm_of_tasks(pool, broker, {}, tmp_path, loopback)

    assert len(loopback.errors) == count
    assert loopback.leaked(planted) == []
