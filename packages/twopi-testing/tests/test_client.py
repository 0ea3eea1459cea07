import itertools

import pytest
from flask import Flask, Response, redirect, request, send_file, session

from twopi_testing import ApiClient


@pytest.fixture(name="app")
def app_that_tells_who_asks(tmp_path):
    app = Flask(__name__)
    app.secret_key = "k" * 32

    @app.route("/me", methods=["GET", "POST"])
    def me():
        session["seen"] = session.get("seen", 0) + 1
        who = request.headers.get("Authorization")
        return {
            "who": who,
            "key": request.headers.get("X-Key"),
            "seen": session["seen"],
        }

    app.add_url_rule("/old", "old", lambda: redirect("/me?new=1"))
    app.add_url_rule("/empty", "empty", lambda: ("", 204))
    app.add_url_rule(
        "/endless", "endless", lambda: Response("x" for _ in itertools.count())
    )
    (tmp_path / "file.txt").write_text("text", "utf-8")
    app.add_url_rule("/file", "file", lambda: send_file(tmp_path / "file.txt"))
    return app


@pytest.fixture(name="api", params=["of", "test_client_class"])
def api_of_app(app, request):
    if request.param == "of":
        return ApiClient.of(app)
    app.test_client_class = ApiClient
    return app.test_client()


def test_a_plain_assert_shows_the_exchange(api):
    with pytest.raises(AssertionError) as failure:
        assert api.get("/nothing?a=1").status_code == 200

    assert "<GET /nothing?a=1 answered 404 NOT FOUND: <!doctype html>" in str(
        failure.value
    )


def test_repr_shows_body_and_leaves_it_readable(api):
    response = api.post("/me")

    assert '<POST /me answered 200 OK: {"key":null' in repr(response)
    assert response.json["seen"] == 1
    assert "(empty body)" in repr(api.get("/empty"))


def test_repr_after_a_redirect_is_of_the_last_request(api):
    response = api.get("/old", follow_redirects=True)

    assert repr(response).startswith("<GET /me?new=1 answered 200 OK")


def test_repr_does_not_wait_for_an_endless_stream(api):
    with api.get("/endless") as response:
        assert repr(response) == "<GET /endless answered 200 OK: (a stream)>"


def test_repr_of_a_closed_file_does_not_raise(api):
    with api.get("/file") as response:
        pass

    assert repr(response) == "<GET /file answered 200 OK: (cannot be read)>"


def test_repr_of_a_file_shows_it(api):
    with api.get("/file") as response:
        assert repr(response) == "<GET /file answered 200 OK: text>"


def test_as_sends_a_token_or_headers(api):
    assert api.get("/me").json["who"] is None
    assert api.as_("t").get("/me").json["who"] == "Bearer t"
    assert api.as_({"x-key": "k"}).get("/me").json["key"] == "k"


def test_as_replaces_earlier_credentials(api):
    answer = api.as_({"X-Key": "k"}).as_("t").get("/me").json

    assert (answer["who"], answer["key"]) == ("Bearer t", None)
    assert api.as_("t").as_(None).get("/me").json["who"] is None


def test_headers_of_a_request_win(api):
    headers = {"Authorization": "Basic x"}

    assert api.as_("t").get("/me", headers=headers).json["who"] == "Basic x"


def test_as_has_its_own_cookies_and_leaves_the_client_alone(api):
    assert api.get("/me").json["seen"] == 1
    assert api.as_("t").get("/me").json == {"who": "Bearer t", "key": None, "seen": 1}
    assert api.get("/me").json == {"who": None, "key": None, "seen": 2}


def test_as_keeps_how_the_client_was_made(app):
    app.test_client_class = ApiClient
    api = app.test_client(use_cookies=False)
    api.environ_base["HTTP_X_KEY"] = "k"
    other = api.as_("t")

    assert [other.get("/me").json["seen"] for _ in range(2)] == [1, 1]
    assert other.get("/me").json["key"] == "k"


def test_as_refuses_headers_of_a_body(api):
    with pytest.raises(ValueError, match="content-type belongs to a body"):
        api.as_({"content-type": "text/plain"})


def test_the_response_class_of_the_app_is_kept():
    class Loud(Response):
        def shout(self):
            return self.get_data(as_text=True).upper()

    app = Flask(__name__)
    app.response_class = Loud
    app.add_url_rule("/", view_func=lambda: "hey")

    assert ApiClient.of(app).get("/").shout() == "HEY"
