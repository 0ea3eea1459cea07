"""What the package brings for the tests of applications."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from twopi_token_auth import (
    KeyRing,
    MemoryStore,
    SessionError,
    SessionToken,
    TokenAuth,
    current_token,
    parse_auth_header,
)
from twopi_token_auth.testing import FrozenClock, session_headers, token_headers

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def auth(secret):
    app = Flask("shop")
    app.config["SECRET_KEY"] = secret
    auth = TokenAuth(store=MemoryStore())
    auth.app = auth.init_app(app)

    @app.get("/me")
    @parse_auth_header(SessionToken, required=True)
    def me():
        return {"user": current_token.user_id, "scopes": current_token.scopes}

    return auth


def test_a_session_without_a_login(auth):
    headers = session_headers(auth.app, 7, ["read"], {"tenant": 1})

    answer = auth.app.test_client().get("/me", headers=headers)

    assert answer.json == {"user": "7", "scopes": ["read"]}
    with auth.app.app_context():
        (session,) = auth.sessions.list(7)
    assert session.data == {"tenant": 1}


def test_an_application_without_sessions_is_told_so(app):
    with pytest.raises(RuntimeError, match="init_app"):
        session_headers(app, "ada")


def test_a_token_of_any_class(app, token_class):
    headers = token_headers(app, token_class("ada"))

    assert app.test_client().get("/closed", headers=headers).json == {"user": "ada"}


def test_tokens_and_sessions_are_as_old_as_the_clock_says(auth):
    client = auth.app.test_client()
    with FrozenClock(NOW) as clock, auth.app.app_context():
        grant = auth.sessions.start("ada")
        headers = {"Authorization": f"Bearer {grant.token}"}
        assert grant.session.created_at == NOW
        assert client.get("/me", headers=headers).status_code == 200

        clock.tick(timedelta(minutes=15))
        assert client.get("/me", headers=headers).status_code == 401
        renewed = auth.sessions.renew(grant.refresh_token)
        assert renewed.session.renewed_at == clock.now

        clock.tick(91)
        with pytest.raises(SessionError, match="reused"):
            auth.sessions.renew(grant.refresh_token)


def test_keys_run_out_by_the_clock(secret):
    with FrozenClock(NOW) as clock:
        ring = KeyRing().add(secret, not_after=NOW + timedelta(seconds=2))
        clock.tick()
        assert len(ring.accepted()) == 1
        clock.tick()
        assert ring.accepted() == ()


def test_time_goes_on_afterwards():
    before = datetime.now(UTC)
    with FrozenClock() as clock:
        assert clock.now - before < timedelta(minutes=1)
        clock.tick(timedelta(days=400))

    assert FrozenClock().now - before < timedelta(days=1)


def test_a_clock_needs_a_time_zone():
    with pytest.raises(ValueError, match="time zone"):
        FrozenClock(datetime(2030, 1, 1))  # noqa: DTZ001
