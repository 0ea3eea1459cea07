"""twopi-webargs beside webargs and views written by hand."""

# ruff: noqa: S101 - gates

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from marshmallow import fields, validate
from webargs.flaskparser import FlaskParser

import twopi_webargs
from benchmarks.cases import Bar, Case, Subject, Suite
from twopi_webargs import BetterFlaskParser

Ask = Callable[[], tuple[str, bytes]]


ROOM = {
    "name": fields.String(required=True, validate=validate.Length(max=20)),
    "seats": fields.Integer(required=True),
    "floor": fields.Integer(load_default=0),
    "free": fields.Boolean(load_default=True),
}


GOOD = {"name": "Ada", "seats": 4, "floor": 3, "free": False}
BAD = {"name": "Ada", "seats": "many", "floor": 3, "free": False}
FIELDS = {
    "page": fields.Integer(load_default=0),
    "size": fields.Integer(load_default=20),
    "order": fields.String(load_default="name"),
}


def post(app: Flask, body: object, path: str = "/") -> Ask:
    """Return a function that posts as a WSGI server does: the status and the answer."""
    sent = json.dumps(body).encode()
    context = app.test_request_context(
        path, method="POST", data=sent, content_type="application/json"
    )
    environ = context.request.environ

    def ask() -> tuple[str, bytes]:
        said: list[str] = []
        parts = app(
            {**environ, "wsgi.input": io.BytesIO(sent)},
            lambda status, *_: said.append(status),  # type: ignore[arg-type, return-value]
        )
        return said[0], b"".join(parts)

    return ask


def by_hand() -> Response:
    """Check the four fields as one would without a library."""
    body = request.get_json()
    name, seats = body.get("name"), body.get("seats")
    floor, free = body.get("floor", 0), body.get("free", True)
    if not isinstance(name, str) or len(name) > 20:
        abort(422)
    if type(seats) is not int or type(floor) is not int or type(free) is not bool:
        abort(422)
    return jsonify(name=name, seats=seats, floor=floor, free=free)


def app_of(view: Callable[..., Any]) -> Flask:
    """Return an app with one view."""
    app = Flask("app")
    app.add_url_rule("/", "view", view, methods=["POST"])
    return app


def show(room: Any) -> Response:
    """Send what was parsed."""
    return jsonify(room)


def stock_app() -> Flask:
    """Return an app that answers the errors of webargs with JSON, as it advises to."""
    app = app_of(FlaskParser().use_args(ROOM)(show))
    app.register_error_handler(
        422, lambda error: (jsonify(error.data["messages"]), error.code)
    )
    return app


def our_app() -> Flask:
    """Return an app that answers errors by twopi-webargs."""
    app = app_of(BetterFlaskParser().use_args(ROOM)(show))
    twopi_webargs.init_app(app)
    return app


def answer(subjects: dict[str, Ask], status: str) -> Callable[[], None]:
    """Return a gate: all subjects answer the same, with *status*."""

    def check() -> None:
        first, *others = [run() for run in subjects.values()]
        assert first[0].startswith(status)
        for other in others:
            assert other == first, (other, first)

    return check


def body() -> Case:
    """Parse a body."""
    subjects = {
        "by hand": post(app_of(by_hand), GOOD),
        "webargs": post(stock_app(), GOOD),
        "twopi-webargs": post(our_app(), GOOD),
    }
    return Case(
        "body",
        "POST a body of four fields to a view with use_args",
        {name: Subject(run) for name, run in subjects.items()},
        answer(subjects, "200"),
        [Bar("twopi-webargs", "by hand", 1.10)],
    )


def parse() -> Case:
    """Parse by a dictionary in the view."""
    stock, ours = FlaskParser(), BetterFlaskParser()
    path = "/?page=3&size=50"

    def with_parser(parser: Any) -> Callable[[], Response]:
        return lambda: jsonify(parser.parse(FIELDS, location="query"))

    subjects = {
        "webargs": post(app_of(with_parser(stock)), None, path),
        "twopi-webargs": post(app_of(with_parser(ours)), None, path),
    }
    return Case(
        "parse",
        "parse(dict) of three query arguments in a view",
        {name: Subject(run) for name, run in subjects.items()},
        answer(subjects, "200"),
        [Bar("twopi-webargs", "webargs", 0.35)],
    )


def invalid() -> Case:
    """Refuse a body."""
    subjects = {
        "webargs": post(stock_app(), BAD),
        "twopi-webargs": post(our_app(), BAD),
    }
    return Case(
        "invalid",
        "POST a body whose second field is wrong: 422",
        {name: Subject(run) for name, run in subjects.items()},
        answer(subjects, "422"),
        [Bar("twopi-webargs", "webargs", 1.2)],
    )


def suite() -> Suite:
    """Return the suite."""
    return Suite(
        "webargs",
        [body(), parse(), invalid()],
        ["twopi-webargs", "twopi-schemas", "webargs", "marshmallow", "flask"],
    )
