"""The refresh token in a cookie, as browsers use it."""

from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from twopi_token_auth import (
    ConfigurationError,
    MemoryStore,
    StoreUnavailableError,
    TokenAuth,
)

AJAX = {"X-Requested-With": "fetch"}


@pytest.fixture
def make_app():
    def make(**config):
        app = Flask("cookies")
        app.config["SECRET_KEY"] = "thirty-two bytes, enough for all of HS256"
        app.config.update({"TOKEN_AUTH_TRANSPORT": "cookie", **config})
        auth = TokenAuth(
            app,
            store=MemoryStore(),
            authenticate=lambda user, password: user if password == "right" else None,
        )
        app.register_blueprint(auth.blueprint(url_prefix="/auth"))
        return app

    return make


def log_in(client, headers=AJAX):
    body = {"username": "ada", "password": "right"}
    return client.post("/auth/login", json=body, headers=headers)


def parts(answer):
    """Return the cookie of an answer, and its attributes."""
    pair, *attributes = answer.headers["Set-Cookie"].split("; ")
    return pair.partition("=")[2], {
        each for each in attributes if not each.startswith("Expires")
    }


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(make_app):
    answer = log_in(make_app().test_client())

    value, attributes = parts(answer)
    assert sorted(answer.json) == ["expiresIn", "session_id", "token"]
    assert len(value.split(".")) == 3
    assert attributes == {
        "Secure",
        "HttpOnly",
        "SameSite=Strict",
        "Path=/auth",
        f"Max-Age={14 * 24 * 3600}",
    }


def test_renew_and_log_out_with_the_cookie(make_app):
    client = make_app().test_client()
    first, _ = parts(log_in(client))

    answer = client.post("/auth/renew", headers=AJAX)
    second, _ = parts(answer)
    assert answer.status_code == 200
    assert sorted(answer.json) == ["expiresIn", "session_id", "token"]
    assert first != second

    answer = client.post("/auth/logout", headers=AJAX)
    assert answer.json == {"status": "success"}
    value, attributes = parts(answer)
    assert (value, "Max-Age=0" in attributes) == ("", True)
    assert client.get_cookie("refresh_token", path="/auth") is None
    assert client.post("/auth/renew", headers=AJAX).status_code == 400


def cookie_of(client):
    return client.get_cookie("refresh_token", path="/auth").value


def arrive(client, answer):
    """Let a response that was on its way for long reach the browser."""
    cookies = answer.headers.getlist("Set-Cookie")
    client._update_cookies_from_response("localhost", "/auth/renew", cookies)


@pytest.mark.parametrize("path", ["renew", "logout"])
@pytest.mark.parametrize("why", ["junk", "revoked", "replaced"])
def test_a_late_refusal_leaves_a_newer_cookie(make_app, path, why):
    """Two tabs share a cookie; one asks with the old one, the other logs in again."""
    app = make_app()
    client, tab = app.test_client(), app.test_client()
    log_in(client)
    old = "junk" if why == "junk" else cookie_of(client)
    if why == "revoked":
        with app.app_context():
            app.extensions["twopi_token_auth_sessions"].revoke_all("ada")
    else:
        log_in(client)

    tab.set_cookie("refresh_token", old, path="/auth")
    late = tab.post(f"/auth/{path}", headers=AJAX)
    log_in(client)
    newest = cookie_of(client)
    arrive(client, late)

    assert late.headers["Cache-Control"] == "no-store"
    assert cookie_of(client) == newest
    assert client.post("/auth/renew", headers=AJAX).status_code == 200


def test_logging_in_again_ends_the_session_before(make_app):
    app = make_app()
    client = app.test_client()
    with app.app_context():
        sessions = app.extensions["twopi_token_auth_sessions"]
        for _ in range(3):
            assert log_in(client).status_code == 200
        [session] = sessions.list("ada")
        body = {"username": "ada", "password": "wrong"}
        assert client.post("/auth/login", json=body, headers=AJAX).status_code == 401
        assert sessions.list("ada") == [session]
    assert cookie_of(client).startswith(session.id)


def test_the_cookie_outlives_a_store_that_is_down(make_app, monkeypatch):
    def fail(*_, **__):
        raise StoreUnavailableError

    client = make_app().test_client()
    log_in(client)
    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore, "advance", fail)
        answer = client.post("/auth/renew", headers=AJAX)

    assert answer.status_code == 503
    assert "Set-Cookie" not in answer.headers
    assert client.post("/auth/renew", headers=AJAX).status_code == 200


def test_a_token_in_the_body_is_answered_in_the_body(make_app):
    app = make_app()
    token, _ = parts(log_in(app.test_client()))
    program = app.test_client()

    answer = program.post("/auth/renew", json={"refreshToken": token})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    body = {"refreshToken": answer.json["refreshToken"]}
    answer = program.post("/auth/logout", json=body)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert program.post("/auth/renew", json=body).status_code == 401


def test_a_token_in_a_cookie_never_comes_back_in_a_body(make_app):
    client = make_app().test_client()
    assert "refreshToken" not in log_in(client).json
    for body in ({}, {"transport": "json"}, {"refreshToken": None}):
        answer = client.post("/auth/renew", json=body, headers=AJAX)
        assert answer.status_code == 200
        assert "refreshToken" not in answer.json


def test_a_request_of_another_site_is_refused(make_app):
    client = make_app().test_client()
    log_in(client)

    for answer in (
        log_in(client, headers={}),
        client.post("/auth/renew"),
        client.post("/auth/logout"),
    ):
        assert answer.status_code == 403
        assert answer.json == {"_errors": ["Send the header X-Requested-With."]}
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
    assert client.post("/auth/renew", headers=AJAX).status_code == 200


def test_csrf_protection_can_be_left_to_the_application(make_app):
    client = make_app(TOKEN_AUTH_CSRF=False).test_client()

    assert log_in(client, headers={}).status_code == 200
    assert client.post("/auth/renew").status_code == 200


def test_names_lifetimes_and_plain_http(make_app):
    app = make_app(
        TOKEN_AUTH_COOKIE_NAME="__Host-renew",
        TOKEN_AUTH_IDLE_LIFETIME=None,
        TOKEN_AUTH_ABSOLUTE_LIFETIME=None,
    )
    answer = log_in(app.test_client())
    assert answer.headers["Set-Cookie"].startswith("__Host-renew=")
    assert {"Path=/", "Max-Age=34560000"} <= parts(answer)[1]

    app = make_app(TOKEN_AUTH_COOKIE_SECURE=False, TOKEN_AUTH_IDLE_LIFETIME=60)
    attributes = parts(log_in(app.test_client()))[1]
    assert "Secure" not in attributes
    assert f"Max-Age={timedelta(minutes=1).seconds}" in attributes


def test_path_domain_and_same_site(make_app):
    app = make_app(
        TOKEN_AUTH_COOKIE_PATH="/api/auth",
        TOKEN_AUTH_COOKIE_DOMAIN="shop.example",
        TOKEN_AUTH_COOKIE_SAMESITE="None",
    )
    client = app.test_client(use_cookies=False)

    answer = log_in(client)
    value, attributes = parts(answer)
    cleared = client.post(
        "/auth/logout", headers={**AJAX, "Cookie": f"refresh_token={value}"}
    )

    where = {"Path=/api/auth", "Domain=shop.example", "SameSite=None", "Secure"}
    assert where <= attributes
    assert where | {"Max-Age=0"} <= parts(cleared)[1]


@pytest.mark.parametrize(
    ("key", "config"),
    [
        *[
            ("COOKIE_SECURE", {"COOKIE_SECURE": False, **other})
            for other in (
                {"COOKIE_NAME": "__Host-renew"},
                {"COOKIE_NAME": "__secure-renew"},
                {"COOKIE_SAMESITE": "None"},
            )
        ],
        (
            "COOKIE_DOMAIN",
            {"COOKIE_NAME": "__Host-x", "COOKIE_DOMAIN": "shop.example"},
        ),
        ("COOKIE_PATH", {"COOKIE_NAME": "__host-x", "COOKIE_PATH": "/auth"}),
        ("CSRF", {"COOKIE_SAMESITE": "None", "CSRF": False}),
    ],
)
def test_a_cookie_that_would_be_dropped_or_abused_is_refused(make_app, key, config):
    with pytest.raises(ConfigurationError, match="must be") as caught:
        make_app(**{f"TOKEN_AUTH_{name}": value for name, value in config.items()})

    assert caught.value.setting == f"TOKEN_AUTH_{key}"


def test_names_that_browsers_know_are_fine_with_what_goes_with_them(make_app):
    app = make_app(TOKEN_AUTH_COOKIE_NAME="__Host-x", TOKEN_AUTH_COOKIE_PATH="/")
    assert "Path=/" in parts(log_in(app.test_client()))[1]
    app = make_app(TOKEN_AUTH_COOKIE_NAME="__Secure-x", TOKEN_AUTH_COOKIE_PATH="/auth")
    assert "Path=/auth" in parts(log_in(app.test_client()))[1]


def test_the_path_is_that_of_an_application_below_another_one(make_app):
    app = make_app()
    client = Client(DispatcherMiddleware(Flask("root"), {"/shop": app}))

    answer = client.post(
        "/shop/auth/login", json={"username": "ada", "password": "right"}, headers=AJAX
    )

    assert "Path=/shop/auth" in answer.headers["Set-Cookie"]
