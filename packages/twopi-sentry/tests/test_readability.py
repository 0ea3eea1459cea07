"""What is not a secret stays, whatever a client sends."""

import importlib
import logging

import pytest
import sentry_sdk
from flask import Flask
from marshmallow import ValidationError

from twopi_sentry import inject_sentry
from twopi_sentry.scrubbing.known_secrets import KnownSecrets
from twopi_sentry.scrubbing.scrubber import Scrubber

VALUES = {
    "max_tokens": 4096,
    "token_count": 12,
    "tokenizer": "cl100k_base",
    "password_min_length": 12,
    "password_required": False,
    "token_expiry": 900,
    "cookie_domain": "shop.example",
    "signature_algorithm": "RS256",
    "secretary": "Jane Doe",
    "token_type": "orders",
    "csrf_enabled": True,
    "pwd": "/srv/shop",
    "session_count": 3,
    "key_id": "k-2026",
    "password_changed_at": "2026-11-01",
    "login_url": "https://shop/login",
    "author": "Ada",
    "passenger": "Bob",
    "primary_key": "orders.id",
    "commit": "9c1185a5c5e9fc54612808977ee8f548b2258d31",
    "order": "0f8fad5b-d9cb-469f-a165-70867728950e",
}
MESSAGES = [
    "token: expired",
    "invalid token: signature mismatch for key k-2026",
    "Missing cookie: session",
    "KeyError: 'password'",
    "password: too short, needs 12 characters",
    "authorization: user 17 may not read order 99",
    "Authorization: denied by policy orders.read for role clerk",
    "cannot reach https://api.example:8443/x as ada@example.com",
    "basic auth failed for user",
    "secret: vault path kv/shop not found",
    "csrf: referer checking failed - no Referer",
    "{'token': ['Missing data for required field.']}",
    'column "password" of relation "users" does not exist',
    "bearer token expired at 12:00",
    "customer 17 of shop has no orders",
    "order 1000001 of 2026 is 100000 cents",
]
LINES = [
    "token = get_token(request)",
    "password: str | None = None",
    "if token == other.token:",
    "session_id=order.session_id,",
    "def login(password: str, token: str) -> User:",
    "raise AuthError(f'token: expired since {age}')",
    "authorization = Authorization.load(header, leeway=5)",
    "cookie = cookies.get(name)",
    "return jsonify(token=make_token(user))",
    "url = 'https://shop.example/?token=' + quote(token)",
    "headers['X-Api-Key'] = settings.api_key",
    "orders = Order.query.filter_by(customer=exception)",
    "assert passwords[name] != 'changeme'",
]


def test_fifty_harmless_values_stay(recording, dsn, tmp_path, monkeypatch):
    code = "def raise_it(messages):\n    raise LookupError(messages)\n"
    code += "    x = '''\n" + "".join(f"    {line}\n" for line in LINES) + "    '''\n"
    then = "raise_it"
    for start in range(0, len(VALUES), 7):  # the SDK sends ten variables of a frame
        some = [*VALUES.items()][start : start + 7]
        variables = "".join(f"    {name} = {each!r}\n" for name, each in some)
        code += f"def f{start}(messages):\n{variables}    {then}(messages)\n"
        then = f"f{start}"
    (tmp_path / "shopcode.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    fail = getattr(importlib.import_module("shopcode"), then)
    app = Flask("shop")
    app.config["SENTRY_DSN"] = dsn
    inject_sentry(app, transport=recording)

    @app.post("/")
    def view():
        fail(" | ".join(MESSAGES))

    assert len([*VALUES, *MESSAGES, *LINES]) == 50
    words = ["orders", "exception", "customer", "session", "k-2026", "changeme"]
    app.test_client(use_cookies=False).post(
        "/?token=customer&password=RuntimeError",
        json={"password": "orders", "tokens": words},
        headers={"Cookie": "; ".join(f"c{i}={each}" for i, each in enumerate(words))},
    )

    [event] = recording.events
    [error] = event["exception"]["values"]
    frames = error["stacktrace"]["frames"]
    kept = {}
    for each in frames[-4:]:
        kept |= each["vars"]
    assert {name: kept[name] for name in VALUES} == {
        name: repr(each) for name, each in VALUES.items()
    }
    assert error["value"] == " | ".join(MESSAGES)
    shown = frames[-1]["post_context"]
    assert [line for line in LINES[:4] if f"    {line}" not in shown] == []


@pytest.mark.parametrize("line", LINES)
def test_lines_of_source_stay(line):
    frame = {"context_line": line, "pre_context": [line], "post_context": [line]}
    event = {"exception": {"values": [{"stacktrace": {"frames": [frame]}}]}}
    known = KnownSecrets()
    for word in ["exception", "orders", "customer", "get_token"]:
        known.add(word)

    assert Scrubber(known).event(event) == event


def test_literals_of_source_that_are_secrets_do_not_stay():
    def scrubbed(line, *secrets):
        known = KnownSecrets()
        for each in secrets:
            known.add(each)
        frame = {"context_line": line}
        event = {"exception": {"values": [{"stacktrace": {"frames": [frame]}}]}}
        [error] = Scrubber(known).event(event)["exception"]["values"]
        return error["stacktrace"]["frames"][0]["context_line"]

    assert scrubbed("x = 'hunter2'", "hunter2") == "x = '[Filtered]'"
    assert scrubbed("password = 'swordfish'", "swordfish") == "password = '[Filtered]'"
    assert scrubbed("swordfish(password)", "swordfish") == "swordfish(password)"
    assert scrubbed("call(create_subscription)", "create_subscription") == (
        "call(create_subscription)"
    )
    assert scrubbed(f"x = 'AKIA{'ABCD' * 4}'") == "x = '[Filtered]'"
    assert scrubbed("connect('db://me:pa55@h')") == "connect('db://me:[Filtered]@h')"


KEYS = (
    *("exception", "values", "stacktrace", "frames", "request", "contexts", "function"),
    *("filename", "vars", "event_id", "level", "timestamp", "type", "module", "value"),
    *("mechanism", "sdk", "release", "environment"),
)


def shape(event):
    [error] = event["exception"]["values"]
    frames = [
        (each["module"], each["function"], each["filename"], each["lineno"])
        for each in error["stacktrace"]["frames"]
    ]
    return error["type"], error["module"], frames, event["transaction"], sorted(event)


@pytest.mark.parametrize("place", ["query", "cookie", "header", "json"])
def test_no_client_changes_the_shape_of_a_report(place, recording, dsn):
    app = Flask("shop")
    app.config["SENTRY_DSN"] = dsn
    inject_sentry(app, transport=recording)

    @app.post("/orders")
    def create_subscription_order():
        return 1 / 0

    client = app.test_client(use_cookies=False)
    client.post("/orders")
    module = create_subscription_order.__module__
    for word in [*KEYS, module, "create_subscription_order", "ZeroDivisionError"]:
        client.post(
            "/orders",
            **{
                "query": {"query_string": {"token": word}},
                "cookie": {"headers": {"Cookie": f"a={word}"}},
                "header": {"headers": {"X-Token": word}},
                "json": {"json": {"password": word}},
            }[place],
        )

    first, *others = recording.events
    assert len(others) == len(KEYS) + 3
    assert [each for each in others if shape(each)[:4] != shape(first)[:4]] == []


def test_counts_of_a_language_model_stay_numbers(recording, dsn):
    app = Flask("shop")
    app.config["SENTRY_DSN"] = dsn
    client = inject_sentry(app, transport=recording, traces_sample_rate=1.0)
    counts = {
        "gen_ai.usage.input_tokens": 812,
        "gen_ai.usage.input_tokens.cached": 400,
        "gen_ai.usage.output_tokens.reasoning": 95,
        "gen_ai.request.max_tokens": 4096,
    }

    @app.get("/")
    def view():
        with sentry_sdk.start_span(op="chat", name="chat") as span:
            for name, count in counts.items():
                span.set_data(name, count)
        return ""

    app.test_client().get("/")
    client.flush()

    [transaction] = recording.items("transaction")
    [data] = [each["data"] for each in transaction["spans"] if each["op"] == "chat"]
    assert {name: data[name] for name in counts} == counts


def test_a_validation_error_that_was_logged_is_reported(recording, dsn):
    app = Flask("shop")
    app.config["SENTRY_DSN"] = dsn
    inject_sentry(app, transport=recording)

    @app.get("/<how>")
    def view(how):
        try:
            raise ValidationError({"price": ["Not a number."]})  # noqa: TRY301
        except ValidationError:
            if how == "log":
                logging.getLogger("shop").exception("the supplier sent nonsense")
            else:
                sentry_sdk.capture_exception()
        return ""

    for how in ["log", "capture"]:
        app.test_client().get(f"/{how}")

    assert len(recording.events) == 2
