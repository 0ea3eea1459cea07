import flask
import flask_restful
import pytest
from flask import Blueprint, Flask, Response
from flask_restful import Api, Resource
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import exceptions

import twopi_restful
from twopi_restful import ExpectedJSONException, Problem, get_and_expect_json

PROBLEM = "application/problem+json"
ASKING = {"Accept": PROBLEM}
TAKEN = "https://example.com/probs/taken"


class TakenProblem(Problem):
    code = 409
    type = TAKEN
    title = "The room is taken."


def ask(app, path, accept=PROBLEM):
    return app.test_client().post(path, headers={"Accept": accept})


def test_a_problem_has_the_members_of_the_rfc(build, kinds, testing):
    def fail():
        raise Problem(
            403,
            "It costs 50.",
            type=TAKEN,
            title="No credit.",
            instance="/account/1",
            headers={"Retry-After": "30"},
            balance=30,
        )

    app, apis = build(fail, testing=testing)
    twopi_restful.init_app(app, *apis, problem=True)

    for path in kinds:
        answer = ask(app, path)
        assert (answer.status_code, answer.content_type) == (403, PROBLEM)
        assert answer.headers["Vary"] == "Accept"
        assert answer.headers["Retry-After"] == "30"
        assert answer.json == {
            "type": TAKEN,
            "title": "No credit.",
            "status": 403,
            "detail": "It costs 50.",
            "instance": "/account/1",
            "errors": ["It costs 50."],
            "balance": 30,
        }


def test_a_problem_is_errors_for_clients_that_do_not_ask(build, kinds, testing):
    def fail():
        raise TakenProblem(detail="By Ada.", errors=["a", "b"], seat=4)

    app, apis = build(fail, testing=testing)
    twopi_restful.init_app(app, *apis)

    for path in kinds:
        answer = ask(app, path, "application/json")
        assert (answer.status_code, answer.mimetype) == (409, "application/json")
        assert answer.json == {"_errors": ["a", "b"], "seat": 4}
        assert answer.headers["Vary"] == "Accept"


def test_a_problem_needs_no_init_app(build, kinds, testing):
    def fail():
        raise TakenProblem

    app, _ = build(fail, testing=testing)

    for path in kinds:
        assert ask(app, path).json == {
            "type": TAKEN,
            "title": "The room is taken.",
            "status": 409,
            "errors": ["The room is taken."],
        }


def test_a_problem_of_the_user_may_be_given_a_response(build, kinds, testing):
    def fail():
        error = TakenProblem()
        error.response = Response("closed", 409)
        raise error

    app, apis = build(fail, testing=testing)
    twopi_restful.init_app(app, *apis, problem="always")

    assert {ask(app, path).data for path in kinds} == {b"closed"}


def test_a_problem_without_a_status_is_refused():
    with pytest.raises(TypeError, match="status"):
        Problem(detail="What?")


def test_errors_of_a_problem_are_not_given_twice():
    with pytest.raises(TypeError, match="_errors"):
        Problem(400, _errors=["a"])


FAILURES = {
    "abort": (
        lambda: flask.abort(405, valid_methods=["GET"]),
        {
            "title": "Method Not Allowed",
            "status": 405,
            "detail": exceptions.MethodNotAllowed.description,
        },
    ),
    "arguments": (
        lambda: flask_restful.abort(409, message="Taken.", seat=4, status=1, type=2),
        {"title": "Conflict", "status": 409, "detail": "Taken.", "seat": 4},
    ),
    "body": (
        get_and_expect_json,
        {
            "title": "Bad Request",
            "status": 400,
            "detail": ExpectedJSONException.description,
        },
    ),
    "no phrase": (
        lambda: twopi_restful.output_json("odd", 499),
        {"title": "Unknown Error", "status": 499, "detail": "odd"},
    ),
    "not a text": (
        lambda: twopi_restful.output_json({"_errors": [{"a": 1}]}, 422),
        {"title": "Unprocessable Entity", "status": 422},
    ),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("mode", [True, "always"])
def test_every_error_is_a_problem_in_every_view(build, kinds, testing, name, mode):
    view, members = FAILURES[name]
    app, apis = build(view, testing=testing)
    twopi_restful.init_app(app, *apis, problem=mode)
    old_app, old_apis = build(view, testing=testing)
    twopi_restful.init_app(old_app, *old_apis)
    accept = PROBLEM if mode is True else "*/*"
    answers = [ask(app, path, accept) for path in kinds]
    old = ask(old_app, kinds[0])

    assert len({answer.data for answer in answers}) == 1
    for answer in answers:
        assert (answer.status_code, answer.content_type) == (old.status_code, PROBLEM)
        assert answer.headers.get("Vary") == ("Accept" if mode is True else None)
        assert answer.headers.get("Allow") == old.headers.get("Allow")
        assert answer.headers["Content-Length"] == str(len(answer.data))
    errors = old.json["_errors"]
    title = answers[0].json.pop("title")
    expected = {"type": "about:blank", "errors": errors, **members}
    assert answers[0].json == expected | {"title": title}
    assert title.split()[0] == members["title"].split()[0]


def test_what_a_resource_returns_is_a_problem_too(build, resources):
    app, apis = build(lambda: ("Taken.", 409), testing=False)
    twopi_restful.init_app(app, *apis, problem=True)

    for path in resources:
        answer = ask(app, path)
        assert answer.content_type == PROBLEM
        assert answer.json["detail"] == "Taken."
        assert ask(app, path, "*/*").json == {"_errors": ["Taken."]}


def test_an_unhandled_exception_is_a_problem_without_its_text(build, kinds):
    def fail():
        raise RuntimeError("hunter2")

    app, apis = build(fail, testing=False)
    twopi_restful.init_app(app, *apis, problem=True)

    for path in kinds:
        answer = ask(app, path)
        assert answer.json["status"] == answer.status_code == 500
        assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("accept", "asked"),
    [
        ("", False),
        ("*/*", False),
        ("application/*", False),
        ("application/json", False),
        ("text/html, */*;q=0.1", False),
        (f"{PROBLEM};q=0", False),
        (f"application/json, {PROBLEM};q=0.9", False),
        (PROBLEM, True),
        (PROBLEM.upper(), True),
        (f"application/json, {PROBLEM}", True),
        (f"{PROBLEM}, */*;q=0.1", True),
        (f"application/json;q=0.5, {PROBLEM};q=0.9", True),
        (f"text/html, {PROBLEM};q=0.5", True),
        (f"{PROBLEM};charset=utf-8", True),
    ],
)
def test_the_client_has_to_name_the_media_type(accept, asked):
    app = Flask(__name__)
    twopi_restful.init_app(app, problem=True)
    answer = ask(app, "/nowhere", accept)

    assert (answer.mimetype == PROBLEM) is asked
    assert ("errors" in answer.json, "_errors" in answer.json) == (asked, not asked)
    assert answer.headers["Vary"] == "Accept"


@given(accept=st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"])))
def test_no_accept_header_breaks_an_answer(accept):
    app = Flask(__name__)
    twopi_restful.init_app(app, problem=True)

    assert ask(app, "/nowhere", accept).status_code == 404


def test_other_answers_stay_as_they_are():
    app = Flask(__name__)
    twopi_restful.init_app(app, problem="always")
    app.add_url_rule("/well", "well", lambda: {"_errors": []}, methods=["POST"])
    app.add_url_rule("/own", "own", lambda: ({"why": 1}, 409), methods=["POST"])
    app.add_url_rule("/page", "page", lambda: ("<p>no", 404), methods=["POST"])
    app.add_url_rule(
        "/broken",
        "broken",
        lambda: Response("{", 400, content_type="application/json"),
        methods=["POST"],
    )
    app.add_url_rule(
        "/stream",
        "stream",
        lambda: Response(iter("{}"), 400, content_type="application/json"),
        methods=["POST"],
    )

    assert ask(app, "/well").json == {"_errors": []}
    assert ask(app, "/own").json == {"why": 1}
    assert ask(app, "/page").text == "<p>no"
    assert ask(app, "/broken").text == "{"
    assert ask(app, "/stream").text == "{}"


def envelope(status, errors, rest):
    return {"code": status, "messages": errors, "rest": rest}


def test_a_body_builder_makes_the_body_of_every_error(build, kinds, testing):
    def fail():
        flask_restful.abort(409, message="Taken.", status=4)

    app, apis = build(fail, testing=testing)
    twopi_restful.init_app(app, *apis, errors=envelope, problem=True)

    for path in kinds:
        answer = ask(app, path, "*/*")
        assert (answer.status_code, answer.mimetype) == (409, "application/json")
        assert answer.json == {
            "code": 409,
            "messages": ["Taken."],
            "rest": {"status": 4},
        }
        assert ask(app, path).mimetype == PROBLEM


def build_site(wire):
    """Return an app with pages and an API, *wire* called before they are joined."""
    app = Flask(__name__)
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    area = Blueprint("area", __name__, url_prefix="/api")
    for scaffold in (app, area, inner):
        scaffold.add_url_rule("/gone", "gone", lambda: flask.abort(410))
    wire(app, area)
    area.register_blueprint(inner)
    app.register_blueprint(area)
    app.register_blueprint(area, name="again", url_prefix="/again")
    return app


def wire_blueprint(app, area):
    twopi_restful.init_app(area, problem=True)
    twopi_restful.init_app(area)


def wire_only_blueprint(app, area):
    twopi_restful.init_app(app, only=[area], problem=True)


@pytest.mark.parametrize("wire", [wire_blueprint, wire_only_blueprint])
def test_errors_of_a_blueprint_alone(wire):
    client = build_site(wire).test_client()

    for path in ["/api/gone", "/api/inner/gone", "/again/gone"]:
        assert list(client.get(path).json) == ["_errors"]
        assert client.get(path, headers=ASKING).mimetype == PROBLEM
    for path in ["/gone", "/api/nowhere", "/nowhere"]:
        assert client.get(path).mimetype == "text/html"
        assert client.get(path, headers=ASKING).mimetype == "text/html"


@pytest.mark.parametrize("prefix", ["/api", "/api/"])
def test_errors_below_a_path_alone(prefix):
    def wire(app, area):
        twopi_restful.init_app(app, only=[prefix], errors=envelope)

    client = build_site(wire).test_client()

    for path in ["/api/gone", "/api/nowhere", "/api"]:
        assert list(client.get(path).json) == ["code", "messages", "rest"]
    assert list(client.post("/api/gone").json) == ["code", "messages", "rest"]
    for path in ["/gone", "/apis", "/again/gone"]:
        assert client.get(path).mimetype == "text/html"


def test_unhandled_exceptions_of_pages_are_pages():
    app = Flask(__name__)
    app.add_url_rule("/page", "page", lambda: 1 / 0)
    app.add_url_rule("/api/page", "api", lambda: 1 / 0)
    twopi_restful.init_app(app, only=["/api"])
    client = app.test_client()

    assert client.get("/page").status_code == client.get("/api/page").status_code == 500
    assert client.get("/page").mimetype == "text/html"
    assert list(client.get("/api/page").json) == ["_errors"]


def test_resources_outside_have_the_errors_of_flask():
    class Room(Resource):
        def get(self):
            flask.abort(410)

    app = Flask(__name__)
    api = Api(app)
    api.add_resource(Room, "/room", "/api/room")
    twopi_restful.init_app(app, api, only=["/api"])
    client = app.test_client()

    assert client.get("/room").mimetype == "text/html"
    assert list(client.get("/api/room").json) == ["_errors"]


def test_options_stay_until_others_are_given():
    app = Flask(__name__)
    twopi_restful.init_app(app)
    twopi_restful.init_app(app, problem="always")
    twopi_restful.init_app(app)
    always = ask(app, "/nowhere", "*/*")
    other = Flask(__name__)
    twopi_restful.init_app(other, problem="always")
    twopi_restful.init_app(other, errors=envelope)

    assert always.mimetype == PROBLEM
    assert ask(other, "/nowhere").json["code"] == 404


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"problem": "sometimes"}, ValueError, "always"),
        ({"errors": {"a": 1}}, TypeError, "function"),
        ({"only": "/api"}, TypeError, r"\['/api'\]"),
        ({"only": ["api"]}, TypeError, "path prefixes"),
        ({"only": [None]}, TypeError, "blueprints"),
    ],
)
def test_wrong_options_are_refused(options, error, message):
    app = Flask(__name__)

    with pytest.raises(error, match=message):
        twopi_restful.init_app(app, **options)


def test_a_blueprint_cannot_be_divided():
    with pytest.raises(TypeError, match="blueprint"):
        twopi_restful.init_app(Blueprint("a", __name__), only=["/api"])
