"""Every kind of failure, in every kind of view, in production and in tests.

One matrix holds the bodies and headers together, one property what must not be in them:
`TWOPI_RESTFUL_EXAMPLES=10000` sends as many random requests to each of three apps.
"""

import logging
import os
import random
import string

import flask
import flask_restful
import pytest
from flask import request
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields
from werkzeug import exceptions

import twopi_restful
from twopi_restful import Problem, get_and_expect_json, output_json

#: How many requests may try to be repeated by an answer.
EXAMPLES = int(os.environ.get("TWOPI_RESTFUL_EXAMPLES", "400"))


SILENT = logging.getLogger("twopi_restful.tests.silent")
SILENT.disabled = True


class Order(Schema):
    amount = fields.Integer(required=True)


def load_order():
    return Order().load(request.get_json())


def too_many():
    raise exceptions.TooManyRequests(retry_after=7)


def unavailable():
    flask.abort(503, "The printer is on fire.", retry_after=30)


def crash():
    raise RuntimeError(request.get_data(as_text=True), request.url)


def taken():
    flask_restful.abort(409, message="Taken.", seat=4)


def described(status):
    return {"_errors": [exceptions.default_exceptions[status].description]}


NO_JSON = (
    "Did not attempt to load JSON data because the request Content-Type was not"
    " 'application/json'."
)
JSON = {"data": '{"amount": 1}', "content_type": "application/json"}
FAILURES = {  # what the view does, what is sent, and the status, body, headers of it
    "400 malformed": (
        load_order,
        {**JSON, "data": '{"amount": '},
        (400, described(400), {}),
    ),
    "404": (lambda: flask.abort(404), JSON, (404, described(404), {})),
    "405": (
        load_order,
        {**JSON, "method": "PATCH"},
        (405, described(405), {"Allow": "OPTIONS, POST"}),
    ),
    "406": (lambda: flask.abort(406), JSON, (406, described(406), {})),
    "413": (
        load_order,
        {**JSON, "data": b" " * 1_000_001},
        (413, described(413), {}),
    ),
    "415": (
        load_order,
        {**JSON, "content_type": "text/plain"},
        (415, {"_errors": [NO_JSON]}, {}),
    ),
    "422": (lambda: flask.abort(422), JSON, (422, described(422), {})),
    "429": (too_many, JSON, (429, described(429), {"Retry-After": "7"})),
    "500": (crash, JSON, (500, described(500), {})),
    "503": (
        unavailable,
        JSON,
        (503, {"_errors": ["The printer is on fire."]}, {"Retry-After": "30"}),
    ),
    "abort with arguments": (
        taken,
        JSON,
        (409, {"_errors": ["Taken."], "seat": 4}, {}),
    ),
    "schema.load": (
        load_order,
        {**JSON, "data": '{"amount": "many"}'},
        (422, {"_errors": [{"amount": ["Not a valid integer."]}]}, {}),
    ),
}


def wired(build, view, *, testing):
    """Return an app with *view* in every kind of view, and with its handlers."""
    app, apis = build(view, testing=testing)
    app.config["PROPAGATE_EXCEPTIONS"] = False  # else a 500 raises in tests
    app.logger = SILENT
    twopi_restful.init_app(app, *apis)
    app.register_error_handler(
        ValidationError, lambda error: output_json({"message": error.messages}, 422)
    )
    return app


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_is_the_same_in_every_view_and_mode(build, kinds, name):
    view, sent, (status, body, headers) = FAILURES[name]
    answers = [
        wired(build, view, testing=testing)
        .test_client()
        .open(path, **{"method": "POST", **sent})
        for testing in (False, True)
        for path in kinds
    ]

    assert len(answers) == 2 * len(kinds)
    assert len({answer.data for answer in answers}) == 1
    for answer in answers:
        found = dict(answer.headers)
        if "Allow" in found:  # a set, in no order
            found["Allow"] = ", ".join(sorted(answer.allow))
        assert (answer.status_code, answer.json) == (status, body)
        assert found == headers | {
            "Content-Type": "application/json",
            "Content-Length": str(len(answer.data)),
        }
        assert len(answer.headers) == len(found)


def fail():
    """Fail as the query says, and say as much about the request as one could."""
    how = request.args.get("how")
    if how == "problem":
        raise Problem(409, "Taken.", type="https://errors.example/taken")
    if how == "json":
        get_and_expect_json()
    if how == "key":
        request.form["missing"]
    if how == "data":
        raise ValidationError({"a": ["b"]}, data=request.get_data())
    if how in FAILURES:
        FAILURES[how][0]()
    crash()


@pytest.fixture(scope="module", params=[False, True, "always"], ids=str)
def client(request, build):
    """An app in production that may send problem details."""
    app, apis = build(fail, testing=False)
    app.logger = SILENT
    app.config["MAX_CONTENT_LENGTH"] = 2000
    twopi_restful.init_app(app, *apis, problem=request.param)
    return app.test_client()


BODIES = [
    '{"amount": "{}"}',
    '{"{}": "{}"}',
    '["{}", {"{}": [[["{}"]]]}]',
    "{{}",
    '"{}',
    "amount={}&{}={}",
    "{}",
    '--b\nContent-Disposition: form-data; name="{}"; filename="{}"\n\n{}\n--b--',
    "",
]
TYPES = [
    *["application/json"] * 4,
    "application/json; charset={}",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "text/{}; a={}",
    "{}",
]
ACCEPTS = ["*/*", "application/json", "application/problem+json", "text/{}; q={}"]
CAUSES = [*FAILURES, "problem", "json", "key", "data", "crash"]


def random_request(seed, kinds):
    """Return a request, with a secret of its own in every place, and the secrets."""
    chance = random.Random(seed)
    secrets = []

    def fill(template):
        *parts, last = template.split("{}")
        for _ in parts:
            letters = string.ascii_letters + string.digits
            secrets.append("".join(chance.choices(letters, k=chance.randint(8, 40))))
        names = secrets[len(secrets) - len(parts) :]
        return "".join(map(str.__add__, parts, names)) + last

    noise, padding = chance.choice([b"", b"", b"\xff"]), chance.choice([0, 0, 2000])
    methods = [*["POST"] * 9, "GET", "PUT", "HEAD", "{}"]
    return secrets, {
        "path": fill(chance.choice([*kinds, *kinds, "/{}", "/resource/{}"])),
        "method": fill(chance.choice(methods)).upper(),
        "query_string": fill(f"how={chance.choice(CAUSES)}&token={{}}&{{}}={{}}"),
        "data": noise + fill(chance.choice(BODIES)).encode() + b" " * padding,
        "content_type": fill(chance.choice(TYPES)),
        "headers": {
            "Accept": fill(chance.choice(ACCEPTS)),
            "Authorization": fill(chance.choice(["Bearer {}", "Basic {}", "{} {}"])),
            "Cookie": fill("session={}; {}={}"),
            "Host": fill(chance.choice(["localhost", "{}.example", "{}:{}"])),
            "Referer": fill("https://{}.example/{}?{}"),
            "User-Agent": fill("{}"),
            "Range": fill("bytes={}"),
            "If-Match": fill('"{}"'),
            "Origin": fill("https://{}.example"),
            "X-Forwarded-For": fill("{}"),
            fill("X-{}"): fill("{}"),
        },
    }


@settings(max_examples=EXAMPLES)
@given(seed=st.integers(0, 2**64))
def test_no_failure_repeats_what_was_in_the_request(client, kinds, seed):
    secrets, sent = random_request(seed, kinds)

    answer = client.open(**sent)

    assert answer.status_code >= 400
    said = f"{answer.status}\n{answer.headers}\n{answer.text}".lower()
    assert [each for each in secrets if each.lower() in said] == []
