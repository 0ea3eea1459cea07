import datetime as dt

import pytest
from sqlalchemy import select

from twopi_demo import passwords
from twopi_demo.database import session
from twopi_demo.models import User, sessions

API = "/api/v1"


def test_login_tells_the_tokens_and_how_long_access_lasts(bob):
    assert bob.tokens.keys() == {"token", "session_id", "refreshToken", "expiresIn"}
    assert bob.tokens["expiresIn"] == 60


def test_the_user_sees_who_they_are(ada):
    assert ada.get(f"{API}/me").json == {
        "id": 1,
        "username": "ada",
        "role": "manager",
        "scopes": ["entries", "entries:all", "projects", "reports"],
    }


def test_a_user_who_is_gone_is_nobody(app, bob):
    with app.app_context():
        for table in ("entries", "users"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
        session.commit()

    assert bob.get(f"{API}/me").status_code == 401


@pytest.mark.parametrize("username", ["ada", "nobody"])
def test_a_refused_login_does_not_tell_which_users_exist(app, username, monkeypatch):
    checked = []
    verify = passwords._hasher.verify
    monkeypatch.setattr(
        passwords._hasher.__class__,
        "verify",
        lambda self, stored, given: checked.append(stored) or verify(stored, given),
    )

    answer = app.test_client().post(
        f"{API}/login", json={"username": username, "password": "wrong"}
    )

    assert answer.status_code == 401
    assert answer.json == {"_errors": ["Wrong user name or password."]}
    assert answer.headers["WWW-Authenticate"].strip() == "Bearer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(checked) == 1
    assert checked[0].startswith("$argon2id$")


def test_the_empty_password_of_nobody_lets_nobody_in(app):
    with app.app_context():
        assert passwords.authenticate(None, "") is None


def test_a_hash_of_older_parameters_is_renewed_at_login(app, log_in, monkeypatch):
    from argon2 import PasswordHasher

    monkeypatch.setattr(
        passwords,
        "_hasher",
        PasswordHasher(time_cost=2, memory_cost=8, parallelism=1),
    )

    log_in("bob")

    with app.app_context():
        bob = session.scalar(select(User).where(User.username == "bob"))
        assert ",t=2," in bob.password_hash


def test_the_refresh_token_is_not_in_the_database(app, bob):
    with app.app_context():
        [row] = session.execute(select(sessions.table)).all()

    assert bob.tokens["refreshToken"] not in map(str, row)


def test_a_renewed_token_works(app, bob):
    body = {"refreshToken": bob.tokens["refreshToken"]}
    renewed = app.test_client().post(f"{API}/renew", json=body).json
    headers = {"Authorization": f"Bearer {renewed['token']}"}

    answer = app.test_client().get(f"{API}/me", headers=headers)

    assert (answer.status_code, answer.json["username"]) == (200, "bob")


def test_logout_ends_this_session_and_no_other(app, log_in):
    here, there = log_in("bob"), log_in("bob")

    assert here.post(f"{API}/logout").status_code == 200
    for client, status in ((here, 401), (there, 200)):
        body = {"refreshToken": client.tokens["refreshToken"]}
        assert app.test_client().post(f"{API}/renew", json=body).status_code == status


def test_an_expired_token_is_told_from_a_bad_one(make_app):
    app = make_app(SHORT_LIVED_TOKEN_EXPIRY=dt.timedelta(seconds=-1))
    client = app.test_client()
    credentials = {"username": "bob", "password": "punchcard"}
    token = client.post(f"{API}/login", json=credentials).json["token"]

    for sent, reason in ((token, "has expired"), (f"{token}x", "is not valid")):
        answer = client.get(f"{API}/me", headers={"Authorization": f"Bearer {sent}"})
        assert answer.status_code == 401
        assert reason in answer.headers["WWW-Authenticate"]


def test_no_token_is_read_from_a_url(app, bob):
    answer = app.test_client().get(f"{API}/me?token={bob.tokens['token']}")

    assert answer.status_code == 401
