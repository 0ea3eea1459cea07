import inspect
import io
import unittest
from itertools import permutations

import pytest
from flask import Flask, jsonify, request
from werkzeug.datastructures import Headers, MultiDict

from twopi_testing import AppReqTestHelper, CRUDTestHelper, PrivilegeTestHelper

HELPERS = [AppReqTestHelper, CRUDTestHelper, PrivilegeTestHelper]
METHODS = ["get", "post", "put", "patch", "delete"]


@pytest.fixture(name="echo")
def echo_app():
    app = Flask(__name__)

    @app.route("/", methods=[method.upper() for method in METHODS])
    def echo():
        return jsonify(
            method=request.method,
            type=request.content_type,
            json=request.get_json(silent=True),
            form=request.form.to_dict(flat=False),
            files={name: file.read().decode() for name, file in request.files.items()},
            raw=request.get_data(as_text=True),
            headers=[*request.headers.items()],
            args=request.args,
        )

    return app


@pytest.fixture(name="case")
def case_of_echo(echo):
    case = AppReqTestHelper()
    case.client = echo.test_client()
    return case


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("data", [{"a": [1]}, [1, 2], {}, []])
def test_a_dict_or_list_is_sent_as_json(case, method, data):
    answer = getattr(case, method)("/", data=data).json

    assert (answer["method"], answer["json"]) == (method.upper(), data)
    assert answer["type"] == "application/json"


@pytest.mark.parametrize("method", METHODS)
def test_a_request_without_data(case, method):
    answer = getattr(case, method)("/", query_string={"a": "b"}).json

    assert (answer["method"], answer["type"]) == (method.upper(), None)
    assert answer["args"] == {"a": "b"}


def test_the_application_encodes_the_json(case, echo):
    echo.json.default = lambda _: "encoded"

    assert case.post("/", data={"a": object()}).json["json"] == {"a": "encoded"}


def test_another_json_type_is_kept(case):
    answer = case.patch(
        "/", data=[{"op": "test"}], content_type="application/json-patch+json"
    ).json

    assert answer["type"] == "application/json-patch+json"
    assert answer["raw"] == '[{"op": "test"}]'


@pytest.mark.parametrize("data", ["text", b"text"])
def test_text_is_sent_as_it_is(case, data):
    assert case.post("/", data=data).json["raw"] == "text"


@pytest.mark.parametrize(
    "arguments",
    [
        {"content_type": "application/x-www-form-urlencoded"},
        {"headers": {"content-type": "application/x-www-form-urlencoded"}},
    ],
)
def test_a_form_by_its_content_type(case, arguments):
    assert case.post("/", data={"a": "1"}, **arguments).json["form"] == {"a": ["1"]}


def test_a_multidict_is_a_form(case):
    answer = case.post("/", data=MultiDict([("a", "1"), ("a", "2")])).json

    assert answer["form"] == {"a": ["1", "2"]}


def test_an_upload(case):
    data = {"file": (io.BytesIO(b"content"), "a.txt")}

    answer = case.post("/", data=data, content_type="multipart/form-data").json

    assert answer["files"] == {"file": "content"}


def test_json_is_passed_on(case):
    assert case.post("/", json={"a": 1}).json["json"] == {"a": 1}


@pytest.mark.parametrize(
    "explicit",
    [
        {"authorization": "Bearer own", "X-B": "b"},
        [("AUTHORIZATION", "Bearer own"), ("X-B", "b")],
        Headers({"Authorization": "Bearer own", "X-B": "b"}),
    ],
)
def test_explicit_headers_win_over_client_headers(case, explicit):
    case.client_headers = {"Authorization": "Bearer all", "X-A": "a"}

    headers = Headers(case.get("/", headers=explicit).json["headers"])

    assert headers.getlist("Authorization") == ["Bearer own"]
    assert (headers["X-A"], headers["X-B"]) == ("a", "b")


def test_client_headers_go_with_every_request_and_stay_as_they_are(case):
    case.client_headers = {"X-A": "a"}

    for method in METHODS:
        answer = getattr(case, method)("/", headers={"X-A": "b"}).json
        assert ["X-A", "b"] in answer["headers"]
        assert ["X-A", "a"] in getattr(case, method)("/").json["headers"]
    assert case.client_headers == {"X-A": "a"}


def test_a_content_type_of_client_headers_counts(case):
    case.client_headers = {"Content-Type": "application/x-www-form-urlencoded"}

    assert case.post("/", data={"a": "1"}).json["form"] == {"a": ["1"]}


def test_headers_of_the_caller_are_not_changed(case):
    case.client_headers = {"X-A": "a"}
    headers = {"X-B": "b"}

    case.get("/", headers=headers)

    assert headers == {"X-B": "b"}


@pytest.mark.parametrize("bases", [*permutations([*HELPERS, unittest.TestCase])])
def test_the_helpers_mix_in_any_order(things, bases):
    class Things(*bases):
        def setUp(self):
            self.client = things(["old"]).app.test_client()
            self.client_headers = {"X-Role": "admin"}

        def test_life(self):
            self.do_crud_test(
                *("/things", {"name": "a"}, {"name": "b"}, "id", ["name"], ["serial"]),
                *(True, True, True, True, 1),
            )

        def test_privileges(self):
            codes = {"plural-get": 200, "delete": 204, "get": 200, "put": 204}
            self.do_test_privileges("/things", {"name": "c"}, 1, codes)

        def test_wrong(self):
            self.do_crud_test("/things", {"name": "a"}, initial_count=2)

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Things).run(result)

    assert (result.testsRun, result.errors) == (3, [])
    [(failed, text)] = result.failures
    assert failed.id().endswith("test_wrong")
    assert "expected 2 objects in the list, found 1\nGET /things answered 200" in text


def test_the_checks_use_the_requests_of_the_class(echo):
    seen = []

    class Case(CRUDTestHelper):
        client = echo.test_client()

        def get(self, *args, **kwargs):
            seen.append(args)
            return super().get(*args, **kwargs)

    with pytest.raises(AssertionError, match="expected a list"):
        Case().do_crud_test("/")
    assert seen == [("/",)]


def test_the_checks_send_the_client_headers(echo):
    @echo.get("/admin")
    def admin():
        return [], 200 if request.headers.get("X-Role") == "admin" else 403

    case = PrivilegeTestHelper()
    case.client = echo.test_client()
    case.do_test_privileges("/admin", {}, 1, {"plural-get": 403})
    case.client_headers = {"X-Role": "admin"}
    case.do_test_privileges("/admin", {}, 1, {"plural-get": 200})


class TestUnderPytest(CRUDTestHelper, PrivilegeTestHelper):
    """A plain pytest class, its client set by a fixture."""

    @pytest.fixture(autouse=True)
    def _client(self, things):
        self.client = things().app.test_client()

    def test_life(self):
        self.do_crud_test("/things", {"name": "a"}, check_keys=["name"])

    def test_privileges(self):
        self.do_test_privileges("/things", {}, 1, [("get", 404), ("post", 201)])


def test_the_signatures_of_1_x():
    crud = inspect.signature(CRUDTestHelper.do_crud_test).parameters.values()
    privileges = inspect.signature(PrivilegeTestHelper.do_test_privileges).parameters

    positional = [each for each in crud if each.kind is each.POSITIONAL_OR_KEYWORD]
    assert [each.name for each in positional] == [
        *("self", "endpoint", "data_1", "data_2", "key", "check_keys"),
        *("keys_from_prev", "create", "delete", "update", "read", "initial_count"),
    ]
    assert [each.default for each in positional][2:5] == [None, None, "id"]
    assert [each.default for each in positional][7:] == [True, True, True, True, 0]
    assert [*privileges][1:] == ["endpoint", "data", "object_id", "expected_codes"]
