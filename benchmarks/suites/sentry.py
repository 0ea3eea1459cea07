"""twopi-sentry beside sentry-sdk alone: what it costs to take the secrets out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from time import process_time
from typing import Any

import sentry_sdk
from flask import Flask, request
from sentry_sdk.envelope import Envelope
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.transport import Transport

from benchmarks.cases import Bar, Case, Subject, Suite
from twopi_sentry import inject_sentry
from twopi_sentry.scrubbing.known_secrets import KnownSecrets
from twopi_sentry.scrubbing.scrubber import Scrubber

DSN = "https://key@sentry.invalid/1"
SECRET = "kFq83-hd62gXhQ01"  # noqa: S105
BODY = {"name": "Ada", "password": SECRET, "lines": [{"sku": "tea", "count": 2}] * 20}
ORDINARY = {
    "query_string": {"a": "1", "token": SECRET},
    "json": BODY,
    "headers": {
        "Authorization": f"Bearer {SECRET}",
        "Cookie": f"session={SECRET}.a; a=b",
    },
}
MANY_COOKIES = {
    "json": BODY,
    "headers": {
        "Authorization": f"Bearer {SECRET}",
        "Cookie": "; ".join(f"c{each}=v{each:06}" for each in range(600)),
    },
}


def tokens(count: int) -> dict[str, Any]:
    """Return a request with *count* short tokens in its body."""
    return {
        "json": {"name": "Ada", "token": [f"t{each:06}x" for each in range(count)]},
        "headers": {"Authorization": f"Bearer {SECRET}"},
    }


class Counting(Transport):
    """Counts events, and keeps the last envelopes."""

    def __init__(self) -> None:
        super().__init__()
        self.last = b""
        self.events = 0

    def capture_envelope(self, envelope: Envelope) -> None:
        """Do what a transport does before it sends."""
        if envelope.get_event() is not None:
            self.events += 1
        self.last = envelope.serialize() + self.last[:100_000]


def application(
    setup: Callable[[Flask, Counting], sentry_sdk.Client | None] | None,
) -> Any:
    """Return a function that sends a request to an application, and its transport."""
    app = Flask("bench")
    app.config["SENTRY_DSN"] = DSN
    transport = Counting()

    @app.post("/fine")
    def fine() -> str:
        with sentry_sdk.start_span(op="db", name="SELECT * FROM orders WHERE id = %s"):
            return str(request.get_json()["name"])

    @app.post("/fail")
    def fail() -> str:
        given = request.headers["Authorization"]
        orders = [{"id": each, "item": "ink"} for each in range(20)]
        raise RuntimeError(f"no report for {given} of {len(orders)}")

    app.logger.disabled = True
    bound = setup(app, transport) if setup is not None else None
    client = app.test_client(use_cookies=False)

    def send(path: str, given: Mapping[str, Any]) -> int:
        return client.post(path, **given).status_code

    def send_bound(path: str, given: Mapping[str, Any]) -> int:
        with sentry_sdk.isolation_scope() as scope:
            scope.set_client(bound)
            return send(path, given)

    return send if bound is None else send_bound, transport


def bare(_: Flask, transport: Counting) -> sentry_sdk.Client:
    """Report as sentry-sdk does by itself."""
    return sentry_sdk.Client(
        dsn=DSN,
        transport=transport,
        integrations=[FlaskIntegration()],
        traces_sample_rate=1.0,
    )


def ours(app: Flask, transport: Counting) -> None:
    """Report as twopi-sentry does, which binds its client itself."""
    inject_sentry(app, transport=transport, traces_sample_rate=1.0)


def requests(
    name: str, title: str, path: str, given: Mapping[str, Any], limit: float
) -> Case:
    """Send a request to an application with bare and with our reporting."""
    alone, sent_alone = application(bare)
    scrubbed, sent = application(ours)
    status = 500 if path == "/fail" else 200

    def check() -> None:
        assert alone(path, given) == scrubbed(path, given) == status  # noqa: S101
        assert sent_alone.events == sent.events == (status == 500)  # noqa: S101
        if status == 500:
            assert SECRET.encode() in sent_alone.last  # noqa: S101
        assert SECRET.encode() not in sent.last  # noqa: S101
        assert b"values were left out" not in sent.last  # noqa: S101

    return Case(
        name,
        title,
        {
            "sentry-sdk": Subject(lambda: alone(path, given)),
            "twopi-sentry": Subject(lambda: scrubbed(path, given)),
        },
        check,
        [Bar("twopi-sentry", "sentry-sdk", limit)],
        rounds=60,
    )


def event(size: int) -> dict[str, Any]:
    """Return an event with *size* breadcrumbs, as large as they are many."""
    line = "GET /orders?page=3&sort=date 200 for Ada, 1.2 ms, cache hit, 50 rows %20"
    crumbs = [
        {"message": f"{line} {each}", "data": {"user": "ada", "token": f"t{each:06}x"}}
        for each in range(size)
    ]
    return {"breadcrumbs": {"values": crumbs}, "message": f"failed for {SECRET}"}


def scrub(size: int, count: int) -> float:
    """Return the seconds that an event takes, the best of five."""
    given = event(size)
    known = KnownSecrets()
    known.add(SECRET)
    known.add_many(f"t{each:06}x" for each in range(count))
    best = math.inf
    for _ in range(5):
        start = process_time()
        scrubbed = Scrubber(known).event(given)
        best = min(best, process_time() - start)
    assert SECRET not in str(scrubbed)  # noqa: S101
    assert "values were left out" not in str(scrubbed)  # noqa: S101
    return best


def fitted(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Return the exponent of a power law through the points, by least squares."""
    x, y = [math.log(each) for each in sizes], [math.log(each) for each in seconds]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    over = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return over / sum((a - mean_x) ** 2 for a in x)


def exponents() -> Sequence[str]:
    """Say how the cost grows with the size of an event and the number of secrets."""
    sizes, counts = [100, 200, 400, 800, 1600], [20, 200, 2000, 20_000]
    send, _ = application(ours)

    def request_of(count: int) -> float:
        given = tokens(count)
        send("/fail", given)
        best = math.inf
        for _ in range(5):
            start = process_time()
            send("/fail", given)
            best = min(best, process_time() - start)
        return best

    rows = [
        ("size of the event", sizes, [scrub(each, 1000) for each in sizes], 1.1),
        ("number of secrets", counts, [scrub(400, each) for each in counts], 0.3),
        ("tokens of a request", counts, [request_of(each) for each in counts], 0.3),
    ]
    lines = []
    for name, given, seconds, limit in rows:
        exponent = fitted(given, seconds)
        word = "kept  " if exponent <= limit else "MISSED"
        shown = ", ".join(f"{each * 1e3:.1f}" for each in seconds)
        lines.append(f"{word}  {name}: exponent {exponent:.2f} <= {limit} ({shown} ms)")
    return lines


def suite() -> Suite:
    """Return the suite."""
    distributions = ["twopi-sentry", "sentry-sdk", "flask"]
    return Suite(
        "sentry",
        [
            requests("error", "a request that fails", "/fail", ORDINARY, 2),
            requests("traced", "a traced request answered 200", "/fine", ORDINARY, 2),
            requests("cookies", "the same with 600 cookies", "/fine", MANY_COOKIES, 3),
            requests(
                "tokens", "20,000 tokens in a body, failing", "/fail", tokens(20_000), 3
            ),
        ],
        distributions,
        exponents,
    )
