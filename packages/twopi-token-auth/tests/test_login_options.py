"""What a client can choose at its login, and the bodies of errors."""

from datetime import timedelta

import pytest

from twopi_token_auth import (
    MemoryStore,
    SessionError,
    SessionToken,
    TokenAuth,
    parse_auth_header,
    scopes_required,
)

AJAX = {"X-Requested-With": "test"}
DAY = timedelta(days=1)


@pytest.fixture
def make(app):
    def make(error_body=None, **config):
        app.config.update({f"TOKEN_AUTH_{key}": value for key, value in config.items()})
        auth = TokenAuth(
            app,
            store=MemoryStore(),
            authenticate=lambda name, password: name if password == "x" else None,
            error_body=error_body,
        )
        app.register_blueprint(auth.blueprint(url_prefix="/auth"))
        return app.test_client()

    return make


def log_in(client, **more):
    body = {"username": "ada", "password": "x", **more}
    return client.post("/auth/login", json=body, headers=AJAX)


@pytest.mark.parametrize("remember", [False, "false", "0"])
def test_a_login_can_end_with_the_browser(make, app, remember):
    client = make(TRANSPORT="cookie")

    for response in (
        log_in(client, remember=remember),
        client.post("/auth/renew", headers=AJAX),
    ):
        assert response.status_code == 200
        cookie = response.headers["Set-Cookie"]
        assert "Max-Age" not in cookie
        assert "Expires" not in cookie
    [session] = app.extensions["twopi_token_auth_sessions"].list("ada")
    assert session.expires_at - session.created_at == DAY
    for kept in (True, None, 1):
        assert "Max-Age=1209600" in log_in(client, remember=kept).headers["Set-Cookie"]


def test_each_login_may_have_a_lifetime_of_its_own(app, context):
    app.config["TOKEN_AUTH_BROWSER_LIFETIME"] = None
    sessions = TokenAuth(app, store=MemoryStore()).sessions

    def ends(**options):
        session = sessions.start("ada", **options).session
        return session.expires_at - session.created_at

    assert ends() == ends(remember=False) == 90 * DAY
    assert ends(lifetime=DAY) == ends(lifetime=DAY, remember=False) == DAY
    assert ends(lifetime=400 * DAY) == 400 * DAY
    grant = sessions.start("ada", lifetime=timedelta(hours=1))
    assert grant.session.idle_expires_at == grant.session.expires_at
    renewed = sessions.renew(grant.refresh_token).session
    assert renewed.idle_expires_at == grant.session.expires_at


def test_mobile_and_browser_share_an_application(make):
    client = make(TRANSPORT="both")
    mobile = log_in(client)
    assert "Set-Cookie" not in mobile.headers
    pair = client.post("/auth/renew", json=mobile.json).json  # no special header
    assert pair["refreshToken"] != mobile.json["refreshToken"]

    browser = log_in(client, transport="cookie")
    assert "refreshToken" not in browser.json
    assert "HttpOnly" in browser.headers["Set-Cookie"]
    assert client.post("/auth/renew").status_code == 403
    renewed = client.post("/auth/renew", headers=AJAX)
    assert renewed.status_code == 200
    assert "refreshToken" not in renewed.json
    both = client.post("/auth/renew", json=pair, headers=AJAX)
    assert "Set-Cookie" not in both.headers
    assert client.post("/auth/logout", json=both.json).status_code == 200
    assert client.post("/auth/renew", headers=AJAX).status_code == 200
    assert (
        "Max-Age=0" in client.post("/auth/logout", headers=AJAX).headers["Set-Cookie"]
    )


def test_a_login_for_a_cookie_needs_the_header(make):
    client = make(TRANSPORT="both")
    body = {"username": "ada", "password": "x", "transport": "cookie"}

    assert client.post("/auth/login", json=body).status_code == 403
    assert (
        client.post("/auth/login", json={**body, "transport": "x"}).status_code == 200
    )


def test_errors_have_the_body_of_the_application(make, app):
    def error_body(status, message, code):
        return {"error": {"status": status, "code": code, "text": message}}

    client = make(error_body)

    @app.get("/scoped")
    @parse_auth_header(SessionToken)
    @scopes_required("admin")
    def scoped():
        return "in"

    @app.get("/ended")
    def ended():
        raise SessionError("idle")

    pair = log_in(client).json
    header = {"Authorization": f"Bearer {pair['token']}"}
    bad = {"Authorization": f"Bearer {pair['token']}x"}
    wrong = {"username": "ada", "password": "y"}
    for response, status, code in (
        (client.get("/scoped"), 401, "missing"),
        (client.get("/scoped", headers=bad), 401, "malformed"),
        (client.get("/scoped", headers=header), 403, "scope"),
        (client.get("/ended"), 401, "idle"),
        (client.post("/auth/login", json=wrong), 401, "login"),
        (client.post("/auth/login", json={}), 400, None),
        (client.post("/auth/renew", json={"refreshToken": "x"}), 401, "unknown"),
    ):
        assert response.status_code == status
        assert response.json["error"]["status"] == status
        assert response.json["error"]["code"] in {code, "signature"}
        assert response.json["error"]["text"]
        assert ("WWW-Authenticate" in response.headers) is (status != 400)
