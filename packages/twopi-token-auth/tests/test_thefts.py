"""What a thief can do with what was stolen: a token, a refresh token, a database."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from sqlite3 import connect

import jwt
import pytest
from flask import Flask
from sqlalchemy import create_engine

from twopi_token_auth import (
    SessionToken,
    TokenAuth,
    parse_auth_header,
    signals,
)
from twopi_token_auth.sessions.refresh_token import mint
from twopi_token_auth.stores.sqlalchemy import SQLAlchemyStore
from twopi_token_auth.testing import FrozenClock

SECRET = "thirty-two bytes, enough for all of HS256"
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(tmp_path):
    return tmp_path / "sessions.db"


@pytest.fixture
def app(database):
    engine = create_engine(f"sqlite:///{database}")
    store = SQLAlchemyStore(engine)
    store.create_all()
    app = Flask("shop")
    app.config["SECRET_KEY"] = SECRET
    auth = TokenAuth(app, store=store, authenticate=lambda username, _: username)
    app.register_blueprint(auth.blueprint())

    @app.get("/me")
    @parse_auth_header(SessionToken, required=True)
    def me():
        return {}

    yield app
    engine.dispose()


@pytest.fixture
def client(app):
    return app.test_client()


def log_in(client):
    return client.post("/login", json={"username": "ada", "password": "x"}).json


def renew(client, refresh_token):
    return client.post("/renew", json={"refreshToken": refresh_token})


def visit(client, token):
    header = {"Authorization": f"Bearer {token}"}
    return client.get("/me", headers=header).status_code


def test_tokens_do_not_stand_in_for_each_other(client):
    pair = log_in(client)

    assert renew(client, pair["token"]).status_code == 401
    wrong = {"json": {"refreshToken": pair["token"]}}
    assert client.post("/logout", **wrong).status_code == 401
    assert visit(client, pair["refreshToken"]) == 401
    assert renew(client, pair["refreshToken"]).status_code == 200


def test_a_refresh_token_is_read_from_no_address_and_no_header(client):
    token = log_in(client)["refreshToken"]

    for answer in (
        client.post("/renew", query_string={"refreshToken": token}),
        client.post("/renew", headers={"Authorization": f"Bearer {token}"}),
        client.post("/renew", headers={"Cookie": f"refresh_token={token}"}),
    ):
        assert answer.status_code == 400
    assert client.get("/renew", query_string={"refreshToken": token}).status_code == 405


def test_a_stolen_token_is_good_until_it_expires(client):
    with FrozenClock(NOW) as clock:
        token = log_in(client)["token"]

        clock.tick(timedelta(minutes=15, seconds=-1))
        assert visit(client, token) == 200
        clock.tick(1)
        assert visit(client, token) == 401


def test_a_stolen_refresh_token_ends_the_session_when_both_use_it(client):
    """Whoever of them is the first one."""
    reused = []

    def note(sender, session):
        reused.append(session.user_id)

    with FrozenClock(NOW) as clock, signals.refresh_reused.connected_to(note):
        stolen = log_in(client)["refreshToken"]
        first = renew(client, stolen).json["refreshToken"]
        clock.tick(91)

        assert renew(client, stolen).status_code == 401
        assert renew(client, first).status_code == 401

    assert reused == ["ada"]


def test_a_leaked_database_opens_nothing(client, database):
    pairs = [log_in(client)]
    for _ in range(2):
        pairs.append(renew(client, pairs[-1]["refreshToken"]).json)
    content = database.read_bytes()
    for pair in pairs:
        for token in pair["token"], pair["refreshToken"]:
            assert token.rpartition(".")[2].encode() not in content

    with closing(connect(database)) as leaked:
        [row] = leaked.execute("SELECT * FROM token_sessions")
        [(session_id, counter)] = leaked.execute(
            "SELECT id, counter FROM token_sessions"
        )
    assert (session_id, counter) == (pairs[-1]["refreshToken"].split(".")[0], 2)
    for secret in ["", "None", *filter(None, map(str, row))]:
        for guess in range(counter - 1, counter + 2):
            forged = mint(session_id, guess, secret)
            assert renew(client, forged).status_code == 401
        key = secret.encode() or b"\0"
        claims = {"sid": session_id, "sub": "ada"}
        assert visit(client, jwt.encode(claims, key.ljust(32, b"\0"), "HS256")) == 401

    assert renew(client, pairs[-1]["refreshToken"]).status_code == 200
