import copy
from collections import OrderedDict, UserString
from datetime import date
from decimal import Decimal
from http import HTTPStatus

import pytest
from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_restful import Api, Resource
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.datastructures import Headers

from twopi_restful import format_error, format_errors, output_json


class LazyText:
    """What Flask-Babel's lazy_gettext returns: no str, but acts like one."""

    def __init__(self, text):
        self._text = text

    def __str__(self):
        return self._text

    def __getattr__(self, name):
        if name == "__setstate__":
            raise AttributeError(name)
        return getattr(self._text, name)


class Text(str):
    __slots__ = ()


@pytest.fixture(autouse=True)
def app():
    app = Flask(__name__)
    with app.app_context():
        yield app


@pytest.mark.parametrize("code", [200, 201, 299, 302, None, HTTPStatus.OK])
def test_a_text_is_a_message(code):
    answer = output_json("done", code)

    assert answer.json == {"message": "done"}
    assert answer.status_code == (code or 200)
    assert answer.mimetype == "application/json"


@pytest.mark.parametrize("code", [400, 404, 422, 500, 599, HTTPStatus.CONFLICT])
def test_a_text_is_an_error_from_400_on(code):
    answer = output_json("taken", code)

    assert answer.json == {"_errors": ["taken"]}
    assert answer.status_code == code


@pytest.mark.parametrize(
    "text", [Text("hi"), LazyText("hi"), UserString("hi"), Markup("hi")]
)
def test_whatever_acts_like_a_text_is_one(text):
    assert output_json(text, 200).json == {"message": "hi"}
    assert output_json(text, 400).json == {"_errors": ["hi"]}
    assert output_json({"message": text}, 400).json == {"_errors": ["hi"]}
    assert format_errors(text, text) == {"_errors": ["hi", "hi"]}


def test_a_message_moves_and_its_siblings_stay():
    body = OrderedDict(message="taken", seat=4)

    assert output_json(body, 409).json == {"_errors": ["taken"], "seat": 4}
    assert output_json(body, 200).json == {"message": "taken", "seat": 4}
    assert output_json({"message": {"arg": "help"}}, 400).json == {
        "_errors": [{"arg": "help"}]
    }
    assert output_json({"message": ["a", "b"]}, 400).json == {"_errors": ["a", "b"]}


@pytest.mark.parametrize(
    "body", [{"_errors": ["a"]}, {"_errors": ["a"], "message": "b"}, {"x": 1}, [], 7]
)
@pytest.mark.parametrize("code", [200, 400, None])
def test_other_bodies_are_kept(body, code):
    assert output_json(body, code).json == body


def test_none_is_null():
    assert output_json(None, 200).get_data(as_text=True).strip() == "null"
    assert output_json(None, 404).get_data(as_text=True).strip() == "null"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text() | st.just("message"), inner, max_size=3)
    ),
)


@settings(deadline=None)
@given(json_values, st.integers(200, 599))
def test_the_callers_data_is_never_changed(data, code):
    before = copy.deepcopy(data)
    with Flask(__name__).app_context():
        answer = output_json(data, code)

    assert data == before
    assert answer.status_code == code


@pytest.mark.parametrize(
    "headers",
    [
        {"Set-Cookie": ["a=1", "b=2"], "X-A": "1"},
        [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-A", "1")],
        Headers([("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-A", "1")]),
    ],
)
def test_headers_are_kept(headers):
    answer = output_json({}, 200, headers)

    assert answer.headers.getlist("Set-Cookie") == ["a=1", "b=2"]
    assert answer.headers["X-A"] == "1"


def test_content_type_and_location_replace_and_content_length_is_ignored():
    headers = [
        ("content-type", "application/problem+json"),
        ("Location", "/1"),
        ("location", "/2"),
        ("CONTENT-LENGTH", "9999"),
    ]
    answer = output_json({}, 201, headers)

    assert answer.headers.getlist("Content-Type") == ["application/problem+json"]
    assert answer.headers.getlist("Location") == ["/2"]
    assert answer.headers.getlist("Content-Length") == [str(len(answer.data))]


def test_no_headers():
    names = set(output_json({}, 200, None).headers.keys())

    assert names == {"Content-Type", "Content-Length"}


def test_the_apps_json_provider_writes(app):
    class Numbers(DefaultJSONProvider):
        @staticmethod
        def default(value):
            return float(value) if isinstance(value, Decimal) else value.isoformat()

    app.json = Numbers(app)
    body = {"price": Decimal("1.5"), "day": date(2020, 2, 29)}

    assert output_json(body, 200).json == {"price": 1.5, "day": "2020-02-29"}


def test_documented_wiring_of_an_api(app):
    class Room(Resource):
        def get(self):
            return {"price": Decimal("1.10")}, 200, {"Set-Cookie": ["a=1", "b=2"]}

        def put(self):
            return "taken", 409

        def delete(self):
            return "", 204

    api = Api(app)
    api.representations["application/json"] = output_json
    api.add_resource(Room, "/room")
    client = app.test_client()
    room = client.get("/room")
    gone = client.delete("/room")

    assert room.json == {"price": "1.10"}
    assert room.headers.getlist("Set-Cookie") == ["a=1", "b=2"]
    assert client.put("/room").json == {"_errors": ["taken"]}
    assert (gone.status_code, gone.data) == (204, b"")


def test_formats():
    assert format_error("a") == {"_errors": ["a"]}
    assert format_error(["a"]) == {"_errors": [["a"]]}
    assert (
        format_errors("a", "b") == format_errors(["a", "b"]) == {"_errors": ["a", "b"]}
    )
    assert format_errors() == format_errors([]) == {"_errors": []}
