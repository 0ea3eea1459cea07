"""Cookies, users and recent logins, in every kind of view."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, g
from flask.views import MethodView
from flask_restful import Api, Resource
from marshmallow import fields

from twopi_token_auth import (
    ShortlivedTokenMixin,
    UnixTimestamp,
    auth_required,
    parse_auth_header,
)


class Login(ShortlivedTokenMixin):
    class TokenSchema(ShortlivedTokenMixin.TokenSchema):
        SKIPPABLE = (*ShortlivedTokenMixin.TokenSchema.SKIPPABLE, "auth_time")
        uid = fields.String(attribute="user_id")
        auth_time = UnixTimestamp()

    def __init__(self, user_id, auth_time=None, **registered):
        super().__init__(**registered)
        self.user_id = user_id
        self.auth_time = auth_time


def mount_plain(app, parse, guard):
    @app.route("/", methods=["GET", "POST"])
    @parse
    @guard
    def view():
        return {"user": str(g.get("user")), "uid": g.token.user_id}


def mount_coroutine(app, parse, guard):
    @app.route("/", methods=["GET", "POST"])
    @parse
    @guard
    async def view():
        return {"user": str(g.get("user")), "uid": g.token.user_id}


def mount_method_view(app, parse, guard):
    class View(MethodView):
        decorators = (guard, parse)

        def get(self):
            return {"user": str(g.get("user")), "uid": g.token.user_id}

        post = get

    app.add_url_rule("/", view_func=View.as_view("view"))


def mount_resource(app, parse, guard):
    class Item(Resource):
        @parse
        @guard
        def get(self):
            return {"user": str(g.get("user")), "uid": g.token.user_id}

        post = get

    Api(app).add_resource(Item, "/")


@pytest.fixture(
    params=[mount_plain, mount_coroutine, mount_method_view, mount_resource]
)
def client_of(request, secret):
    """Return a client of an application whose view is decorated in the given way."""

    def client_of(guard=None, **options):
        app = Flask("views")
        app.config["SECRET_KEY"] = secret
        parse = parse_auth_header(Login, **options)
        request.param(app, parse, guard or auth_required())
        return app.test_client()

    return client_of


def bearer(secret, *args, **kwargs):
    return {"Authorization": f"Bearer {Login(*args, **kwargs).dump(secret)}"}


# Cookies


def test_a_cookie_counts_only_where_it_is_asked_for(client_of, secret):
    token = Login("ada").dump(secret)
    for options, status in (({}, 401), ({"cookie": "access"}, 200)):
        client = client_of(**options)
        client.set_cookie("access", token)
        client.set_cookie("token", "else")

        assert client.get("/").status_code == status


def test_header_and_query_string_beat_the_cookie(client_of, secret):
    client = client_of(cookie="access")
    client.set_cookie("access", Login("cookie").dump(secret))

    assert client.get("/").json["uid"] == "cookie"
    assert client.get("/", headers=bearer(secret, "header")).json["uid"] == "header"
    query = {"token": Login("query").dump(secret)}
    assert client.get("/", query_string=query).json["uid"] == "query"
    assert client.get("/?token=bad").status_code == 401


def test_a_bad_cookie(client_of):
    client = client_of(cookie="access")
    assert 'error="' not in client.get("/").headers["WWW-Authenticate"]

    client.set_cookie("access", "bad")

    answer = client.get("/")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 401),
        ({"Sec-Fetch-Site": "cross-site"}, 401),
        ({"Sec-Fetch-Site": ""}, 401),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 401),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://LOCALHOST"}, 200),
        ({"Origin": "http://localhost:1"}, 401),
        ({"Origin": "http://localhost.evil.example"}, 401),
        ({"Origin": "null"}, 401),
        ({"Origin": "http://[::1"}, 401),
        ({"Origin": ""}, 401),
    ],
)
def test_other_sites_cannot_use_a_cookie(client_of, secret, headers, status):
    client = client_of(cookie="access")
    client.set_cookie("access", Login("ada").dump(secret))

    assert client.post("/", headers=headers).status_code == status
    assert client.get("/", headers=headers).status_code == 200
    own = bearer(secret, "ada")
    assert client.post("/", headers={**headers, **own}).status_code == 200


@pytest.mark.parametrize("cookie", [True, "", None, 5, b"access"])
def test_a_cookie_has_a_name(cookie):
    with pytest.raises(TypeError, match="cookie"):
        parse_auth_header(Login, cookie=cookie)


# Users


def test_the_user_of_the_token(client_of, secret):
    users = {"ada": "Ada L."}
    client = client_of(load_user=lambda token: users.get(token.user_id))

    assert client.get("/", headers=bearer(secret, "ada")).json["user"] == "Ada L."
    answer = client.get("/", headers=bearer(secret, "deleted"))
    assert answer.status_code == 401
    assert answer.json == {"_errors": ["The provided token was invalid."]}
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_user_is_loaded_by_a_coroutine_function_too(client_of, secret):
    async def load_user(token):
        return f"user {token.user_id}"

    client = client_of(load_user=load_user)

    assert client.get("/", headers=bearer(secret, "ada")).json["user"] == "user ada"


def test_no_user_is_loaded_for_a_bad_token(client_of, secret):
    client = client_of(load_user=lambda _: pytest.fail("it was"))

    assert client.get("/").status_code == 401
    assert client.get("/", headers={"Authorization": "Bearer x"}).status_code == 401


def test_the_user_of_an_earlier_request_is_forgotten(secret):
    app = Flask("views")
    app.config["SECRET_KEY"] = secret

    @app.get("/")
    @parse_auth_header(Login, load_user=lambda token: token.user_id)
    def view():
        return {"user": g.user, "token": g.token is not None}

    with app.app_context():
        client = app.test_client()
        first = client.get("/", headers=bearer(secret, "ada"))
        second = client.get("/")

    assert first.json == {"user": "ada", "token": True}
    assert second.json == {"user": None, "token": False}


def test_without_load_user_the_user_is_left_alone(client_of, secret):
    client = client_of()
    client.application.before_request(lambda: setattr(g, "user", "own"))

    assert client.get("/", headers=bearer(secret, "ada")).json["user"] == "own"


# Recent logins


@pytest.mark.parametrize("fresh", [timedelta(minutes=5), 300, 299.5])
def test_a_recent_login_is_asked_for(client_of, secret, clock, fresh):
    client = client_of(auth_required(fresh=fresh))
    header = bearer(secret, "ada", auth_time=clock.date())
    assert client.get("/", headers=header).status_code == 200

    clock.now += 299
    assert client.get("/", headers=header).status_code == 200
    clock.now += 2
    answer = client.get("/", headers=header)
    assert answer.status_code == 401
    assert answer.json == {"_errors": ["Please log in again to do this."]}
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_user_authentication", '
        'error_description="A more recent login is required", max_age="300"'
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_the_time_of_the_login_nobody_gets_in(client_of, secret, clock):
    client = client_of(auth_required(fresh=300))

    for header in (
        bearer(secret, "ada"),
        bearer(secret, "ada", auth_time=clock.date(61)),
        bearer(secret, "ada", auth_time=datetime(1, 1, 1, tzinfo=UTC)),
    ):
        answer = client.get("/", headers=header)
        assert answer.status_code == 401
        assert "insufficient_user" in answer.headers["WWW-Authenticate"]
    assert 'error="' not in client.get("/").headers["WWW-Authenticate"]


def test_clocks_may_differ_by_the_leeway(client_of, secret, clock):
    client = client_of(auth_required(fresh=300))
    client.application.config["TOKEN_AUTH_LEEWAY"] = 5

    for offset, status in ((60, 200), (61, 401), (-305, 200), (-306, 401)):
        header = bearer(secret, "ada", auth_time=clock.date(offset))
        assert client.get("/", headers=header).status_code == status


@pytest.mark.parametrize("fresh", [0, -1, timedelta(0), float("nan")])
def test_fresh_is_a_length_of_time(fresh):
    with pytest.raises(ValueError, match="fresh"):
        auth_required(fresh=fresh)
