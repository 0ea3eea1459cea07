import logging

import flask
import flask_restful
import pytest
from flask import Blueprint, Flask, Response, got_request_exception, request
from flask_restful import Api, Resource
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields
from werkzeug import exceptions
from werkzeug.datastructures import WWWAuthenticate

import twopi_restful
from twopi_restful import output_json

SECRET = "hunter2-swordfish"


class Login(Schema):
    name = fields.Integer()
    password = fields.String()


class Teapot(exceptions.HTTPException):
    code = 418
    description = "Short and stout."

    def get_headers(self, *arguments):
        return [*super().get_headers(*arguments), ("X-Spout", "left")]


class Answering(exceptions.HTTPException):
    code = 451

    def get_response(self, *arguments, **keywords):
        return Response('{"why":"law"}', 451, content_type="application/problem+json")


class DataInError(ValidationError, exceptions.HTTPException):
    """A validation error made an HTTP exception by a user: `data` is the input."""

    code = 422


class Wordless(exceptions.HTTPException):
    code = 499


def fail_unhandled():
    raise RuntimeError(SECRET)


def fail_with_input():
    raise DataInError({"name": ["bad"]}, data=request.get_json())


def read_json():
    return request.get_json()


def load():
    Login().load(request.get_json())


def limited():
    raise exceptions.TooManyRequests(retry_after=7)


def unauthorized():
    raise exceptions.Unauthorized(
        www_authenticate=WWWAuthenticate("bearer", {"realm": "our rooms"})
    )


FAILURES = {  # view, status, body (None: Werkzeug's description), headers kept
    "400": (lambda: flask.abort(400), 400, None, {}),
    "401": (unauthorized, 401, None, {"WWW-Authenticate": 'Bearer realm="our rooms"'}),
    "404": (lambda: flask.abort(404), 404, None, {}),
    "405": (
        lambda: flask.abort(405, valid_methods=["GET"]),
        405,
        None,
        {"Allow": "GET"},
    ),
    "413": (lambda: flask.abort(413), 413, None, {}),
    "415": (lambda: flask.abort(415), 415, None, {}),
    "416": (
        lambda: flask.abort(416, length=9),
        416,
        None,
        {"Content-Range": "bytes */9"},
    ),
    "422": (lambda: flask.abort(422), 422, None, {}),
    "429": (limited, 429, None, {"Retry-After": "7"}),
    "500": (lambda: flask.abort(500), 500, None, {}),
    "503": (lambda: flask.abort(503, "Later."), 503, {"_errors": ["Later."]}, {}),
    "503, retry": (
        lambda: flask.abort(503, retry_after=30),
        503,
        None,
        {"Retry-After": "30"},
    ),
    "subclass with headers": (
        Teapot,
        418,
        {"_errors": ["Short and stout."]},
        {"X-Spout": "left"},
    ),
    "no description": (Wordless, 499, {"_errors": ["Unknown Error"]}, {}),
    "own JSON": (Answering, 451, {"why": "law"}, {}),
    "arguments": (
        lambda: flask_restful.abort(409, message="Taken.", seat=4),
        409,
        {"_errors": ["Taken."], "seat": 4},
        {},
    ),
    "arguments without message": (
        lambda: flask_restful.abort(410, seat=4),
        410,
        {"_errors": [exceptions.Gone.description], "seat": 4},
        {},
    ),
    "arguments with errors": (
        lambda: flask_restful.abort(409, _errors=["a", "b"]),
        409,
        {"_errors": ["a", "b"]},
        {},
    ),
    "arguments that are no JSON": (
        lambda: flask_restful.abort(409, schema=Login()),
        409,
        None,
        {},
    ),
    "malformed body": (read_json, 400, None, {}),
    "input on the error": (fail_with_input, 422, {"_errors": [{"name": ["bad"]}]}, {}),
    "unhandled": (fail_unhandled, 500, None, {}),
    "validation": (load, 500, None, {}),
}
ONLY_IN_PRODUCTION = {"unhandled", "validation"}


def run(view):
    def act():
        outcome = view()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome or ""

    return act


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_is_the_same_json_in_every_view(build, kinds, testing, name):
    view, status, body, headers = FAILURES[name]
    if isinstance(view, type):
        error = view

        def view():
            raise error

    app, apis = build(run(view), testing=testing)
    if name in ONLY_IN_PRODUCTION:
        app.config["PROPAGATE_EXCEPTIONS"] = False
    twopi_restful.init_app(app, *apis)
    client = app.test_client()
    content = {"json": {"name": SECRET, "password": SECRET}}
    if name == "malformed body":
        content = {"data": f"{{{SECRET}", "content_type": "application/json"}
    answers = [client.post(path, **content) for path in kinds]

    assert [answer.status_code for answer in answers] == [status] * len(kinds)
    assert len({answer.data for answer in answers}) == 1
    assert len({answer.content_type for answer in answers}) == 1
    assert SECRET not in answers[0].text
    if body is None:
        body = {"_errors": [exceptions.default_exceptions[status].description]}
    for answer in answers:
        assert answer.json == body
        assert headers.items() <= dict(answer.headers).items()
        assert len(answer.headers.getlist("Content-Type")) == 1
        assert answer.headers.getlist("Content-Length") == [str(len(answer.data))]


@pytest.fixture
def wired(build, testing):
    """An app whose views read JSON, with `init_app` done."""
    app, apis = build(read_json, testing=testing)
    twopi_restful.init_app(app, *apis)
    return app


def test_routing_failures(wired, kinds):
    client = wired.test_client()
    missing = client.get("/nowhere")

    assert missing.status_code == 404
    assert missing.json == {"_errors": [exceptions.NotFound.description]}
    for path in kinds:
        refused = client.delete(path)
        assert refused.status_code == 405
        assert refused.json == {"_errors": [exceptions.MethodNotAllowed.description]}
        assert "POST" in refused.headers["Allow"]


def test_failures_of_the_request_itself(wired, kinds):
    client = wired.test_client()

    for path in kinds:
        wrong_type = client.post(path, data="a")
        too_large = client.post(
            path, data=b" " * 1_000_001, content_type="application/json"
        )
        assert wrong_type.status_code == 415
        assert too_large.status_code == 413
        assert list(wrong_type.json) == list(too_large.json) == ["_errors"]


@pytest.mark.skipif(
    "TRUSTED_HOSTS" not in Flask.default_config, reason="Flask 3.1 brought the setting"
)
def test_a_host_that_is_not_trusted_is_not_repeated(wired, kinds):
    wired.config["TRUSTED_HOSTS"] = ["good.example"]
    client = wired.test_client()

    for path in kinds:
        answer = client.post(path, headers={"Host": "evil.example"})
        assert answer.status_code == 400
        assert answer.json == {"_errors": [exceptions.BadRequest.description]}


def test_redirects_stay_redirects(wired):
    wired.add_url_rule("/folder/", "folder", lambda: "inside")
    wired.add_url_rule("/away", "away", lambda: flask.abort(flask.redirect("/folder/")))
    client = wired.test_client()

    assert client.get("/folder").status_code == 308
    assert client.get("/away").status_code == 302


class Moved(exceptions.HTTPException):
    code = 303

    def get_headers(self, *arguments):
        return [*super().get_headers(*arguments), ("Location", "/room")]


def test_exceptions_below_400_are_no_errors(build, kinds, testing):
    def move():
        raise Moved

    app, apis = build(move, testing=testing)
    twopi_restful.init_app(app, *apis)
    client = app.test_client()

    for path in kinds:
        answer = client.post(path)
        assert (answer.status_code, answer.location) == (303, "/room")
        assert answer.mimetype == "text/html"


@pytest.mark.parametrize("trap", ["TRAP_HTTP_EXCEPTIONS", "TRAP_BAD_REQUEST_ERRORS"])
def test_trapped_exceptions_are_answered_too(build, kinds, testing, trap):
    app, apis = build(lambda: flask.abort(400), testing=testing)
    app.config[trap] = True
    twopi_restful.init_app(app, *apis)
    client = app.test_client()
    answers = [client.post(path) for path in kinds]

    assert {answer.status_code for answer in answers} == {400}
    assert len({answer.data for answer in answers}) == 1
    assert answers[0].json == {"_errors": [exceptions.BadRequest.description]}


def test_a_response_given_to_abort_is_sent(build, kinds, testing):
    def refuse():
        flask.abort(403, response=Response("closed", 403))

    app, apis = build(refuse, testing=testing)
    twopi_restful.init_app(app, *apis)
    client = app.test_client()

    assert {client.post(path).data for path in kinds} == {b"closed"}


def test_an_unhandled_exception_propagates_in_tests(build, kinds):
    app, apis = build(fail_unhandled, testing=True)
    twopi_restful.init_app(app, *apis)
    client = app.test_client()

    for path in kinds:
        with pytest.raises(RuntimeError):
            client.post(path)


def test_an_unhandled_exception_is_logged_and_signalled_once(build, kinds, caplog):
    app, apis = build(fail_unhandled, testing=False)
    twopi_restful.init_app(app, *apis)
    client = app.test_client()
    signalled = []
    with got_request_exception.connected_to(
        lambda _, exception, **__: signalled.append(exception), app
    ):
        for path in kinds:
            client.post(path)

    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == len(signalled) == len(kinds)
    assert {type(error) for error in signalled} == {RuntimeError}


def test_an_expected_error_is_not_signalled_as_an_exception(build, resources):
    app, apis = build(lambda: flask.abort(404), testing=False)
    twopi_restful.init_app(app, *apis)
    signalled = []
    with got_request_exception.connected_to(
        lambda _, exception, **__: signalled.append(exception), app
    ):
        for path in resources:
            app.test_client().post(path)

    assert signalled == []


def test_debug_shows_the_text_of_an_unhandled_exception(build, kinds):
    app, apis = build(fail_unhandled, testing=False)
    app.debug = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    twopi_restful.init_app(app, *apis)
    client = app.test_client()

    for path in kinds:
        assert client.post(path).json == {"_errors": [f"RuntimeError: {SECRET}"]}


def mine(error):
    return Response("mine", 418)


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("kind", [404, exceptions.NotFound, exceptions.HTTPException])
def test_a_handler_of_the_user_wins(build, kinds, testing, kind, first):
    app, apis = build(lambda: flask.abort(404), testing=testing)
    if first:
        app.register_error_handler(kind, mine)
    twopi_restful.init_app(app, *apis)
    if not first:
        app.register_error_handler(kind, mine)
    client = app.test_client()

    assert {client.post(path).data for path in kinds} == {b"mine"}


@pytest.mark.parametrize("kind", [RuntimeError, Exception, 500])
def test_a_handler_for_unhandled_exceptions_wins(build, kinds, kind):
    app, apis = build(fail_unhandled, testing=False)
    twopi_restful.init_app(app, *apis)
    app.register_error_handler(kind, mine)
    client = app.test_client()

    assert {client.post(path).data for path in kinds} == {b"mine"}


def test_a_handler_of_a_blueprint_wins():
    app = Flask(__name__)
    area = Blueprint("area", __name__)
    area.register_error_handler(exceptions.HTTPException, mine)
    area.add_url_rule("/plain", "plain", lambda: flask.abort(404))

    class Room(Resource):
        def get(self):
            flask.abort(404)

    api = Api(area)
    api.add_resource(Room, "/resource")
    app.register_blueprint(area)
    twopi_restful.init_app(app, api)
    client = app.test_client()

    assert client.get("/plain").data == client.get("/resource").data == b"mine"
    assert list(client.get("/nowhere").json) == ["_errors"]


def test_calling_it_again_changes_nothing(build, kinds):
    app, apis = build(lambda: flask.abort(404), testing=False)
    twopi_restful.init_app(app)
    twopi_restful.init_app(app, apis[0])
    twopi_restful.init_app(app, *apis)
    handler = apis[0].handle_error
    twopi_restful.init_app(app, *apis)
    client = app.test_client()

    assert apis[0].handle_error is handler
    assert len({client.post(path).data for path in kinds}) == 1
    assert client.post(kinds[0]).status_code == 404


def test_an_api_may_be_set_up_before_its_app_and_blueprint():
    app = Flask(__name__)
    area = Blueprint("area", __name__)
    api = Api()
    twopi_restful.init_app(app, api)

    @api.resource("/room")
    class Room(Resource):
        def get(self):
            flask.abort(404)

    api.init_app(area)
    app.register_blueprint(area)

    assert list(app.test_client().get("/room").json) == ["_errors"]


def test_representation_of_json(build, resources):
    app, apis = build(lambda: ("taken", 409), testing=False)
    twopi_restful.init_app(app, *apis)

    for path in resources:
        assert app.test_client().post(path).json == {"_errors": ["taken"]}


def test_what_the_user_set_on_an_api_stays():
    class OwnApi(Api):
        def handle_error(self, e):
            return Response("own", 418)

    def own_json(data, code, headers=None):
        return output_json({"data": data}, code, headers)

    app = Flask(__name__)
    api = OwnApi(app)
    api.representations["application/json"] = own_json

    @api.resource("/room")
    class Room(Resource):
        def get(self):
            return 1

        def post(self):
            flask.abort(404)

    twopi_restful.init_app(app, api)
    client = app.test_client()

    assert client.get("/room").json == {"data": 1}
    assert client.post("/room").data == b"own"


class TakenError(Exception):
    pass


def test_errors_of_an_api_stay_in_force(testing):
    app = Flask(__name__)
    app.config["TESTING"] = testing
    known = {"TakenError": {"message": "Taken.", "status": 409, "seat": 4}}
    api = Api(app, errors=known)

    @api.resource("/room")
    class Room(Resource):
        def get(self):
            raise TakenError

    twopi_restful.init_app(app, api)
    answer = app.test_client().get("/room")

    assert answer.status_code == 409
    assert answer.json == {"_errors": ["Taken."], "status": 409, "seat": 4}
    assert known["TakenError"]["message"] == "Taken."


def test_not_acceptable_is_json_too():
    app = Flask(__name__)
    api = Api(app, default_mediatype=None)

    @api.resource("/room")
    class Room(Resource):
        def get(self):
            return 1

    twopi_restful.init_app(app, api)
    answer = app.test_client().get("/room", headers={"Accept": "image/png"})

    assert (answer.status_code, list(answer.json)) == (406, ["_errors"])


def test_something_else_than_an_api_is_refused():
    app = Flask(__name__)

    with pytest.raises(TypeError, match=r"flask_restful\.Api"):
        twopi_restful.init_app(app, Blueprint("a", __name__))


def test_another_app_is_not_touched():
    app, other = Flask("one"), Flask("two")
    twopi_restful.init_app(app)

    assert other.test_client().get("/nowhere").mimetype == "text/html"


@pytest.fixture(scope="module")
def fragile():
    """An app in production whose views fail in many ways while they read a request."""
    app = Flask(__name__)
    app.logger.disabled = True
    app.config["MAX_CONTENT_LENGTH"] = 2000
    api = Api(app)

    def fail():
        twopi_restful.get_and_expect_json()
        if request.args.get("how") == "load":
            Login().load(request.get_json())
        if request.args.get("how") == "key":
            request.form["missing"]
        if request.args.get("how") == "raise":
            raise RuntimeError(request.get_data(as_text=True), request.url)
        raise ValidationError({"a": ["b"]}, data=request.get_json())

    class Room(Resource):
        def post(self):
            fail()

    api.add_resource(Room, "/resource")
    app.add_url_rule("/plain", "plain", fail, methods=["POST"])
    app.add_url_rule("/number/<int:number>", "number", fail, methods=["POST"])
    twopi_restful.init_app(app, api)
    return app.test_client()


@settings(deadline=None)
@given(
    path=st.sampled_from(["/resource", "/plain", "/number/{}", "/{}"]),
    how=st.sampled_from(["load", "key", "raise", "data"]),
    method=st.sampled_from(["POST", "PUT", "GET"]),
    content_type=st.sampled_from(["application/json", "text/plain", "a/b; c={}"]),
    body=st.sampled_from(['{{"name": "{}"}}', '["{}"]', "{}", '{{"{}', "", '"{}'])
    | st.text(max_size=20).map(
        lambda text: text.replace("{", "").replace("}", "") + "{}"
    ),
    accept=st.sampled_from(["*/*", "text/html", "{}/{}"]),
)
def test_no_failure_repeats_what_the_request_said(
    *, fragile, path, how, method, content_type, body, accept
):
    answer = fragile.open(
        path.replace("{}", SECRET),
        method=method,
        query_string={"how": how, "token": SECRET},
        data=body.replace("{}", SECRET).encode("utf-8", "replace"),
        content_type=content_type.replace("{}", SECRET),
        headers={
            "Accept": accept.replace("{}", SECRET),
            "Authorization": f"Bearer {SECRET}",
            "Cookie": f"session={SECRET}",
        },
    )

    assert answer.status_code >= 400
    assert list(answer.json) == ["_errors"]
    assert SECRET.encode() not in answer.data
    assert SECRET not in str(answer.headers)
