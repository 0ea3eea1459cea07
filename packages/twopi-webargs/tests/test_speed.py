"""What parsing takes, in calls: a count that is the same on every machine."""

import sys

import pytest
from flask import Flask, jsonify, request
from marshmallow import Schema, fields, validate
from webargs.flaskparser import FlaskParser

import twopi_webargs
from twopi_webargs import BetterFlaskParser

ROOM = {
    "name": fields.String(required=True, validate=validate.Length(max=20)),
    "seats": fields.Integer(required=True),
    "floor": fields.Integer(load_default=0),
    "free": fields.Boolean(load_default=True),
}
GOOD = {"name": "Ada", "seats": 4, "floor": 3, "free": False}


def calls(view, body=GOOD, status=200):
    """Return how many functions one request calls, when all is warm."""
    app = Flask("app")
    app.add_url_rule("/", "view", view, methods=["POST"])
    app.register_error_handler(
        422, lambda error: (jsonify(error.data["messages"]), 422)
    )
    twopi_webargs.init_app(app)
    client = app.test_client()
    counted = 0

    def count(_frame, event, _argument):
        nonlocal counted
        counted += event in {"call", "c_call"}

    for _ in range(3):
        assert client.post("/", json=body).status_code == status
    context = app.test_request_context("/", method="POST", json=body)
    with context:
        request.get_data()
        sys.setprofile(count)
        try:
            app.full_dispatch_request()
        finally:
            sys.setprofile(None)
    return counted


def by_hand():
    body = request.get_json()
    values = {name: body.get(name) for name in ROOM}
    assert isinstance(values["name"], str)
    assert isinstance(values["seats"], int)
    return jsonify(values)


@pytest.mark.parametrize("kind", ["dict", "class"])
def test_use_args_adds_few_calls_to_a_view_by_hand(kind):
    argmap = ROOM if kind == "dict" else Schema.from_dict(ROOM)

    ours = calls(BetterFlaskParser().use_args(argmap)(jsonify))

    assert ours <= calls(by_hand) + 40


def test_parse_of_a_dictionary_is_a_fraction_of_webargs():
    stock, better = FlaskParser(), BetterFlaskParser()

    ours = calls(lambda: jsonify(better.parse(ROOM)))

    assert ours <= 0.35 * calls(lambda: jsonify(stock.parse(ROOM)))


def test_a_refusal_takes_little_more_than_with_webargs():
    bad = GOOD | {"seats": "many"}
    stock = calls(FlaskParser().use_args(ROOM)(jsonify), bad, 422)

    assert calls(BetterFlaskParser().use_args(ROOM)(jsonify), bad, 422) <= 1.2 * stock
