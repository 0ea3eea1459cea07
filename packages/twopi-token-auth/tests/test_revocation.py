from datetime import UTC, datetime, timedelta

import pytest

from twopi_token_auth import (
    MemoryStore,
    SessionToken,
    TokenAuth,
    auth_required,
    current_token,
    parse_auth_header,
)
from twopi_token_auth.sessions.refresh_token import make_session_id
from twopi_token_auth.sessions.revocation import RevocationCheck
from twopi_token_auth.stores import RefreshSession
from twopi_token_auth.testing import FrozenClock
from twopi_token_auth.tokens.session_token import session_id_of

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)


class Counting(MemoryStore):
    looks = 0

    def get(self, session_id):
        self.looks += 1
        return super().get(session_id)


@pytest.fixture
def store():
    return Counting()


@pytest.fixture
def start(store):
    def start():
        session = RefreshSession(
            id=make_session_id(),
            user_id="ada",
            created_at=NOW,
            renewed_at=NOW,
            idle_expires_at=NOW + timedelta(hours=1),
            expires_at=NOW + timedelta(hours=1),
        )
        store.create(session)
        return session.id

    return start


class Seconds:
    now = 0.0

    def __call__(self):
        return self.now


def test_an_answer_is_good_for_as_long_as_was_said(store, start):
    clock = Seconds()
    check = RevocationCheck(store, staleness=timedelta(seconds=10), clock=clock)
    session_id = start()
    assert check.is_active(session_id, NOW)
    store.revoke(session_id, NOW)

    clock.now = 9.9
    assert check.is_active(session_id, NOW)
    assert store.looks == 1
    clock.now = 10
    assert not check.is_active(session_id, NOW)
    assert store.looks == 2


def test_a_session_ends_in_time_though_the_answer_is_kept(store, start):
    check = RevocationCheck(store, staleness=timedelta(minutes=5), clock=Seconds())
    session_id = start()

    assert check.is_active(session_id, NOW)
    assert not check.is_active(session_id, NOW + timedelta(hours=1))
    assert store.looks == 1


def test_answers_are_bounded(store, start):
    check = RevocationCheck(
        store, staleness=timedelta(minutes=5), clock=Seconds(), max_sessions=2
    )
    for session_id in [start() for _ in range(9)] + [make_session_id()]:
        check.is_active(session_id, NOW)

    assert len(check._answers) == 2


def test_without_staleness_the_store_is_asked_each_time(store, start):
    check = RevocationCheck(store, staleness=timedelta(0))
    session_id = start()

    assert check.is_active(session_id, NOW)
    store.revoke(session_id, NOW)
    assert not check.is_active(session_id, NOW)
    assert check._answers == {}


def test_a_token_does_not_outlive_its_session(store, start):
    session = store.get(start())
    token = SessionToken.from_refresh_token(session)

    assert token.expiry <= session.expires_at
    assert session_id_of(token) == session.id
    assert session_id_of(object()) is None


def test_a_session_token_tells_when_the_user_logged_in(app):
    auth = TokenAuth(app, SessionToken, store=MemoryStore())

    @app.get("/fresh")
    @parse_auth_header(SessionToken, required=True)
    @auth_required(fresh=300)
    def fresh():
        return {"since": int(current_token.auth_time.timestamp())}

    with FrozenClock(NOW) as clock, app.app_context():
        grant = auth.sessions.start("ada")
        header = {"Authorization": f"Bearer {grant.token}"}
        answer = app.test_client().get("/fresh", headers=header)
        assert answer.json == {"since": int(NOW.timestamp())}

        clock.tick(timedelta(minutes=5, seconds=1))
        grant = auth.sessions.renew(grant.refresh_token)
        header = {"Authorization": f"Bearer {grant.token}"}
        answer = app.test_client().get("/fresh", headers=header)
        assert answer.status_code == 401
        assert answer.json == {"_errors": ["Please log in again to do this."]}
