import pytest
from flask import Blueprint, Flask, Response, request
from flask_restful import Api, Resource
from marshmallow import Schema, ValidationError, fields
from werkzeug.exceptions import HTTPException, UnprocessableEntity

import twopi_webargs
from twopi_webargs import (
    RequestValidationError,
    handle_validation_error,
    use_args,
)

SECRET = "hunter2-swordfish"


class Login(Schema):
    name = fields.Integer(required=True)
    password = fields.String()


def nothing(app):
    """Leave the answer to the exception."""


def documented(app):
    app.errorhandler(ValidationError)(handle_validation_error)


BAD = {
    "empty": (b"", 422, {"name": ["Missing data for required field."]}),
    "invalid": (
        b'{"name": "hunter2-swordfish", "password": "hunter2-swordfish"}',
        422,
        {"name": ["Not a valid integer."]},
    ),
    "no object": (b'["hunter2-swordfish"]', 422, {"_schema": ["Invalid input type."]}),
    "malformed": (b'{"hunter2-swordfish', 400, {"_schema": ["Invalid JSON body."]}),
    "deep": (b"[" * 100_000, 400, {"_schema": ["Invalid JSON body."]}),
    "huge integer": (
        b'{"name": %s}' % (b"9" * 5000),
        400,
        {"_schema": ["Invalid JSON body."]},
    ),
    "invalid UTF-8": (b'{"name": "\xff"}', 400, {"_schema": ["Invalid JSON body."]}),
    "UTF-16": (
        '{"name": 1}'.encode("utf-16"),
        400,
        {"_schema": ["Invalid JSON body."]},
    ),
    "half a surrogate pair": (
        b'{"\\ud800": 1}',
        400,
        {"_schema": ["Invalid JSON body."]},
    ),
}


@pytest.mark.parametrize("wire", [nothing, documented, twopi_webargs.init_app])
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_every_view_answers_alike(build, kinds, testing, wire, bad):
    body, status, errors = bad
    app = build(Login, testing=testing)
    wire(app)
    client = app.test_client()
    answers = [
        client.post(path, data=body, content_type="application/json") for path in kinds
    ]

    assert [answer.status_code for answer in answers] == [status] * len(kinds)
    assert [answer.json for answer in answers] == [{"json": errors}] * len(kinds)
    assert len({answer.data for answer in answers}) == 1
    assert {answer.content_type for answer in answers} == {"application/json"}
    assert SECRET not in answers[0].text


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_flat_style(build, kinds, testing, bad):
    body, status, errors = bad
    app = build(Login, testing=testing)
    twopi_webargs.init_app(app, style="flat")
    client = app.test_client()

    for path in kinds:
        answer = client.post(path, data=body, content_type="application/json")
        assert (answer.status_code, answer.json) == (status, errors)


def test_an_unknown_style_is_refused():
    with pytest.raises(ValueError, match="style must be one of"):
        twopi_webargs.init_app(Flask(__name__), style="sideways")


def test_style_of_the_documented_wiring_follows_init_app(build, kinds):
    app = build(Login, testing=False)
    documented(app)
    twopi_webargs.init_app(app, style="flat")
    client = app.test_client()

    assert {client.post(path).data for path in kinds} == {
        b'{"name":["Missing data for required field."]}\n'
    }


def mine(error):
    return Response(f"mine: {sorted(error.messages['json'])}", 418)


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("kind", [ValidationError, RequestValidationError])
def test_a_handler_of_the_user_wins(build, kinds, testing, kind, first):
    app = build(Login, testing=testing)
    if first:
        app.register_error_handler(kind, mine)
    twopi_webargs.init_app(app)
    if not first:
        app.register_error_handler(kind, mine)
    client = app.test_client()

    assert {client.post(path).text for path in kinds} == {"mine: ['name']"}


def test_a_generic_handler_of_http_exceptions_is_called(build, kinds, testing):
    app = build(Login, testing=testing)
    app.register_error_handler(HTTPException, mine)
    client = app.test_client()

    assert {client.post(path).text for path in kinds} == {"mine: ['name']"}


def test_handlers_for_the_status_are_not_called(build, kinds, testing):
    app = build(Login, testing=testing)
    app.register_error_handler(422, mine)
    app.register_error_handler(UnprocessableEntity, mine)
    client = app.test_client()

    assert {client.post(path).status_code for path in kinds} == {422}


def test_a_handler_of_a_blueprint_wins(testing):
    app = Flask(__name__)
    app.config["TESTING"] = testing
    twopi_webargs.init_app(app)
    area = Blueprint("area", __name__)
    area.register_error_handler(ValidationError, mine)

    @area.post("/plain")
    @use_args(Login)
    def plain(values):
        return values

    class Room(Resource):
        @use_args(Login)
        def post(self, values):
            return values

    Api(area).add_resource(Room, "/resource")
    app.register_blueprint(area)
    client = app.test_client()

    assert client.post("/plain").text == client.post("/resource").text
    assert client.post("/plain").text == "mine: ['name']"


def test_a_handler_may_ask_for_the_response(build, kinds, testing):
    app = build(Login, testing=testing)

    @app.errorhandler(ValidationError)
    def add_header(error):
        response = error.get_response()
        response.headers["X-Mine"] = "yes"
        return response

    client = app.test_client()

    for path in kinds:
        answer = client.post(path)
        assert (answer.status_code, answer.headers["X-Mine"]) == (422, "yes")


@pytest.mark.parametrize("wire", [nothing, documented, twopi_webargs.init_app])
def test_trapped_http_exceptions_mean_the_same_in_a_resource(build, kinds, wire):
    app = build(Login, testing=False)
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    wire(app)
    client = app.test_client()
    answers = [client.post(path) for path in kinds]

    assert {answer.status_code for answer in answers} == {
        500 if wire is nothing else 422
    }
    assert len({answer.data for answer in answers}) == 1


def test_status_and_headers_of_the_call(build, kinds, testing):
    headers = {"X-Why": "strict"}
    app = build(Login, testing=testing, error_status_code=409, error_headers=headers)
    client = app.test_client()

    for path in kinds:
        answer = client.post(path)
        malformed = client.post(path, data=b"{", content_type="application/json")
        assert (answer.status_code, answer.headers["X-Why"]) == (409, "strict")
        assert (malformed.status_code, malformed.headers["X-Why"]) == (400, "strict")


class TakenError(ValidationError):
    status_code = 409
    headers = {"X-Seat": "4"}  # noqa: RUF012


@pytest.mark.parametrize(
    "error",
    [
        TakenError("Taken."),
        ValidationError("Taken.", status_code=409, headers={"X-Seat": "4"}),
        ValidationError(
            ["Taken."], "_schema", status_code=409, headers={"X-Seat": "4"}
        ),
        RequestValidationError("Taken.", status_code=409, headers={"X-Seat": "4"}),
    ],
)
def test_status_and_headers_of_the_error(build, kinds, error):
    def refuse(values):
        raise error

    app = build({"a": fields.Integer()}, testing=False, validate=refuse)

    @app.post("/raised")
    def raised():
        raise error

    twopi_webargs.init_app(app)
    client = app.test_client()

    for path in [*kinds, "/raised"]:
        answer = client.post(path, json={"a": 1})
        assert (answer.status_code, answer.headers["X-Seat"]) == (409, "4")
        assert answer.json == {"json": {"_schema": ["Taken."]}}


def test_the_location_of_the_error():
    app = Flask(__name__)
    twopi_webargs.init_app(app)

    @app.get("/")
    def page():
        raise ValidationError({"limit": ["Too many."]}, location="query")

    assert app.test_client().get("/").json == {"query": {"limit": ["Too many."]}}


@pytest.mark.parametrize("wire", [documented, twopi_webargs.init_app])
def test_a_plain_validation_error_does_not_leak_data(testing, wire):
    app = Flask(__name__)
    app.config["TESTING"] = testing
    wire(app)

    @app.post("/login")
    def login():
        return Login().load(request.get_json())

    answer = app.test_client().post("/login", json={"name": SECRET, "password": SECRET})

    assert answer.status_code == 422
    assert answer.json == {"json": {"name": ["Not a valid integer."]}}
    assert SECRET not in answer.text + str(answer.headers)


def test_a_plain_validation_error_names_its_field():
    app = Flask(__name__)
    twopi_webargs.init_app(app, style="flat")

    @app.post("/login")
    def login():
        raise ValidationError("Taken.", "name")

    assert app.test_client().post("/login").json == {"name": ["Taken."]}


def test_something_else_than_a_validation_error_is_a_mistake():
    with pytest.raises(TypeError, match="UnprocessableEntity"):
        handle_validation_error(UnprocessableEntity())
