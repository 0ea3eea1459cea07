"""The unittest suite of that application, with the helpers of 1.x."""

import datetime
import io
import json
import unittest

from compat.shop import create_app, create_worker
from twopi_flask_utils.testing import CRUDTestHelper, PrivilegeTestHelper


class Base(CRUDTestHelper, PrivilegeTestHelper, unittest.TestCase):
    config = {"TESTING": True}

    def setUp(self):
        self.app = create_app(**self.config)
        self.addCleanup(self.app.engine.dispose)
        self.addCleanup(self.app.db.remove)
        self.client = self.app.test_client()
        form = {"username": "ada", "password": "test"}
        answer = self.client.post("/login", data=form)
        self.tokens = json.loads(answer.data.decode())
        self.client_headers = {"Authorization": "Bearer " + self.tokens["token"]}

    def errors(self, response, status):
        self.assertEqual(response.status_code, status)
        return response.get_json()["_errors"]


class LoginTest(Base):
    def test_protected(self):
        self.assertEqual(self.get("/protected").data, b"Welcome, ada")
        self.assertEqual(self.post("/protected").status_code, 200)
        query = {"token": self.tokens["token"]}
        self.assertEqual(
            self.get("/protected", query_string=query, headers={}).data[-3:], b"ada"
        )

    def test_nobody(self):
        self.assertEqual(
            self.errors(self.get("/protected", headers={}), 401),
            ["A valid token is required to access this resource"],
        )
        who = self.get("/whoami", headers={}).get_json()
        self.assertEqual(who, {"user": None, "token": False})

    def test_a_bad_token_is_refused_where_a_token_is_optional(self):
        headers = {"Authorization": "Bearer " + self.tokens["token"][:-6] + "AAAAAA"}
        self.assertEqual(
            self.errors(self.get("/whoami", headers=headers), 401),
            ["The provided token was invalid."],
        )

    def test_a_client_renews_on_401(self):
        self.app.config["SHORT_LIVED_TOKEN_EXPIRY"] = datetime.timedelta(seconds=-60)
        form = {"refreshToken": self.tokens["refreshToken"]}
        kind = "application/x-www-form-urlencoded"

        def renewed():
            answer = self.post("/renew", data=form, headers={}, content_type=kind)
            return {"Authorization": "Bearer " + answer.get_json()["token"]}

        self.client_headers = renewed()
        for path in ("/whoami", "/protected"):
            self.assertEqual(self.get(path).status_code, 401)
        self.app.config["SHORT_LIVED_TOKEN_EXPIRY"] = datetime.timedelta(seconds=60)
        self.client_headers = renewed()
        for path in ("/whoami", "/protected"):
            self.assertEqual(self.get(path).status_code, 200)

    def test_logout(self):
        self.assertEqual(self.post("/logout").get_json(), {"status": "success"})
        self.assertEqual(self.post("/logout").status_code, 401)
        form = {"refreshToken": self.tokens["refreshToken"]}
        kind = "application/x-www-form-urlencoded"
        self.assertEqual(
            self.post("/renew", data=form, content_type=kind).status_code, 401
        )


class ArgumentsTest(Base):
    def test_arguments_in_the_query_a_form_and_json(self):
        found = {"q": "rose", "tags": ["a", "b"]}
        self.assertEqual(self.get("/search?q=rose&tags=a&tags=b").get_json(), found)
        self.assertEqual(self.post("/search", json=found).get_json(), found)
        kind = "application/x-www-form-urlencoded"
        answer = self.post(
            "/search?tags=a&tags=b", data={"q": "rose"}, content_type=kind
        )
        self.assertEqual(answer.get_json(), found)
        self.assertEqual(
            self.post("/sum?a=1", data='{"b": 2, "c": 3}').get_json(), {"sum": 3}
        )

    def test_wrong_arguments(self):
        answer = self.post("/sum", json={"a": "x"})
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(
            answer.get_json(),
            {"a": ["Not a valid integer."], "b": ["Missing data for required field."]},
        )
        self.assertEqual(self.post("/sum", data="{").status_code, 422)

    def test_an_error_of_a_view(self):
        answer = self.post("/taken", json={"name": "ada"})
        self.assertEqual([answer.status_code, answer.get_json()], [409, ["taken"]])

    def test_an_upload_is_not_json(self):
        data = {"file": (io.BytesIO(b"x"), "x.txt"), "q": "rose"}
        answer = self.post("/search", data=data, content_type="multipart/form-data")
        self.assertEqual(answer.get_json(), {"q": "rose"})


class ArticlesTest(Base):
    def test_crud(self):
        self.do_crud_test(
            "/articles",
            data_1={"name": "rose", "stock": 1},
            data_2={"name": "ivy", "stock": 2},
            check_keys=["name", "stock", "of other endpoints"],
            keys_from_prev=["id"],
        )

    def test_crud_beside_what_is_there(self):
        self.seed(3)
        self.do_crud_test("/articles", create=False, initial_count=3)
        self.do_crud_test(
            "/articles",
            {"name": "rose", "stock": 1},
            {"name": "ivy", "stock": 2},
            initial_count=3,
        )
        self.assertEqual(len(self.get("/articles").get_json()), 3)

    def test_privileges(self):
        self.seed(1)
        data = {"name": "ivy", "stock": 1}
        codes = [("plural-get", 200), ("get", 200), ("put", 200), ("post", 200)]
        self.do_test_privileges("/articles", data, 1, codes + [("delete", 200)])
        self.do_test_privileges("/articles", data, 77, [("get", 404), ("put", 404)])

    def test_pages(self):
        self.seed(45)
        page = self.get("/articles?page=1&offset=40&limit=30").get_json()
        self.assertEqual(sorted(page), ["items", "limit", "offset", "totalItems"])
        self.assertEqual([page["totalItems"], len(page["items"])], [45, 5])
        self.assertEqual([page["offset"], page["limit"]], [40, 30])

    def test_wrong_values_inside_a_resource(self):
        answer = self.post("/articles", json={"name": "rose", "stock": -1})
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(answer.get_json(), {"stock": ["Invalid value."]})

    def test_texts_errors_and_json(self):
        self.assertEqual(self.get("/text/200").get_json(), {"message": "text"})
        self.assertEqual(self.errors(self.get("/text/409"), 409), ["text"])
        self.assertEqual(self.errors(self.get("/plain"), 400), ["no"])
        self.assertEqual(self.post("/echo", json=[1]).get_json(), [1])
        self.assertEqual(
            self.errors(self.post("/echo", data="x", content_type="text/plain"), 400),
            ["Resource expected a JSON payload to be provided."],
        )
        self.assertEqual(len(self.errors(self.get("/articles/77"), 404)), 1)

    def seed(self, count):
        for number in range(count):
            self.post("/articles", json={"name": "seed", "stock": number})


class ProductionTest(ArticlesTest):
    config = {"PROPAGATE_EXCEPTIONS": True}


class WorkerTest(unittest.TestCase):
    def test_a_task(self):
        celery, db, count = create_worker()
        self.assertEqual(count.delay([1, 2]).get(), [2, True])
        self.assertEqual(celery.conf.broker_url, "memory://localhost:6379/")
        db.remove()


def run():
    """Return how each test ended, by its name."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(
        __import__("compat.shop_suite", fromlist=["run"])
    )
    result = unittest.TestResult()
    ended = {}
    result.addSuccess = lambda test: ended.update({test.id(): "passes"})
    suite.run(result)
    for test, trace in result.failures + result.errors:
        ended[test.id()] = trace
    return ended
