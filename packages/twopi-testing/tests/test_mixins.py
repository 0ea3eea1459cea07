import inspect
import io
import json
import unittest
from itertools import permutations

import pytest
from flask import Flask, Response, jsonify, request
from werkzeug.datastructures import Headers, MultiDict

from twopi_testing import (
    AppReqTestHelper,
    CRUDTestHelper,
    PrivilegeTestHelper,
    check_crud,
)

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


@pytest.mark.parametrize("method", METHODS[1:])
@pytest.mark.parametrize("data", [{"a": [1]}, [1, 2], {}, []])
def test_a_dict_or_list_is_sent_as_json(case, method, data):
    answer = getattr(case, method)("/", data=data).json

    assert (answer["method"], answer["json"]) == (method.upper(), data)
    assert answer["type"] == "application/json"


@pytest.mark.parametrize("method", METHODS)
def test_a_request_without_data(case, method):
    answer = getattr(case, method)("/", query_string={"a": "b"}).json

    expected = None if method == "get" else "application/json"
    assert (answer["method"], answer["type"]) == (method.upper(), expected)
    assert (answer["args"], answer["raw"]) == ({"a": "b"}, "")


def test_the_application_encodes_the_json(case, echo):
    echo.json.default = lambda _: "encoded"

    assert case.post("/", data={"a": object()}).json["json"] == {"a": "encoded"}


def test_another_json_type_is_kept(case):
    answer = case.patch(
        "/", data=[{"op": "test"}], content_type="application/json-patch+json"
    ).json

    assert answer["type"] == "application/json-patch+json"
    assert answer["raw"] == '[{"op": "test"}]'


@pytest.mark.parametrize("method", METHODS[1:])
@pytest.mark.parametrize("data", ['{"a": 1}', b'{"a": 1}'])
def test_text_is_json_unless_a_content_type_says_otherwise(case, method, data):
    send = getattr(case, method)
    answer = send("/", data=data).json
    other = send("/", data=data, content_type="text/csv").json
    header = send("/", data=data, headers={"Content-Type": "text/csv"}).json

    assert (answer["type"], answer["json"]) == ("application/json", {"a": 1})
    assert (other["type"], other["raw"]) == ("text/csv", '{"a": 1}')
    assert (header["type"], header["raw"]) == ("text/csv", '{"a": 1}')


def test_a_get_has_no_content_type_of_its_own(case):
    assert case.get("/", data={"a": "1"}).json["form"] == {"a": ["1"]}
    answer = case.get("/", json={"a": 1}).json
    assert (answer["type"], answer["raw"]) == (None, '{"a": 1}')


def test_json_is_written_in_the_order_it_was_given(case):
    """A signature of the body must stay right."""
    assert case.post("/", json={"b": 1, "a": 2}).json["raw"] == '{"b": 1, "a": 2}'


def test_json_goes_before_data(case):
    assert case.post("/", data="x", json={"a": 1}).json["raw"] == '{"a": 1}'
    assert case.post("/", data="x", json=None).json["raw"] == "x"


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


@pytest.mark.parametrize("arguments", [{}, {"content_type": "multipart/form-data"}])
@pytest.mark.parametrize("pack", [tuple, lambda pair: [tuple(pair)]])
def test_an_upload(case, arguments, pack):
    data = {"file": pack([io.BytesIO(b"content"), "a.txt"]), "name": "b"}

    answer = case.post("/", data=data, **arguments).json

    assert (answer["files"], answer["form"]) == ({"file": "content"}, {"name": ["b"]})


def test_json_is_passed_on(case):
    assert case.post("/", json={"a": 1}).json["json"] == {"a": 1}


@pytest.mark.parametrize(
    "explicit",
    [
        {"X-B": "b"},
        [("X-B", "b")],
        Headers({"X-B": "b"}),
        {},
        [],
        None,
    ],
)
def test_headers_of_a_call_replace_client_headers(case, explicit):
    case.client_headers = {"Authorization": "Bearer all", "X-A": "a"}

    headers = Headers(case.get("/", headers=explicit).json["headers"])

    assert "Authorization" not in headers
    assert "X-A" not in headers
    assert headers.get("X-B") == ("b" if explicit else None)


@pytest.mark.parametrize("given", [{"X-A": "a"}, [("X-A", "a")]])
def test_client_headers_go_with_every_request_and_stay_as_they_are(case, given):
    case.client_headers = given

    for method in METHODS:
        getattr(case, method)("/", headers={"X-A": "b"})
        assert ["X-A", "a"] in getattr(case, method)("/").json["headers"]
    assert case.client_headers in ({"X-A": "a"}, [("X-A", "a")])


def test_client_headers_may_be_none(case):
    case.client_headers = None

    assert case.post("/", json={"a": 1}).json["json"] == {"a": 1}


def test_a_content_type_of_client_headers_counts(case):
    case.client_headers = {"Content-Type": "application/x-www-form-urlencoded"}

    assert case.post("/", data={"a": "1"}).json["form"] == {"a": ["1"]}


def test_headers_of_the_caller_are_not_changed(case):
    case.client_headers = {"X-A": "a"}
    headers = {"X-B": "b"}

    case.get("/", headers=headers)

    assert headers == {"X-B": "b"}


@pytest.mark.parametrize("bases", [*permutations([*HELPERS[1:], unittest.TestCase])])
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


def test_every_request_goes_through_req(things):
    seen = []

    class Case(CRUDTestHelper, PrivilegeTestHelper):
        client = things().app.test_client()

        def _req(self, meth, *args, **kwargs):
            seen.append(meth)
            return super()._req(meth, *args, **kwargs)

        def get(self, *args, **kwargs):
            seen.append("own get")
            return super().get(*args, **kwargs)

    for method in METHODS[1:]:
        getattr(Case(), method)("/nowhere")
    assert seen == METHODS[1:]
    assert Case()._req("options", "/things").status_code == 200

    seen.clear()
    Case().do_test_privileges(
        "/things", {"name": "a"}, 1, [("post", 201), ("get", 200)]
    )
    assert seen == ["post", "get"]

    seen.clear()
    Case().do_crud_test("/things", {"name": "a"}, initial_count=1, create=False)
    assert seen == ["own get", "get"] * 3


def test_the_helpers_are_request_helpers():
    assert issubclass(CRUDTestHelper, AppReqTestHelper)
    assert issubclass(PrivilegeTestHelper, AppReqTestHelper)


def test_a_client_needs_only_what_the_helpers_send():
    sent = []

    class Response:
        status_code = 200
        data = b'{"id": 1}'

    class Client:
        def post(self, url, *, data, content_type, headers):
            sent.append((url, data, content_type, headers))
            return Response()

    case = AppReqTestHelper()
    case.client, case.client_headers = Client(), {"X-A": "a"}

    assert case.post("/things", json={"a": 1}).get_json() == {"id": 1}
    assert sent == [("/things", '{"a": 1}', "application/json", {"X-A": "a"})]
    with pytest.raises(TypeError, match="not JSON serializable"):
        case.post("/things", json={"a": object()})


@pytest.mark.parametrize("mimetype", ["text/html", "application/json", "image/png"])
def test_get_json_parses_whatever_the_content_type_is(echo, case, mimetype):
    echo.add_url_rule("/any", view_func=lambda: Response('{"a": 1}', mimetype=mimetype))

    assert case.get("/any").get_json() == {"a": 1}
    assert case.get("/any").json == {"a": 1}
    assert case.get("/any").get_json(force=True) == {"a": 1}


def test_get_json_of_what_is_not_json(case):
    with pytest.raises(json.JSONDecodeError):
        case.get("/nowhere").get_json()
    assert case.get("/nowhere").get_json(silent=True) is None


class Rounded(CRUDTestHelper):
    """Compares names without their case."""

    def filteredDicts(self, keys, *dicts):  # noqa: N802
        found = super().filteredDicts(keys, *dicts)
        return [{k: str(v).lower() for k, v in each.items()} for each in found]


def test_an_overridden_comparison_is_used(things):
    api = things()
    shown = api.shown
    api.shown = lambda row: shown({**row, "name": row["name"].upper()})
    case = Rounded()
    case.client = api.app.test_client()
    options = {"check_keys": ["name"], "update": False}

    with pytest.raises(AssertionError, match="'name' is 'A', expected 'a'\nPOST"):
        check_crud(case.client, "/things", {"name": "a"}, **options)
    case.do_crud_test("/things", {"name": "a"}, initial_count=1, **options)


@pytest.mark.parametrize("name", ["assertEqualDicts", "equalDicts", "filteredDicts"])
def test_each_method_of_a_comparison_is_asked(things, name):
    asked = []

    class Case(CRUDTestHelper):
        client = things().app.test_client()

    def method(self, keys, *dicts):
        asked.append(keys)
        return getattr(CRUDTestHelper, name)(self, keys, *dicts)

    setattr(Case, name, method)
    Case().do_crud_test("/things", {"name": "a"}, check_keys=["name"])

    assert ["name"] in asked


def test_the_comparisons_are_there_to_be_called():
    case = CRUDTestHelper()
    first, second = {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 5}

    assert case.filteredDicts(["a", "c"], first, second) == [{"a": 1, "c": 3}, {"a": 1}]
    assert case.equalDicts(["a"], first, second)
    assert not case.equalDicts(["a", "b"], first, second)
    assert not case.equalDicts(["c"], first, second)
    case.assertEqualDicts(["a", "unknown"], first, second)
    with pytest.raises(AssertionError, match="'b' is 2, expected 5"):
        case.assertEqualDicts(["b"], first, second)


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


@pytest.mark.parametrize("codes", [{}, [], iter(())])
def test_no_codes_are_nothing_to_do(things, codes):
    case = PrivilegeTestHelper()
    case.client = things().app.test_client()

    case.do_test_privileges("/things", {}, 1, codes)


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
