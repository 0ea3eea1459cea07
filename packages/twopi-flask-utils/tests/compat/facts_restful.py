"""JSON responses and errors, by `twopi_flask_utils.restful`."""

import collections
import datetime
import decimal

from flask import Flask, jsonify, request
from flask_restful import Api, Resource, abort, reqparse
from werkzeug.exceptions import HTTPException

from compat.kit import answer, fact
from twopi_flask_utils.restful import (
    ExpectedJSONException,
    format_error,
    format_errors,
    get_and_expect_json,
    output_json,
)


class Text(str):
    pass


ERRORS = [
    ("one", ("a",)),
    ("two", ("a", "b")),
    ("none", ()),
    ("a list", (["a", "b"],)),
    ("a dict", ({"a": 1},)),
]
for _name, _args in ERRORS:

    @fact("format_errors: " + _name)
    def _(args=_args):
        return format_errors(*args)


@fact("format_errors: the class of the list")
def _():
    return type(format_errors("a", "b")["_errors"]).__name__


@fact("ExpectedJSONException is no HTTP exception")
def _():
    return issubclass(ExpectedJSONException, HTTPException)


for _name, _value in [("text", "a"), ("dict", {"a": 1}), ("list", ["a", "b"])]:

    @fact("format_error: " + _name)
    def _(value=_value):
        return format_error(value)


WHEN = datetime.datetime(2020, 1, 2, 3, 4, 5)
for _name, _data, _status in [
    ("text", "hi", 200),
    ("text, 201", "hi", 201),
    ("text, 302", "hi", 302),
    ("text, 400", "no", 400),
    ("text, 500", "no", 500),
    ("text of a subclass, 400", Text("no"), 400),
    ("empty text, 404", "", 404),
    ("not ASCII", "é", 200),
    ("message, 400", {"message": "no"}, 400),
    ("message, 200", {"message": "yes"}, 200),
    ("message and more, 409", {"message": "no", "seat": 4}, 409),
    ("message, 500", {"message": "Internal Server Error"}, 500),
    ("message is a list, 400", {"message": ["a", "b"]}, 400),
    ("message is a dict, 400", {"message": {"n": "bad"}}, 400),
    ("message is null, 400", {"message": None}, 400),
    ("message and _errors, 400", {"message": "no", "_errors": ["a"]}, 400),
    ("ordered message, 400", collections.OrderedDict(message="no"), 400),
    ("no message, 400", {"a": 1}, 400),
    ("_errors, 400", {"_errors": ["a"]}, 400),
    ("list", [1, 2], 200),
    ("list, 400", ["a"], 400),
    ("null", None, 200),
    ("null, 204", None, 204),
    ("number", 5, 200),
    ("true", True, 200),
    ("decimal", {"a": decimal.Decimal("1.10")}, 200),
    ("datetime", {"a": WHEN}, 200),
    ("date", {"a": WHEN.date()}, 200),
    ("set", {1}, 200),
]:

    @fact("output_json: " + _name)
    def _(data=_data, status=_status):
        with Flask("shop").test_request_context("/"):
            response = output_json(data, status, {})
            return answer(response) + [response.mimetype]


@fact("output_json: no status")
def _():
    with Flask("shop").test_request_context("/"):
        return answer(output_json("hi", None, {}))


@fact("output_json: no headers")
def _():
    with Flask("shop").test_request_context("/"):
        return answer(output_json("hi", 200))


for _name, _headers in [
    ("a dict", {"X": "1"}),
    ("pairs", [("X", "1"), ("X", "2")]),
    ("cookies", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]),
    ("Content-Type", {"Content-Type": "text/x"}),
    ("Content-Length", {"Content-Length": "3"}),
    ("Location", {"Location": "/a"}),
    ("a number", {"X": 1}),
]:

    @fact("output_json, headers: " + _name)
    def _(headers=_headers):
        with Flask("shop").test_request_context("/"):
            return sorted(map(list, output_json({"a": 1}, 200, headers).headers))


JSON = "application/json"
for _name, _request in [
    ("an object", {"data": '{"a": 1}', "content_type": JSON}),
    ("an empty object", {"data": "{}", "content_type": JSON}),
    ("a list", {"data": "[]", "content_type": JSON}),
    ("0", {"data": "0", "content_type": JSON}),
    ("false", {"data": "false", "content_type": JSON}),
    ("an empty text", {"data": '""', "content_type": JSON}),
    ("null", {"data": "null", "content_type": JSON}),
    ("a vendor's type", {"data": "{}", "content_type": "application/vnd.x+json"}),
    ("nothing", {}),
    ("broken", {"data": "{", "content_type": JSON}),
    ("an empty body", {"data": "", "content_type": JSON}),
    ("a form", {"data": {"a": "1"}}),
    ("text/plain", {"data": "{}", "content_type": "text/plain"}),
    ("UTF-16", {"data": '"é"'.encode("utf-16"), "content_type": JSON}),
    ("Latin-1", {"data": '"é"'.encode("latin-1"), "content_type": JSON}),
]:
    for _wired in (True, False):

        @fact("get_and_expect_json: {}, {}".format(_name, _wired and "wired" or "bare"))
        def _(options=_request, wired=_wired):
            app = Flask("shop")
            if wired:
                app.errorhandler(ExpectedJSONException)(ExpectedJSONException.handle)
            view = lambda: jsonify(found=get_and_expect_json())
            app.add_url_rule("/", "view", view, methods=["POST"])
            return answer(app.test_client().post("/", **dict(options)))


@fact("ExpectedJSONException.handle returns a response and a status")
def _():
    with Flask("shop").test_request_context("/"):
        response, status = ExpectedJSONException.handle(ExpectedJSONException())
        return [response.get_json(), status]


class Thing(Resource):
    def get(self):
        return {
            "text": "hi",
            "missing": ("no", 404),
            "headers": ({"a": 1}, 201, {"X": "1"}),
        }[request.args["k"]]

    def post(self):
        return get_and_expect_json()

    def put(self):
        abort(409, message="taken")

    def patch(self):
        raise ValueError("secret")

    def delete(self):
        arguments = reqparse.RequestParser()
        arguments.add_argument("n", type=int, required=True, location="args")
        return arguments.parse_args()


class Seats(Resource):
    def put(self):
        abort(409, message="taken", seat=4)

    def delete(self):
        arguments = reqparse.RequestParser()
        arguments.add_argument("n", type=int, required=True)
        return arguments.parse_args()


for _mode in ({}, {"TESTING": True}, {"PROPAGATE_EXCEPTIONS": True}):
    for _method, _url, _options in [
        ("get", "/thing?k=text", {}),
        ("get", "/thing?k=missing", {}),
        ("get", "/thing?k=headers", {}),
        ("post", "/thing", {"data": '{"a": 1}', "content_type": JSON}),
        ("post", "/thing", {}),
        ("put", "/thing", {}),
        ("put", "/seats", {}),
        ("patch", "/thing", {}),
        ("delete", "/thing", {}),
        ("delete", "/seats", {}),
        ("get", "/seats", {}),
        ("options", "/thing", {}),
        ("get", "/nowhere", {}),
    ]:
        _label = "{} {} with {} {}".format(
            _method, _url, "body" if _options else "nothing", sorted(_mode) or ""
        )

        @fact("an Api: " + _label.strip())
        def _(mode=_mode, method=_method, url=_url, options=_options):
            app = Flask("shop")
            app.config.update(mode)
            app.errorhandler(ExpectedJSONException)(ExpectedJSONException.handle)
            api = Api(app)
            api.representations["application/json"] = output_json
            api.add_resource(Thing, "/thing")
            api.add_resource(Seats, "/seats")
            return answer(getattr(app.test_client(), method)(url, **dict(options)))
