import unittest
from typing import Any, assert_type

from flask import Flask
from werkzeug.test import TestResponse

from twopi_testing import (
    ApiClient,
    AppReqTestHelper,
    Cell,
    Client,
    CRUDTestHelper,
    LiveServer,
    PrivilegeMatrix,
    PrivilegeTestHelper,
    assert_json,
    assert_problem,
    assert_status,
    check_crud,
    check_privileges,
    live_server,
    privilege_matrix,
)

app = Flask(__name__)
client: Client = app.test_client()
check_crud(client, "/things", {"name": "a"}, statuses={"create": 202})
check_crud(client, "/things", create=False, existing=7, partial_answers=True)
check_crud(app.test_client(), "/things", check_keys=["name"], keys_from_prev=["id"])
check_privileges(client, "/things", {}, 1, {"get": 200, "put": (401, 403)})
check_privileges(client, "/things", {}, 1, [("get", 200)])


class Requests(AppReqTestHelper):
    def _req(self, meth: str, *args: Any, **kwargs: Any) -> TestResponse:
        return super()._req(meth, *args, **kwargs)


class Things(CRUDTestHelper, PrivilegeTestHelper, unittest.TestCase):
    def setUp(self) -> None:
        self.client = app.test_client()
        self.client_headers = {"Authorization": "Bearer x"}

    def test_things(self) -> None:
        assert_type(self.get("/things"), TestResponse)
        self.do_crud_test("/things", {"name": "a"}, {"name": "b"}, initial_count=1)
        self.do_test_privileges("/things", {}, 1, {"plural-get": 200})
        check_crud(self, "/things")
        self.assertEqualDicts(["name"], {"name": "a"}, {"name": "a"})
        assert_type(self.equalDicts(["name"], {}, {}), bool)


app.test_client_class = ApiClient
api = assert_type(ApiClient.of(app), ApiClient)
assert_type(api.as_("token"), ApiClient)
assert_type(api.as_({"X-Api-Key": "k"}).as_(None), ApiClient)
assert_status(api.get("/things"), 200, 201)
assert_json(api.get("/things"), {"items": []}, exact=True)
assert_type(assert_problem(api.get("/things"), 404), dict[str, Any])

matrix = privilege_matrix(
    app,
    {
        "GET /things": 200,
        "DELETE /things/<int:key>": {"user": 403, "admin": (200, 204)},
        "GET /health": None,
    },
    roles={
        "nobody": None,
        "user": "token",
        "admin": {"X-Api-Key": "k"},
        "guest": lambda: "token",
        "bob": app.test_client,
    },
    values={"key": 7, "/users/<int:key>": {"key": 3}},
    data={"POST /things": {"name": "a"}},
    fresh=lambda: None,
)
assert_type(matrix, PrivilegeMatrix)
assert_type(matrix.check(), None)
for cell in matrix.cells:
    assert_type(cell, Cell)
    assert_type(cell.check(), None)
with live_server(app) as server:
    assert_type(server, LiveServer)
    assert_type(server.url, str)
    assert_type(server.errors, list[Exception])
