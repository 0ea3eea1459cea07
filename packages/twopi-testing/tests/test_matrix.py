import functools
import re
from contextlib import contextmanager

import pytest
from flask import Blueprint, Flask, abort, request, session
from flask.views import MethodView
from flask_restful import Api, Resource
from werkzeug.datastructures import MultiDict

from twopi_testing import ApiClient, privilege_matrix

ROLES = {"nobody": None, "user": "user", "admin": {"X-Role": "admin"}}
VALUES = {"key": 1, "/area/<name>": {"name": "a b ü"}}


def role():
    return request.headers.get("X-Role") or getattr(request.authorization, "token", "")


def only(*names):
    def decorate(view):
        @functools.wraps(view)
        def guarded(*args, **kwargs):
            if not role():
                abort(401)
            if role() not in names:
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return decorate


@pytest.fixture(name="stored")
def things_stored():
    return {1: "one", 2: "two"}


@pytest.fixture(name="app")
def app_of_all_kinds_of_views(stored):
    """Who is nobody gets 401, a user may read, an admin may do everything."""
    app = Flask(__name__)
    app.config["TESTING"] = True
    area = Blueprint("area", __name__, url_prefix="/area", static_folder="static")
    api = Api(app)

    class Thing(MethodView):
        init_every_request = False

        @only("user", "admin")
        def get(self, key):
            return {"name": stored.get(key) or abort(404)}

        @only("admin")
        def delete(self, key):
            return {"name": stored.pop(key, None) or abort(404)}

    class Room(Resource):
        @only("user", "admin")
        def get(self):
            return []

        @only("admin")
        def post(self):
            return request.json, 201

    @area.get("/<name>")
    @only("user", "admin")
    def show(name):
        return {"name": name}

    app.add_url_rule("/things/<int:key>", view_func=Thing.as_view("thing"))
    api.add_resource(Room, "/rooms")
    app.register_blueprint(area)
    return app


READ = {"nobody": 401, "user": 200, "admin": 200}
EXPECTED = {
    "GET /things/<int:key>": READ,
    "DELETE /things/<int:key>": {"nobody": 401, "user": 403, "admin": 200},
    "GET /rooms": READ,
    "POST /rooms": {"nobody": 401, "user": 403, "admin": {200, 201}},
    "GET /area/<name>": READ,
}
DATA = {"POST /rooms": {"name": "a"}}


def matrix(app, expected=EXPECTED, **options):
    given = {"roles": ROLES, "values": VALUES, "data": DATA} | options
    return privilege_matrix(app, expected, **given)


def failure(subject):
    with pytest.raises(AssertionError) as caught:
        subject.check()
    return str(caught.value)


def test_a_matrix_of_all_kinds_of_views_passes(app, stored):
    found = matrix(app)

    found.check()

    assert len(found.cells) == 15
    assert stored == {2: "two"}


def test_cells_are_named_and_checked_one_by_one(app):
    cells = {str(cell): cell for cell in matrix(app).cells}

    assert "user DELETE /things/<int:key>" in cells
    for cell in cells.values():
        cell.check()


def test_a_route_that_nobody_listed_fails(app, stored):
    app.add_url_rule("/export", "export", lambda: "all", methods=["GET", "POST"])

    message = failure(matrix(app))

    assert message.splitlines() == [
        "2 of 17 privileges are not as expected",
        "route         role  expected  answered",
        "GET /export   -     -         nobody listed it",
        "POST /export  -     -         nobody listed it",
    ]
    stored[1] = "one"
    matrix(app, require_all=False).check()


def test_a_role_that_a_route_says_nothing_about_fails(app, stored):
    rows = EXPECTED | {"GET /rooms": {"user": 200}}

    message = failure(matrix(app, rows))

    assert "\nGET /rooms  nobody  -         nobody listed it\n" in message
    assert "\nGET /rooms  admin   -         nobody listed it" in message
    stored[1] = "one"
    matrix(app, rows, require_all=False).check()


def test_all_wrong_cells_are_one_table(app):
    rows = EXPECTED | {
        "GET /rooms": {"nobody": 200, "user": 200, "admin": (401, 403)},
        "POST /rooms": {"nobody": 401, "user": 201, "admin": 201},
    }

    lines = failure(matrix(app, rows)).splitlines()

    assert lines[0] == "3 of 15 privileges are not as expected"
    assert lines[1].split() == ["route", "role", "expected", "answered"]
    assert lines[2] == "GET /rooms   admin   401 or 403  /rooms answered 200 OK: []"
    assert lines[3].startswith("GET /rooms   nobody  200         /rooms answered 401 ")
    assert lines[4].startswith("POST /rooms  user    201         /rooms answered 403 ")
    assert len(lines) == 5


def test_a_view_that_raises_is_one_cell_and_the_cause(app):
    app.add_url_rule("/export", "export", lambda: 1 / 0)

    with pytest.raises(AssertionError) as caught:
        matrix(app, EXPECTED | {"GET /export": 200}).check()

    assert "3 of 18" in str(caught.value)
    assert "raised ZeroDivisionError" in str(caught.value)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_long_answer_is_one_short_line(app):
    app.add_url_rule("/long", "long", lambda: "line\n" * 1000)

    message = failure(matrix(app, EXPECTED | {"GET /long": 404}))

    assert max(map(len, message.splitlines())) < 300
    assert len(message.splitlines()) == 5


def test_one_status_is_for_all_roles_and_none_is_not_checked(app):
    app.add_url_rule("/health", "health", lambda: "well")
    app.add_url_rule("/boom", "boom", lambda: 1 / 0)
    rows = {"GET /health": 200, "GET /boom": None}

    found = matrix(app, EXPECTED | rows)

    found.check()
    assert len(found.cells) == 18


def test_head_options_and_static_files_may_be_listed(app):
    rows = {
        "HEAD /rooms": READ,
        "OPTIONS /rooms": 200,
        "GET /static/<path:filename>": 404,
        "GET /area/static/<path:filename>": 404,
    }

    values = VALUES | {"filename": "a/b.css"}
    matrix(app, EXPECTED | rows, values=values).check()

    assert "HEAD /rooms" in failure(matrix(app, EXPECTED | {"HEAD /rooms": 404}))


def test_a_method_of_its_own_for_head_and_options_has_to_be_listed():
    class Own(MethodView):
        def get(self):
            return ""

        def head(self):
            return ""

        def options(self):
            return ""

    app = Flask(__name__)
    app.add_url_rule("/own", view_func=Own.as_view("own"))
    app.add_url_rule("/only", "only", lambda: "", methods=["HEAD"])

    message = failure(privilege_matrix(app, {"GET /own": 200}, roles=ROLES))

    assert "OPTIONS /own" in message
    assert "HEAD /own" in message
    assert "HEAD /only" in message
    assert "3 of 6" in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"expected": {"DELETE /thing/<int:key>": 200}},
            "no route 'DELETE /thing/<int:key>'; there is DELETE /things/<int:key>, ",
        ),
        ({"data": {"POST /room": {}}}, "no route 'POST /room'; there is POST /rooms, "),
        (
            {"expected": {"GET /rooms": {"usr": 200}}},
            "no role 'usr'; there is user, ",
        ),
        ({"values": {"key": 1}}, "values has no 'name', which GET /area/<name> needs"),
        ({"expected": {}, "require_all": False}, "nothing would be checked"),
        ({"expected": dict.fromkeys(EXPECTED)}, "nothing would be checked"),
        ({"roles": {}, "expected": dict.fromkeys(EXPECTED, 200)}, "nothing would be"),
    ],
)
def test_what_is_not_there_is_refused_before_any_request(app, arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        matrix(app, **arguments)


def test_refusals_come_first_and_deletions_last(app):
    names = [str(cell) for cell in matrix(app).cells]

    assert names[0].startswith("nobody GET /")
    assert names[-3:] == [
        "nobody DELETE /things/<int:key>",
        "user DELETE /things/<int:key>",
        "admin DELETE /things/<int:key>",
    ]
    rows = {"DELETE /things/<int:key>": {"nobody": 401, "user": 403, "admin": 200}}
    roles = dict(reversed(ROLES.items()))
    deletions = matrix(app, rows, roles=roles, require_all=False).cells
    assert [cell.role for cell in deletions] == ["user", "nobody", "admin"]


def test_fresh_state_for_every_cell(app, stored):
    """Two roles may delete; without `fresh` the second would find nothing."""
    rows = EXPECTED | {"DELETE /things/<int:key>": 200}
    roles = {"root": {"X-Role": "admin"}, "admin": {"X-Role": "admin"}}
    rows["GET /rooms"] = rows["GET /things/<int:key>"] = rows["GET /area/<name>"] = 200
    rows["POST /rooms"] = 201

    def refill():
        stored.update({1: "one"})

    assert "1 of 10" in failure(matrix(app, rows, roles=roles))
    matrix(app, rows, roles=roles, fresh=refill).check()
    assert stored == {2: "two"}


def test_fresh_may_be_a_context_with_roles_values_and_data_made_in_it(app, stored):
    seen = []

    @contextmanager
    def transaction():
        seen.append("begin")
        before = dict(stored)
        yield
        seen.append("rollback")
        stored.clear()
        stored.update(before)

    def make_key():
        assert seen[-1] == "begin"
        stored[7] = "seven"
        return 7

    def log_in():
        assert seen[-1] == "begin"
        return "user"

    options = {
        "fresh": transaction,
        "roles": ROLES | {"user": log_in},
        "values": VALUES | {"key": make_key},
        "data": {"POST /rooms": lambda: {"made": seen[-1]}},
    }
    matrix(app, **options).check()

    assert stored == {1: "one", 2: "two"}
    assert seen == ["begin", "rollback"] * 15


def test_the_context_is_left_if_a_view_raises(app):
    app.add_url_rule("/export", "export", lambda: 1 / 0)
    left = []

    @contextmanager
    def state():
        try:
            yield
        finally:
            left.append(True)

    rows = {"GET /export": 200}
    failure(matrix(app, rows, fresh=state, require_all=False))

    assert len(left) == 3


def test_cookies_do_not_pass_from_one_cell_to_the_next():
    app = Flask(__name__)
    app.secret_key = "s"
    seen = []

    @app.post("/login")
    def log_in():
        seen.append(dict(session))
        session["who"] = "ann"
        return ""

    app.add_url_rule("/me", "me", lambda: ("", 200 if "who" in session else 401))

    def logged_in():
        client = app.test_client()
        with client.session_transaction() as opened:
            opened["who"] = "bob"
        return client

    roles = {"nobody": None, "ann": ApiClient.of(app).as_(None).as_, "bob": logged_in}
    roles["ann"] = lambda: None
    rows = {"POST /login": 200, "GET /me": {"nobody": 401, "ann": 401, "bob": 200}}
    privilege_matrix(app, rows, roles=roles).check()

    assert seen == [{}, {}, {"who": "bob"}]


@pytest.mark.parametrize(
    ("data", "received"),
    [
        (b"raw", b"raw"),
        ("text", b"text"),
        ([1], b"[1]"),
        (0, b"0"),
        (MultiDict({"a": "1"}), b"a=1"),
    ],
)
def test_data_is_json_unless_it_is_text_or_a_form(data, received):
    app = Flask(__name__)
    seen = []
    app.post("/in")(lambda: seen.append(request.get_data(parse_form_data=False)) or "")

    privilege_matrix(
        app, {"POST /in": 200}, roles={"nobody": None}, data={"POST /in": data}
    ).check()

    assert [each.replace(b" ", b"") for each in seen] == [received]


def test_subdomains_and_hosts():
    app = Flask(__name__, subdomain_matching=True, static_folder=None)
    app.config["SERVER_NAME"] = "shop.example"
    app.add_url_rule("/", "main", lambda: ("", 200))
    app.add_url_rule("/", "sub", lambda who: (who, 201), subdomain="<who>")
    rows = {"GET /": 200, "GET //<who>/": 201}
    values = {"who": "ann"}

    privilege_matrix(app, rows, roles=ROLES, values=values).check()

    hosts = Flask(__name__, host_matching=True, static_folder=None)
    hosts.add_url_rule("/", "a", lambda: ("", 200), host="a.example")
    hosts.add_url_rule("/", "b", lambda: ("", 201), host="b.example")
    rows = {"GET //a.example/": 200, "GET //b.example/": 201}
    privilege_matrix(hosts, rows, roles=ROLES).check()


def test_nothing_given_is_changed(app):
    rows, values, data = dict(EXPECTED), dict(VALUES), dict(DATA)

    matrix(app, rows, values=values, data=data).check()

    assert (rows, values, data) == (EXPECTED, VALUES, DATA)
