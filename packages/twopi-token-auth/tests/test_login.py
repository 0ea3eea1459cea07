"""A whole application of the kind 1.x was documented with: log in, renew, log out."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, abort, current_app, g, jsonify, request
from marshmallow import fields

from twopi_token_auth import (
    ShortlivedTokenMixin,
    WeakSecretWarning,
    auth_required,
    parse_auth_header,
)


class Login:
    def __init__(self, user_id, scopes):
        self.id = secrets.token_hex()
        self.token = secrets.token_urlsafe()
        self.user_id = user_id
        self.scopes = scopes


class Pass(ShortlivedTokenMixin):
    class TokenSchema(ShortlivedTokenMixin.TokenSchema):
        rfid = fields.String(attribute="refresh_token_id")
        user_id = fields.String(attribute="user_id")
        scopes = fields.List(fields.String(), attribute="scopes")

    def __init__(self, refresh_token_id, user_id, scopes, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.refresh_token_id = refresh_token_id
        self.user_id = user_id
        self.scopes = scopes

    @classmethod
    def from_refresh_token(cls, refresh_token):
        lifetime = current_app.config["SHORT_LIVED_TOKEN_EXPIRY"]
        return cls(
            refresh_token_id=refresh_token.id,
            user_id=refresh_token.user_id,
            scopes=refresh_token.scopes,
            expiry=datetime.now(UTC) + lifetime,
        )


@pytest.fixture
def client():
    app = Flask("login")
    app.config["SECRET_KEY"] = "supersecret"
    app.config["SHORT_LIVED_TOKEN_EXPIRY"] = timedelta(hours=1)
    logins = []

    @app.post("/login")
    def log_in():
        if request.form.get("password") != "right":
            abort(401)
        login = Login(request.form["name"], ["play"])
        logins.append(login)
        token = Pass.from_refresh_token(login).dump()
        return jsonify(token=token, refreshToken=login.token)

    @app.post("/renew")
    def renew():
        wanted = request.form.get("refreshToken")
        found = [login for login in logins if login.token == wanted]
        if not found:
            abort(401)
        return jsonify(token=Pass.from_refresh_token(found[0]).dump())

    @app.post("/logout")
    @parse_auth_header(Pass)
    @auth_required()
    def log_out():
        found = [login for login in logins if login.id == g.token.refresh_token_id]
        if not found:
            abort(401)
        logins.remove(found[0])
        return jsonify(status="success")

    @app.post("/protected")
    @parse_auth_header(Pass)
    @auth_required()
    def protected():
        return f"Welcome, {g.token.user_id}"

    return app.test_client()


def test_log_in_renew_and_log_out(client):
    assert client.post("/login", data={"password": "wrong"}).status_code == 401
    with pytest.warns(WeakSecretWarning, match="11 bytes"):
        pair = client.post("/login", data={"name": "ada", "password": "right"}).json
    header = {"Authorization": "Bearer " + pair["token"]}

    assert client.post("/protected", headers=header).text == "Welcome, ada"
    assert client.post("/protected?token=" + pair["token"]).text == "Welcome, ada"
    assert client.post("/protected").status_code == 401

    renewed = client.post("/renew", data={"refreshToken": pair["refreshToken"]}).json
    again = {"Authorization": "Bearer " + renewed["token"]}
    assert client.post("/protected", headers=again).text == "Welcome, ada"

    assert client.post("/logout", headers=again).json == {"status": "success"}
    assert (
        client.post("/renew", data={"refreshToken": pair["refreshToken"]}).status_code
        == 401
    )
    assert client.post("/logout", headers=again).status_code == 401
    assert client.post("/protected", headers=header).text == "Welcome, ada"
