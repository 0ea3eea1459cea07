"""twopi-sentry beside sentry-sdk alone: what it costs to take the secrets out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sentry_sdk
from flask import Flask, request
from sentry_sdk.envelope import Envelope
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.transport import Transport

from benchmarks.cases import Bar, Case, Subject, Suite
from twopi_sentry import inject_sentry
from twopi_sentry.scrubbing.encodings import literals
from twopi_sentry.scrubbing.patterns import replace_shapes

DSN = "https://key@sentry.invalid/1"
SECRET = "kFq83-hd62gXhQ01"  # noqa: S105
HEADERS = {"Authorization": f"Bearer {SECRET}", "Cookie": f"session={SECRET}.a; a=b"}
BODY = {"name": "Ada", "password": SECRET, "lines": [{"sku": "tea", "count": 2}] * 20}


class Counting(Transport):
    """Counts events, and keeps the last envelope that had one."""

    def __init__(self) -> None:
        super().__init__()
        self.last = b""
        self.events = 0

    def capture_envelope(self, envelope: Envelope) -> None:
        """Do what a transport does before it sends."""
        if envelope.get_event() is not None:
            self.events += 1
            self.last = envelope.serialize()


def application(
    setup: Callable[[Flask, Counting], sentry_sdk.Client | None] | None,
) -> Any:
    """Return a function that sends a request to an application, and its transport."""
    app = Flask("bench")
    app.config["SENTRY_DSN"] = DSN
    transport = Counting()

    @app.post("/fine")
    def fine() -> str:
        return str(request.get_json()["name"])

    @app.post("/fail")
    def fail() -> str:
        given = request.headers["Authorization"]
        raise RuntimeError(f"no report for {given}")

    app.logger.disabled = True
    bound = setup(app, transport) if setup is not None else None
    client = app.test_client(use_cookies=False)

    def send(path: str) -> int:
        answer = client.post(f"{path}?a=1&token={SECRET}", json=BODY, headers=HEADERS)
        return answer.status_code

    def send_bound(path: str) -> int:
        with sentry_sdk.isolation_scope() as scope:
            scope.set_client(bound)
            return send(path)

    return send if bound is None else send_bound, transport


def bare(_: Flask, transport: Counting) -> sentry_sdk.Client:
    """Report as sentry-sdk does by itself."""
    return sentry_sdk.Client(
        dsn=DSN, transport=transport, integrations=[FlaskIntegration()]
    )


def ours(app: Flask, transport: Counting) -> None:
    """Report as twopi-sentry does, which binds its client itself."""
    inject_sentry(app, transport=transport)


def requests(path: str, title: str, bars: list[Bar], status: int) -> Case:
    """Send a request to an application without, with bare and with our reporting."""
    plain, nothing = application(None)
    alone, sent_alone = application(bare)
    scrubbed, sent = application(ours)

    def check() -> None:
        assert plain(path) == alone(path) == scrubbed(path) == status  # noqa: S101
        assert nothing.events == 0  # noqa: S101
        assert sent_alone.events == sent.events == (status == 500)  # noqa: S101
        if status == 500:
            assert SECRET.encode() in sent_alone.last  # noqa: S101
            assert SECRET.encode() not in sent.last  # noqa: S101

    return Case(
        path.strip("/"),
        title,
        {
            "no reporting": Subject(lambda: plain(path)),
            "sentry-sdk": Subject(lambda: alone(path)),
            "twopi-sentry": Subject(lambda: scrubbed(path)),
        },
        check,
        bars,
    )


def texts() -> Case:
    """Take three known secrets and whatever looks like one out of a log line."""
    line = "GET /orders?page=3&sort=date 200 for Ada, 1.2 ms, cache hit, 50 rows " * 4
    replace = literals(frozenset({SECRET, "hunter2-hunter2", "correct horse"}))
    shown = f"{line} password={SECRET}"

    def check() -> None:
        assert replace_shapes(replace(line)) == line  # noqa: S101
        assert SECRET not in replace(shown)  # noqa: S101

    return Case(
        "text",
        "a text of 280 characters without a secret",
        {
            "by shape": Subject(lambda: replace_shapes(line)),
            "by value": Subject(lambda: replace(line)),
        },
        check,
    )


def suite() -> Suite:
    """Return the suite."""
    distributions = ["twopi-sentry", "sentry-sdk", "flask"]
    fine = "a request that reports nothing"
    fail = "a request that fails, to the envelope that would be sent"
    bars = [Bar("twopi-sentry", "sentry-sdk", 1.1)]
    return Suite(
        "sentry",
        [
            requests("/fine", fine, bars, 200),
            requests("/fail", fail, [Bar("twopi-sentry", "sentry-sdk", 3)], 500),
            texts(),
        ],
        distributions,
    )
