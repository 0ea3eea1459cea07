"""twopi-restful and twopi-testing beside Flask, flask-restful and the test client."""

# ruff: noqa: D101, S101 - named after what it measures; data; gates

from __future__ import annotations

import datetime as dt
import decimal
import io
import uuid
from collections.abc import Callable
from typing import Any

import flask_restful
from flask import Flask, jsonify
from flask.views import MethodView

from benchmarks.cases import Bar, Case, Subject, Suite
from twopi_restful import JSONProvider, OrjsonProvider, init_app, json_view
from twopi_restful.restful import Api, Resource
from twopi_testing import ApiClient, AppReqTestHelper

THING = {"id": 7, "name": "Ada", "seats": 4}
ROWS = [
    {"id": number, "name": f"Room {number}", "price": number / 4, "free": number > 9}
    for number in range(500)
]
RICH = [
    row
    | {
        "price": decimal.Decimal(row["id"]) / 4,
        "key": uuid.UUID(int=row["id"]),
        "made": dt.datetime(2026, 2, 28, 9, 30, tzinfo=dt.UTC),
    }
    for row in ROWS
]


def get(app: Flask, path: str = "/") -> Callable[[], bytes]:
    """Return a function that asks *app* as a WSGI server does, and reads the answer."""
    with app.test_request_context(path) as context:
        environ = context.request.environ

    def ask() -> bytes:
        body = app({**environ, "wsgi.input": io.BytesIO()}, lambda *_: None)
        return b"".join(body)

    return ask


def same(subjects: dict[str, Callable[[], Any]]) -> Callable[[], None]:
    """Return a gate: all subjects answer with the same bytes."""

    def check() -> None:
        answers = {run() for run in subjects.values()}
        assert len(answers) == 1, answers

    return check


def case(
    name: str, title: str, subjects: dict[str, Callable[[], Any]], bars: list[Bar]
) -> Case:
    """Return a case whose subjects have to answer alike."""
    timed = {name: Subject(run) for name, run in subjects.items()}
    return Case(name, title, timed, same(subjects), bars)


def view() -> Case:
    """Send a small dictionary from a plain view."""
    plain, ours, method = Flask("plain"), Flask("ours"), Flask("method")
    plain.add_url_rule("/", "thing", lambda: jsonify(THING))
    ours.add_url_rule("/", "thing", json_view(lambda: THING))

    class Thing(MethodView):
        init_every_request = False
        decorators = (json_view,)

        def get(self) -> dict[str, object]:
            return THING

    method.add_url_rule("/", view_func=Thing.as_view("thing"))
    return case(
        "view",
        "GET a dictionary of three keys",
        {"jsonify": get(plain), "json_view": get(ours), "MethodView": get(method)},
        [Bar("json_view", "jsonify", 1.10)],
    )


def resource() -> Case:
    """Send a small dictionary from a Resource."""
    stock, wired, own = Flask("stock"), Flask("wired"), Flask("own")

    class Stock(flask_restful.Resource):  # type: ignore[misc]
        def get(self) -> dict[str, object]:
            return THING

    class Own(Resource):
        def get(self) -> dict[str, object]:
            return THING

    flask_restful.Api(stock).add_resource(Stock, "/")
    api = flask_restful.Api(wired)
    api.add_resource(Stock, "/")
    init_app(wired, api)
    Api(own).add_resource(Own, "/")
    subjects = {
        "flask-restful": get(stock),
        "init_app(app, api)": get(wired),
        "twopi Api, Resource": get(own),
    }

    def check() -> None:
        stock_answer, *ours = [run() for run in subjects.values()]
        assert ours[0] == ours[1]
        assert eval(stock_answer) == eval(ours[0]) == THING  # noqa: S307  of ours

    bars = [Bar("init_app(app, api)", "flask-restful", 1.00)]
    timed = {name: Subject(run) for name, run in subjects.items()}
    return Case(
        "resource", "GET a dictionary from a flask-restful Resource", timed, check, bars
    )


def rows(name: str, title: str, values: Any, bars: list[Bar]) -> Case:
    """Send 500 rows by three JSON providers; without a bar, not by the first."""
    apps = {name: Flask(name) for name in ("stdlib", "JSONProvider", "OrjsonProvider")}
    apps["JSONProvider"].json = JSONProvider(apps["JSONProvider"])
    apps["OrjsonProvider"].json = OrjsonProvider(apps["OrjsonProvider"])
    for app in apps.values():
        app.add_url_rule("/", "rows", lambda: jsonify(values))
    if not bars:  # Flask writes dates in another form
        del apps["stdlib"]
    return case(name, title, {name: get(app) for name, app in apps.items()}, bars)


class Helper(AppReqTestHelper):
    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.client_headers = {}


def client() -> Case:
    """Send a request as a test does."""
    app = Flask("app")
    app.add_url_rule("/", "thing", lambda: jsonify(THING))
    clients: dict[str, Any] = {
        "test_client": app.test_client(),
        "AppReqTestHelper": Helper(app),
        "ApiClient": ApiClient.of(app),
        "ApiClient.as_": ApiClient.of(app).as_("a.b.c"),
    }
    return case(
        "client",
        "GET a dictionary in a test",
        {
            name: lambda each=each: each.get("/").get_data()
            for name, each in clients.items()
        },
        [Bar(name, "test_client", 1.10) for name in clients if name != "test_client"],
    )


def suite() -> Suite:
    """Return the suite."""
    return Suite(
        "json",
        [
            view(),
            resource(),
            rows(
                "rows",
                "GET 500 rows of numbers and texts",
                ROWS,
                [Bar("OrjsonProvider", "stdlib", 0.20)],
            ),
            rows("rich rows", "GET 500 rows with decimals, UUIDs and dates", RICH, []),
            client(),
        ],
        ["twopi-restful", "twopi-testing", "flask", "flask-restful", "orjson"],
    )
