"""Test helpers, by `twopi_flask_utils.testing`."""

import collections
import datetime
import io
import json
import unittest

from flask import Flask, jsonify, request

from compat.kit import fact
from twopi_flask_utils.testing import (
    AppReqTestHelper,
    CRUDTestHelper,
    PrivilegeTestHelper,
)

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def echo():
    app = Flask("echo")

    @app.route("/", methods=METHODS)
    def show():
        names = ("Authorization", "X-A", "X-B")
        return jsonify(
            method=request.method,
            type=(request.content_type or "").partition(";")[0],
            body="multipart" if request.files else request.get_data(as_text=True),
            form=request.form.to_dict(),
            files=sorted(request.files),
            json=request.get_json(silent=True),
            args=request.args.to_dict(),
            headers={
                name: request.headers[name] for name in names if name in request.headers
            },
        )

    return app


class Signed(AppReqTestHelper):
    client_headers = {"Authorization": "Bearer t", "X-A": "1"}

    def __init__(self, client=None):
        self.client = client or echo().test_client()


class Plain(AppReqTestHelper):
    def __init__(self, client=None):
        self.client = client or echo().test_client()


def upload():
    return {"f": (io.BytesIO(b"x"), "f.txt")}


FORM = "application/x-www-form-urlencoded"
for _name, _method, _options in [
    ("text of JSON", "post", lambda: {"data": '{"a": 1}'}),
    ("text of JSON", "put", lambda: {"data": '{"a": 1}'}),
    ("text of JSON", "patch", lambda: {"data": json.dumps({"a": 1})}),
    ("text of JSON", "delete", lambda: {"data": '{"a": 1}'}),
    ("bytes of JSON", "post", lambda: {"data": b'{"a": 1}'}),
    ("plain text", "post", lambda: {"data": "hello"}),
    ("empty text", "post", lambda: {"data": ""}),
    ("a dict", "post", lambda: {"data": {"a": "1"}}),
    ("a dict as form", "post", lambda: {"data": {"a": "1"}, "content_type": FORM}),
    (
        "a dict as multipart",
        "post",
        lambda: {"data": {"a": "1"}, "content_type": "multipart/form-data"},
    ),
    (
        "a file",
        "post",
        lambda: {"data": upload(), "content_type": "multipart/form-data"},
    ),
    ("a file, no type", "post", lambda: {"data": upload()}),
    ("a content type", "post", lambda: {"data": "a,b", "content_type": "text/csv"}),
    ("an empty content type", "post", lambda: {"data": "{}", "content_type": ""}),
    (
        "a content type in headers",
        "post",
        lambda: {"data": "a,b", "headers": {"Content-Type": "text/csv"}},
    ),
    ("nothing", "post", dict),
    ("nothing", "put", dict),
    ("nothing", "patch", dict),
    ("nothing", "delete", dict),
    ("nothing", "get", dict),
    ("json={}", "post", lambda: {"json": {}}),
    ("json=[]", "post", lambda: {"json": []}),
    ("json=0", "post", lambda: {"json": 0}),
    ("json=False", "post", lambda: {"json": False}),
    ("json=None", "post", lambda: {"json": None}),
    ("json in an order", "post", lambda: {"json": {"b": 1, "a": 2}}),
    ("json, not ASCII", "post", lambda: {"json": {"a": "é"}}),
    ("json and data", "post", lambda: {"data": "x", "json": {"a": 1}}),
    (
        "json and a content type",
        "post",
        lambda: {"json": {"a": 1}, "content_type": "application/vnd.api+json"},
    ),
    ("json", "delete", lambda: {"json": {"a": 1}}),
    ("json", "get", lambda: {"json": {"a": 1}}),
    ("data", "get", lambda: {"data": {"a": "1"}}),
    ("a query", "get", lambda: {"query_string": {"a": "1"}}),
    ("headers={}", "get", lambda: {"headers": {}}),
    ("headers=None", "get", lambda: {"headers": None}),
    ("other headers", "get", lambda: {"headers": {"X-B": "2"}}),
    ("other headers", "post", lambda: {"headers": {"X-B": "2"}, "json": {}}),
    ("headers as pairs", "get", lambda: {"headers": [("X-B", "2")]}),
    ("another credential", "get", lambda: {"headers": {"Authorization": "x"}}),
    ("an empty credential", "get", lambda: {"headers": {"Authorization": ""}}),
]:
    for _class in (Signed, Plain):

        @fact("{}.{} with {}".format(_class.__name__, _method, _name))
        def _(kind=_class, method=_method, options=_options):
            return json.loads(getattr(kind(), method)("/", **options()).data.decode())


for _name, _headers in [
    ("replaced", {"X-A": "9"}),
    ("None", None),
    ("pairs", [("X-A", "9")]),
    ("empty", {}),
]:

    @fact("client_headers set on the instance: " + _name)
    def _(headers=_headers):
        case = Signed()
        case.client_headers = headers
        return case.get("/").get_json()["headers"]


for _name, _body, _status in [
    ("JSON as text/html", '{"a": 1}', 200),
    ("HTML", "<p>", 200),
    ("nothing", "", 204),
    ("an error", '{"a": 1}', 500),
    ("not ASCII", '{"a": "é"}', 200),
]:

    @fact("get_json of " + _name)
    def _(body=_body, status=_status):
        app = Flask("html")
        app.add_url_rule("/", "view", lambda: (body, status))
        return Plain(app.test_client()).get("/").get_json()


for _method in ["get", "post", "options", "head", "patch"]:

    @fact("_req, " + _method)
    def _(method=_method):
        response = Plain()._req(method, "/")
        return [response.status_code, response.mimetype]


for _class in (CRUDTestHelper, PrivilegeTestHelper, AppReqTestHelper):
    for _name in ["_req", "get", "assertEqualDicts", "equalDicts", "filteredDicts"]:

        @fact("{} has {}".format(_class.__name__, _name))
        def _(kind=_class, name=_name):
            return hasattr(kind, name)

    @fact("{} is a request helper".format(_class.__name__))
    def _(kind=_class):
        return issubclass(kind, AppReqTestHelper)


@fact("an overridden _req is called")
def _():
    class Case(Plain):
        seen = []

        def _req(self, meth, *args, **kwargs):
            self.seen.append(meth)
            return super(Case, self)._req(meth, *args, **kwargs)

    case = Case()
    for method in ("get", "post", "put", "patch", "delete"):
        getattr(case, method)("/")
    return case.seen


@fact("a client that takes only what 1.x passed")
def _():
    calls = []

    class Client(object):
        def get(self, url, headers=None):
            calls.append(["get", url, dict(headers)])
            return collections.namedtuple("R", "status_code")(200)

        def post(self, url, headers=None, data=None, content_type=None):
            calls.append(["post", url, data, content_type])
            return type("R", (), {"data": b'{"id": 1}'})()

    case = Plain(Client())
    answer = case.post("/b", json={"x": 1}).get_json()
    return [answer, calls]


def plants(seeds=0, **how):
    """Return an API of plants that does wrong what *how* says."""
    app, stored, ids = Flask("plants"), collections.OrderedDict(), iter(range(1, 99))
    app.stored, app.calls = stored, []
    key_name = how.get("key", "id")

    def add(data):
        key = next(ids)
        stored[key] = dict(data, made="m{}".format(key))
        stored[key][key_name] = how.get("key_type", int)(key)
        return stored[key]

    for number in range(seeds):
        add({"name": "seed{}".format(number)})

    @app.before_request
    def remember():
        app.calls.append("{} {}".format(request.method, request.path))

    @app.route("/p", methods=["GET", "POST"])
    def many():
        if request.method == "POST":
            return jsonify(add(request.get_json(force=True))), how.get("created", 200)
        rows = [
            dict(row, **how.get("list_row", {})) for row in stored.values()
        ] + how.get("more", [])
        if how.get("page"):
            page = {"items": rows, "totalItems": len(rows), "offset": 0, "limit": 20}
            return jsonify(page)
        return jsonify(rows)

    @app.route("/p/<int:key>", methods=["GET", "PUT", "DELETE"])
    def one(key):
        if key not in stored:
            return jsonify(_errors=["gone"]), how.get("gone", 404)
        if request.method == "GET":
            if how.get("no_get"):
                return jsonify(_errors=["no"]), 405
            return jsonify(dict(stored[key], **how.get("row", {})))
        if request.method == "PUT":
            sent = request.get_json(force=True)
            if not how.get("forgets"):
                stored[key].update(sent)
            shown = how.get("put_row") or stored[key]
            return jsonify(shown), how.get("updated", 200)
        if not how.get("keeps"):
            del stored[key]
        return jsonify(status="ok"), how.get("deleted", 200)

    return app


def ran(case, app):
    result = unittest.TestResult()
    case.run(result)
    return [
        "passes" if result.wasSuccessful() else "fails",
        app.calls,
        [row["name"] for row in app.stored.values()],
    ]


def crud(app=None, helper=CRUDTestHelper, args=(), **options):
    app = app or plants()

    class Case(helper, unittest.TestCase):
        def runTest(self):
            self.client = app.test_client()
            self.do_crud_test("/p", *args, **options)

    return ran(Case(), app)


def data(**more):
    return dict(
        dict(data_1={"name": "a"}, data_2={"name": "b"}, check_keys=["name"]), **more
    )


FLAGS = ["create", "update", "delete", "read"]
for _number in range(16):
    _flags = {name: bool(_number & 1 << place) for place, name in enumerate(FLAGS)}
    _label = ", ".join(sorted(name for name in FLAGS if not _flags[name])) or "nothing"
    for _seeds in (0, 2):
        for _keys in (["name"], []):

            @fact("crud without {}, {} there, {}".format(_label, _seeds, _keys))
            def _(flags=_flags, seeds=_seeds, keys=_keys):
                options = dict(data(check_keys=keys), **flags)
                return crud(plants(seeds), initial_count=seeds, **options)


for _name, _how, _options in [
    ("keys_from_prev", {}, data(keys_from_prev=["made"])),
    ("keys_from_prev that is nowhere", {}, data(keys_from_prev=["nowhere"])),
    ("keys_from_prev that changes", {}, data(keys_from_prev=["name"])),
    ("a wrong initial_count", {"seeds": 2}, data(initial_count=1)),
    ("create=False and no data", {"seeds": 1}, dict(create=False, initial_count=1)),
    ("no data_2", {}, dict(data_1={"name": "a"}, check_keys=["name"])),
    ("check_keys shared with others", {}, data(check_keys=["name", "nowhere"])),
    ("check_keys that is text", {}, data(check_keys="name")),
    ("check_keys that is a tuple", {}, data(check_keys=("name",))),
    ("check_keys that was not sent", {}, data(check_keys=["name", "made"])),
    ("check_keys with the key", {}, data(check_keys=["name", "id"])),
    (
        "check_keys of data_2 alone",
        {},
        data(data_2={"name": "b", "x": 1}, check_keys=["name", "x"]),
    ),
    (
        "check_keys of data_1 alone",
        {},
        data(data_1={"name": "a", "x": 1}, check_keys=["name", "x"]),
    ),
    ("another key", {"key": "uuid"}, data(key="uuid")),
    ("a wrong key", {}, data(key="nowhere")),
    ("a key that is text", {"key_type": str}, data()),
    ("a date", {}, data(data_1={"name": datetime.date(2020, 1, 1)})),
    ("a tuple", {}, data(data_1={"name": ("x", "y")})),
    ("1 and 1.0", {}, data(data_1={"name": 1}, data_2={"name": 1.0})),
    ("a dict in a dict", {}, data(data_1={"name": {"x": [1]}})),
    ("status 201", {"created": 201}, data()),
    ("status 202", {"created": 202}, data()),
    ("status 204 of PUT", {"updated": 204}, data()),
    ("status 204 of DELETE", {"deleted": 204}, data()),
    ("status 410", {"gone": 410}, data()),
    ("status 500 of PUT", {"updated": 500}, data()),
    ("status 500 of DELETE", {"deleted": 500}, data()),
    ("a page", {"page": True}, data()),
    ("a list with other values", {"list_row": {"name": "z"}}, data()),
    ("a list with one more", {"more": [{"name": "z"}]}, data()),
    ("an object with another value", {"row": {"name": "z"}}, data()),
    ("an update that is forgotten", {"forgets": True}, data()),
    ("an update that answers otherwise", {"put_row": {"status": "ok"}}, data()),
    ("a deletion that is forgotten", {"keeps": True}, data()),
    ("no GET of one, read=False", {"no_get": True}, data(read=False)),
    (
        "no GET of one, only listed",
        {"no_get": True, "seeds": 1},
        data(create=False, update=False, delete=False, initial_count=1),
    ),
    (
        "an update that answers otherwise, unchecked",
        {"put_row": {"status": "ok"}},
        data(check_keys=[]),
    ),
]:

    @fact("crud: " + _name)
    def _(how=_how, options=_options):
        return crud(plants(**how), **options)


@fact("crud by position")
def _():
    values = [{"name": "a"}, {"name": "b"}, "id", ["name"], ["made"]]
    return crud(args=values + [True, True, True, True, 0])


@fact("crud, overridden methods are used")
def _():
    seen = set()

    class Case(CRUDTestHelper):
        def post(self, *args, **kwargs):
            seen.add("post")
            return super(Case, self).post(*args, **kwargs)

        def assertEqualDicts(self, keys, d1, d2):
            seen.add("assertEqualDicts")
            return super(Case, self).assertEqualDicts(keys, d1, d2)

        def equalDicts(self, keys, d1, d2):
            seen.add("equalDicts")
            return super(Case, self).equalDicts(keys, d1, d2)

        def filteredDicts(self, keys, *dicts):
            seen.add("filteredDicts")
            return super(Case, self).filteredDicts(keys, *dicts)

    return [crud(helper=Case, **data()), sorted(seen)]


@fact("crud, a list unwrapped by an overridden get")
def _():
    class Case(CRUDTestHelper):
        def get(self, *args, **kwargs):
            response = super(Case, self).get(*args, **kwargs)
            found = response.get_json()
            if "items" in found:
                response.get_json = lambda: found["items"]
            return response

    return crud(plants(page=True), helper=Case, **data())


for _key in [1, "a b", "a/b", "a?b", "a%20b", None, 0]:

    @fact("crud, the key is {!r}".format(_key))
    def _(key=_key):
        app = Flask("keys")
        app.calls, app.stored = [], {}

        @app.before_request
        def remember():
            app.calls.append([request.method, request.full_path.rstrip("?")])

        app.add_url_rule("/p", "add", lambda: jsonify(id=key), methods=["POST"])
        app.add_url_rule("/p/<path:name>", "drop", lambda name: "", methods=["DELETE"])
        return crud(app, data_1={}, read=False, update=False)


for _listed in [[], [1, 2], {}, {"a": 1, "b": 2}, {"items": [1, 2], "totalItems": 2}]:
    for _count in (0, 2):

        @fact("crud, {} there, listed as {}".format(_count, json.dumps(_listed)))
        def _(listed=_listed, count=_count):
            app = Flask("lists")
            app.calls, app.stored = [], {}
            app.add_url_rule("/p", "view", lambda: jsonify(listed))
            return crud(app, create=False, initial_count=count)


for _name, _arguments in [
    ("equal", (["a"], {"a": 1, "b": 2}, {"a": 1})),
    ("different", (["a"], {"a": 1}, {"a": 2})),
    ("missing", (["a"], {}, {"a": 2})),
    ("nowhere", (["a"], {}, {})),
]:

    @fact("comparisons: " + _name)
    def _(arguments=_arguments):
        class Case(CRUDTestHelper, unittest.TestCase):
            def runTest(self):
                self.assertEqualDicts(*arguments)

        result = unittest.TestResult()
        Case().run(result)
        case = Case()
        return [
            case.filteredDicts(*arguments),
            case.equalDicts(*arguments),
            result.wasSuccessful(),
        ]


def privileges(codes, object_id=1, **how):
    app = plants(seeds=1, **how)

    class Case(PrivilegeTestHelper, unittest.TestCase):
        def runTest(self):
            self.client = app.test_client()
            self.do_test_privileges("/p", {"name": "p"}, object_id, codes())

    return ran(Case(), app)


for _name, _codes in [
    ("a list", lambda: [("plural-get", 200), ("get", 200), ("put", 200)]),
    ("a tuple", lambda: (("get", 200),)),
    ("pairs that are lists", lambda: [["get", 200]]),
    ("a generator", lambda: (pair for pair in [("get", 200), ("post", 200)])),
    ("zip", lambda: zip(["get", "put"], [200, 200])),
    ("an order", lambda: [("delete", 200), ("get", 404), ("post", 200)]),
    ("nothing", lambda: []),
    ("an empty dict", lambda: {}),
    ("a dict", lambda: {"plural-get": 200, "get": 200}),
    ("a wrong status", lambda: [("get", 403)]),
    ("an unknown action", lambda: [("fetch", 200)]),
    ("patch", lambda: [("patch", 405)]),
]:

    @fact("privileges by " + _name)
    def _(codes=_codes):
        return privileges(codes)


@fact("privileges of an object that is not there")
def _():
    return privileges(lambda: [("get", 404), ("put", 404), ("delete", 404)], "77")


for _object_id in ["1", "1?dry=1", "%31", "a b", None]:

    @fact("privileges of the object {!r}".format(_object_id))
    def _(object_id=_object_id):
        return privileges(lambda: [("get", 200), ("plural-get", 200)], object_id)


@fact("privileges, an overridden _req is used, an overridden get is not")
def _():
    app, seen = plants(1), []

    class Case(PrivilegeTestHelper, unittest.TestCase):
        def _req(self, meth, *args, **kwargs):
            seen.append("_req " + meth)
            return super(Case, self)._req(meth, *args, **kwargs)

        def get(self, *args, **kwargs):
            seen.append("get")
            return super(Case, self).get(*args, **kwargs)

        def runTest(self):
            self.client = app.test_client()
            self.do_test_privileges("/p", {}, 1, [("get", 200)])

    return [ran(Case(), app), seen]


@fact("privileges send client_headers")
def _():
    app = Flask("me")
    app.add_url_rule("/p", "view", lambda: ("", int(request.headers.get("X-A", 500))))

    class Case(PrivilegeTestHelper, unittest.TestCase):
        client_headers = {"X-A": "202"}

        def runTest(self):
            self.client = app.test_client()
            self.do_test_privileges("/p", {}, 1, [("plural-get", 202)])

    result = unittest.TestResult()
    Case().run(result)
    return ["passes" if result.wasSuccessful() else "fails"]


@fact("both helpers in one class, with a base of one's own")
def _():
    class Base(AppReqTestHelper):
        client_headers = {"X-A": "1"}

    class Case(Base, CRUDTestHelper, PrivilegeTestHelper, unittest.TestCase):
        def runTest(self):
            pass

    return [Case().client_headers, isinstance(Case(), AppReqTestHelper)]
