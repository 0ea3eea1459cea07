"""What an answer takes, in calls: a count that is the same on every machine."""

import sys

import flask_restful
import pytest
from flask import Flask, jsonify

import twopi_restful
from twopi_restful import OrjsonProvider, json_view
from twopi_restful.restful import Api, Resource

THING = {"id": 7, "name": "Ada"}


def calls(app):
    """Return how many functions one request calls, when all is warm."""
    client = app.test_client()
    environ = client.get("/").request.environ
    counted = 0

    def count(_frame, event, _argument):
        nonlocal counted
        counted += event in {"call", "c_call"}

    def ask():
        return b"".join(app(dict(environ), lambda *_: None))

    assert ask()
    sys.setprofile(count)
    try:
        ask()
    finally:
        sys.setprofile(None)
    return counted


def test_json_view_adds_a_dozen_calls():
    plain, ours = Flask("plain"), Flask("ours")
    plain.add_url_rule("/", "thing", lambda: jsonify(THING))
    ours.add_url_rule("/", "thing", json_view(lambda: THING))

    assert calls(ours) <= calls(plain) + 12


@pytest.mark.parametrize("wired", [True, False], ids=["init_app", "Api"])
def test_a_resource_calls_no_more_than_with_flask_restful_alone(wired):
    stock, ours = Flask("stock"), Flask("ours")
    base = flask_restful.Resource if wired else Resource

    class Thing(base):
        def get(self):
            return THING

    class StockThing(flask_restful.Resource):
        def get(self):
            return THING

    flask_restful.Api(stock).add_resource(StockThing, "/")
    api = (flask_restful.Api if wired else Api)(ours)
    api.add_resource(Thing, "/")
    twopi_restful.init_app(ours, api)

    assert calls(ours) <= calls(stock)


def test_orjson_writes_any_number_of_rows_in_one_call():
    app = Flask("rows")
    app.json = OrjsonProvider(app)
    app.add_url_rule("/", "rows", lambda: jsonify([THING] * 500))
    few = Flask("few")
    few.json = OrjsonProvider(few)
    few.add_url_rule("/", "rows", lambda: jsonify([THING]))

    assert calls(app) == calls(few)
