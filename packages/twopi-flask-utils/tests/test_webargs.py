"""What code of today may do with the parser of 1.x; the facts have the rest."""

import pytest
import webargs
from flask import Flask, jsonify
from flask_restful import Api, Resource
from marshmallow import Schema, ValidationError, fields, missing, validate

import twopi_webargs
from twopi_flask_utils.webargs import (
    BetterFlaskParser,
    handle_validation_error,
    parser,
    use_args,
    use_kwargs,
)
from twopi_flask_utils.webargs import ValidationError as ErrorOf1x


def client(view, *, wired=True, style=None):
    app = Flask(__name__)
    if wired:
        app.errorhandler(ValidationError)(handle_validation_error)
    if style:
        twopi_webargs.init_app(app, style=style)
    app.add_url_rule("/", view_func=view, methods=["GET", "POST"])
    return app.test_client()


def show(*args, **kwargs):
    return jsonify(args=args, kwargs=kwargs)


@pytest.mark.parametrize(
    "kind", [use_args, BetterFlaskParser(location="json").use_args]
)
def test_with_a_location_it_reads_like_the_package(kind):
    location = {"location": "query"} if kind is use_args else {}
    sent = {"json": {"n": 1}} if not location else {"query_string": {"n": 1}}
    other = {"json": {"n": 1}} if location else {"query_string": {"n": 1}}
    api = client(kind({"n": fields.Integer(required=True)}, **location)(show))

    assert api.post("/", **sent).json["args"] == [{"n": 1}]
    assert api.post("/", **other).status_code == 422
    assert api.post("/", **other).json == {"n": ["Missing data for required field."]}


def test_with_a_location_what_was_not_sent_is_left_out():
    api = client(use_kwargs({"n": fields.Integer()}, location="query")(show))

    assert api.get("/").json["kwargs"] == {}


def test_a_body_that_is_not_json_is_a_400_with_a_location():
    api = client(use_args({"n": fields.Integer()}, location="json")(show))
    answer = api.post("/", data="{", content_type="application/json")

    assert (answer.status_code, answer.json) == (400, ["Invalid JSON body."])


@pytest.mark.parametrize("body", ["{", "[" * 100_000, '{"n": ' + "1" * 5000 + "}"])
def test_a_body_that_cannot_be_read_has_no_arguments(body):
    api = client(use_args({"n": fields.String()})(show))
    answer = api.post("/", data=body, content_type="application/json")

    assert (answer.status_code, answer.json["args"]) == (200, [{}])


def test_the_location_of_a_field():
    field = fields.Integer(metadata={"location": "headers"}, data_key="X-N")
    api = client(use_args({"n": field})(show))

    assert api.get("/?X-N=1", headers={"X-N": "2"}).json["args"] == [{"n": 2}]


async def show_later(args):
    return jsonify(args)


def test_coroutine_views():
    api = client(use_args({"n": fields.Integer()})(show_later))

    assert api.get("/?n=1").json == {"n": 1}


@pytest.mark.parametrize("number", [True, False])
def test_validators_of_marshmallow_are_left_alone(number):
    field = fields.Boolean(validate=validate.OneOf([True, False]))
    api = client(use_args({"n": field})(show))

    assert api.get(f"/?n={number}").json["args"] == [{"n": number}]


def test_a_function_that_returns_false_rejects_the_value():
    """marshmallow 4 would take it for valid."""

    class Checked(Schema):
        n = fields.Integer(validate=lambda n: n > 3)

    for argmap in (Checked, Checked(), {"n": fields.Integer(validate=lambda n: n > 3)}):
        api = client(use_args(argmap)(show))
        assert api.get("/?n=5").status_code == 200
        assert api.get("/?n=1").json == {"n": ["Invalid value."]}
        assert api.get("/?n=1").status_code == 422


def test_the_status_of_one_request_is_not_that_of_the_next():
    def check(value):
        if value == 1:
            raise ValidationError(
                "Taken.", status_code=409, headers={"Retry-After": "9"}
            )

    api = client(use_args({"n": fields.Integer(validate=check)})(show))

    taken = api.get("/?n=1")
    assert (taken.status_code, taken.headers["Retry-After"]) == (409, "9")
    assert api.get("/?n=x").status_code == 422


def test_the_status_of_another_schema_does_not_count():
    def check(_):
        raise ValidationError("Taken.", status_code=409)

    class Taken(Schema):
        n = fields.Integer(validate=check)

    schema = Taken()

    @use_args({"n": fields.Integer()}, location="query")
    def view(args):
        with pytest.raises(ValidationError):
            schema.load(args)
        return jsonify(parser.parse({"m": fields.Integer()}))

    taken = client(use_args(schema, location="query")(show))
    assert taken.get("/?n=1").status_code == 409
    assert client(view).get("/?n=1&m=x").status_code == 422


def test_handlers_of_today_get_all_they_ask_for():
    seen = []

    class Own(BetterFlaskParser):
        def handle_error(self, error, req, schema, *, error_status_code, error_headers):
            seen.append((req.path, error_status_code, error_headers))
            super().handle_error(error)

    assert client(Own().use_args({"n": fields.Integer()})(show)).get("/?n=x").json
    assert seen == [("/", 422, None)]


def test_the_same_answer_inside_a_resource_in_production():
    app = Flask(__name__)

    class Thing(Resource):
        @use_args({"n": fields.Integer()})
        def get(self, args):
            return args

    Api(app).add_resource(Thing, "/")
    bare = app.test_client().get("/?n=x")
    app = Flask(__name__)
    app.errorhandler(ErrorOf1x)(lambda error: (jsonify(mine=error.messages), 418))
    Api(app).add_resource(Thing, "/")
    handled = app.test_client().get("/?n=x")

    assert (bare.status_code, bare.json) == (422, {"n": ["Not a valid integer."]})
    assert (handled.status_code, handled.json["mine"]) == (418, bare.json)


def test_an_error_is_one_of_webargs_marshmallow_and_the_package():
    error = ErrorOf1x("no")

    assert isinstance(error, webargs.ValidationError)
    assert isinstance(error, ValidationError)
    assert isinstance(error, twopi_webargs.RequestValidationError)


@pytest.mark.parametrize("style", ["pointers", "problem"])
def test_the_styles_of_the_package_know_the_location(style):
    use = use_args({"n": fields.Integer()})
    api = client(use(show), wired=False, style=style)
    app = api.application
    app.error_handler_spec[None][None].clear()
    accept = {"Accept": "application/problem+json"}
    body = api.get("/?n=x", headers=accept).json

    [error] = body["_errors" if style == "pointers" else "errors"]
    assert error["pointer"] == "/n"


def test_an_error_of_the_package_is_answered_in_the_shape_of_1_x():
    use = twopi_webargs.use_kwargs({"n": fields.Integer()}, location="query")

    assert client(use(show)).get("/?n=x").json == {"n": ["Not a valid integer."]}


def test_names_and_texts_of_an_answer_are_json():
    class Lazy:
        def __str__(self):
            return "later"

    api = client(use_args({"n": fields.List(fields.Integer())})(show))
    assert api.post("/", json={"n": [1, "x"]}).json == {
        "n": {"1": ["Not a valid integer."]}
    }
    with Flask(__name__).app_context():
        assert handle_validation_error(ErrorOf1x([Lazy()]))[0].json == ["later"]


def test_what_the_handler_is_not_for():
    with pytest.raises(TypeError, match="it cannot answer a KeyError"):
        handle_validation_error(KeyError())


def test_an_unknown_location_is_named():
    with (
        Flask(__name__).test_request_context("/"),
        pytest.raises(ValueError, match=r"Invalid locations arguments: \['body'\]"),
    ):
        parser.parse({"n": fields.Integer()}, locations=["body"])


def test_a_schema_that_includes_what_it_does_not_know_is_given_the_known():
    class Open(Schema):
        n = fields.Dict()

    api = client(use_args({"o": fields.Nested(Open, unknown="include")})(show))

    assert api.post("/", json={"o": {"z": 1}}).json["args"] == [{"o": {"z": 1}}]


def test_missing_is_that_of_marshmallow():
    with Flask(__name__).test_request_context("/"):
        found = parser.parse({"n": fields.Integer()}, force_all=True)

    assert found["n"] is missing
