from contextlib import suppress

import pytest
from flask import Blueprint, Flask, Response, jsonify
from flask_restful import Api, Resource
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest, HTTPException

from twopi_restful import ExpectedJSONException, get_and_expect_json

BAD = {
    "empty": b"",
    "malformed": b"{",
    "null": b"null",
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "huge integer": b"9" * 5000,
    "invalid UTF-8": b'"\xff"',
    "invalid UTF-16": b"\xff\xfe\x00",
    "lone surrogate": "\ud800".encode("utf-16", "surrogatepass")[:3],
}
EXPECTED = {"_errors": [ExpectedJSONException.description]}


def echo():
    return jsonify(get_and_expect_json())


def wire(app):
    app.errorhandler(ExpectedJSONException)(ExpectedJSONException.handle)


@pytest.mark.parametrize("handled", [True, False], ids=["handled", "no handler"])
@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_every_bad_body_is_the_same_400_in_every_view(
    build, kinds, testing, body, handled
):
    app, _ = build(echo, testing=testing)
    if handled:
        wire(app)
    client = app.test_client()
    answers = [
        client.post(path, data=body, content_type="application/json") for path in kinds
    ]

    assert [answer.status_code for answer in answers] == [400] * len(kinds)
    assert [answer.json for answer in answers] == [EXPECTED] * len(kinds)
    assert len({answer.data for answer in answers}) == 1
    assert {answer.content_type for answer in answers} == {"application/json"}


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/jsonp"])
def test_another_content_type_is_refused(build, kinds, testing, content_type):
    app, _ = build(echo, testing=testing)
    client = app.test_client()

    for path in kinds:
        answer = client.post(path, data=b"{}", content_type=content_type)
        assert (answer.status_code, answer.json) == (400, EXPECTED)


@pytest.mark.parametrize("value", [0, False, "", [], {}, "null", {"a": [1, None]}])
def test_json_is_returned(build, kinds, value):
    app, _ = build(echo, testing=True)
    client = app.test_client()

    for path in kinds:
        assert client.post(path, json=value).json == value


def test_a_body_of_another_json_type_is_read():
    app = Flask(__name__)
    body = {"data": b"[1]", "content_type": "application/vnd.api+json"}
    with app.test_request_context("/", method="POST", **body):
        assert get_and_expect_json() == [1]


def test_too_large_stays_413(build, kinds, testing):
    app, _ = build(echo, testing=testing)
    wire(app)
    client = app.test_client()
    body = b'"' + b"a" * 1_000_000 + b'"'

    for path in kinds:
        answer = client.post(path, data=body, content_type="application/json")
        assert answer.status_code == 413


def test_asking_again_fails_again():
    with Flask(__name__).test_request_context("/", method="POST", data=b"{"):
        for _ in range(2):
            with pytest.raises(ExpectedJSONException):
                get_and_expect_json()


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_hostile_bodies_are_a_value_or_a_400(body):
    app = Flask(__name__)
    context = {"data": body, "content_type": "application/json", "method": "POST"}
    with app.test_request_context("/", **context), suppress(ExpectedJSONException):
        assert get_and_expect_json() is not None


def mine(error):
    return Response(f"mine: {error.code}", error.code)


@pytest.mark.parametrize(
    "kind", [ExpectedJSONException, BadRequest, HTTPException, 400]
)
def test_a_handler_of_the_app_wins(build, kinds, testing, kind):
    app, _ = build(echo, testing=testing)
    app.register_error_handler(kind, mine)
    client = app.test_client()

    assert {client.post(path).text for path in kinds} == {"mine: 400"}


@pytest.mark.parametrize("kind", [ExpectedJSONException, HTTPException, 400])
def test_a_handler_of_the_blueprint_wins(testing, kind):
    app = Flask(__name__)
    app.config["TESTING"] = testing
    wire(app)
    area = Blueprint("area", __name__)
    area.register_error_handler(kind, mine)

    class Room(Resource):
        def post(self):
            return get_and_expect_json()

    area.add_url_rule("/plain", "plain", echo, methods=["POST"])
    Api(area).add_resource(Room, "/resource")
    app.register_blueprint(area)
    app.add_url_rule("/outside", "outside", echo, methods=["POST"])
    client = app.test_client()

    if kind is not HTTPException:  # the app's handler is for a status: it goes first
        assert client.post("/plain").text == "mine: 400"
        assert client.post("/resource").text == "mine: 400"
    assert client.post("/plain").data == client.post("/resource").data
    assert client.post("/outside").json == EXPECTED


def test_a_handler_may_ask_for_the_response(build, kinds, testing):
    app, _ = build(echo, testing=testing)

    @app.errorhandler(ExpectedJSONException)
    def add_header(error):
        response = error.get_response()
        response.headers["X-Mine"] = "yes"
        return response

    client = app.test_client()

    for path in kinds:
        answer = client.post(path)
        assert (answer.json, answer.headers["X-Mine"]) == (EXPECTED, "yes")


@pytest.mark.parametrize("handled", [True, False], ids=["handled", "no handler"])
def test_trapped_http_exceptions_mean_the_same_in_a_resource(build, kinds, handled):
    app, _ = build(echo, testing=False)
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    if handled:
        wire(app)
    client = app.test_client()
    answers = [client.post(path) for path in kinds]

    assert {answer.status_code for answer in answers} == {400 if handled else 500}
    assert len({answer.data for answer in answers}) == 1


def test_trapped_http_exceptions_propagate_in_tests(build, kinds):
    app, _ = build(echo, testing=True)
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    client = app.test_client()

    for path in kinds:
        with pytest.raises(ExpectedJSONException):
            client.post(path)


def test_own_description_and_response():
    app = Flask(__name__)
    own = Response("own", 400)
    with app.test_request_context():
        described = ExpectedJSONException.handle(ExpectedJSONException("Send a form."))
        other = ExpectedJSONException.handle(ValueError("secret"))

        assert described.json == {"_errors": ["Send a form."]}
        assert (other.status_code, other.json) == (400, EXPECTED)
        assert ExpectedJSONException(response=own).get_response() is own
