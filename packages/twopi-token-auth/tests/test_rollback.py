"""The store loses its last writes: a failover, a restored backup."""

import copy
from datetime import timedelta

import pytest

from twopi_token_auth import (
    MemoryStore,
    SessionError,
    SessionManager,
    SessionToken,
    StoreUnavailableError,
    TokenAuth,
)
from twopi_token_auth.signals import refresh_reused
from twopi_token_auth.testing import FrozenClock

SECRET = "thirty-two bytes, enough for all of HS256"


class Token(SessionToken):
    def dump(self, secret=SECRET):
        return super().dump(secret)


@pytest.fixture
def time():
    with FrozenClock() as clock:
        yield clock


@pytest.fixture
def thefts():
    noted = []

    def note(sender, session):
        noted.append(session.id)

    with refresh_reused.connected_to(note):
        yield noted


class Backup:
    """A store that can go back to what it was."""

    def __init__(self):
        self.store = MemoryStore()

    def save(self):
        self.saved = copy.deepcopy(self.store._sessions)

    def restore(self):
        self.store._sessions = self.saved


def make_manager(store, **settings):
    return SessionManager(store, Token, secrets=lambda: [SECRET], **settings)


@pytest.mark.parametrize("lost", [1, 2, 7])
@pytest.mark.parametrize("later", [0, 91, 86400])
def test_a_token_newer_than_its_session_goes_on(time, thefts, caplog, lost, later):
    backup = Backup()
    manager = make_manager(backup.store)
    grant = manager.renew(manager.start("ada").refresh_token)
    backup.save()
    for _ in range(lost):
        time.tick(840)
        grant = manager.renew(grant.refresh_token)
    backup.restore()
    time.tick(later)

    renewed = manager.renew(grant.refresh_token)

    assert renewed.session.counter == grant.session.counter + 1
    assert renewed.session == manager.get(grant.session.id)
    assert "rollback" in caplog.text
    assert grant.refresh_token not in caplog.text
    assert thefts == []
    # A lost answer is answered again, and the older tokens are reuse once more.
    assert manager.renew(grant.refresh_token).refresh_token == renewed.refresh_token
    manager.renew(renewed.refresh_token)
    with pytest.raises(SessionError, match="reused"):
        manager.renew(grant.refresh_token)
    assert thefts == [grant.session.id]


def test_a_session_that_the_backup_does_not_have_is_unknown(time, thefts):
    backup = Backup()
    manager = make_manager(backup.store)
    backup.save()
    grant = manager.start("ada")
    backup.restore()

    with pytest.raises(SessionError, match="unknown"):
        manager.renew(grant.refresh_token)
    assert thefts == []


def test_two_tabs_after_a_rollback_get_the_same_answer(time, thefts):
    backup = Backup()
    manager = make_manager(backup.store)
    backup.save()
    grant = manager.start("ada")
    backup.save()
    for _ in range(3):
        grant = manager.renew(grant.refresh_token)
    backup.restore()

    assert len({manager.renew(grant.refresh_token).refresh_token for _ in "ab"}) == 1
    assert thefts == []


def test_a_store_that_contradicts_itself_is_unavailable(time):
    class Stubborn(MemoryStore):
        def advance(self, *args, **kwargs):
            return None

    manager = make_manager(Stubborn())
    grant = manager.start("ada")

    with pytest.raises(StoreUnavailableError, match="refuses to advance"):
        manager.renew(grant.refresh_token)


def test_a_session_that_is_renewed_meanwhile_is_looked_at_again(time, thefts):
    """Another process renews between the read and the write of the catching up."""

    class Busy(MemoryStore):
        def get(self, session_id):
            session = super().get(session_id)
            if self.waiting:
                make_manager(self).renew(self.waiting.pop())
            return session

    store = Busy()
    store.waiting = []
    manager = make_manager(store)
    grant = manager.start("ada")
    saved = copy.deepcopy(store._sessions)
    token = manager.renew(grant.refresh_token).refresh_token
    store._sessions = saved
    store.waiting = [token]

    again = manager.renew(token)

    assert store.waiting == []
    assert again.session.counter == 2
    assert again.session == store.get(grant.session.id)
    assert thefts == []


@pytest.mark.parametrize("skew", [1, 5, 31, 60, 90, -1, -60, -3600])
def test_hosts_whose_clocks_differ_serve_one_client(time, thefts, skew):
    """Two tabs renew at once, each on another host."""
    store = MemoryStore()
    ahead = timedelta(seconds=skew)
    here = make_manager(store)
    there = make_manager(store, clock=lambda: time.now + ahead)
    grant = here.start("ada")
    time.tick(840)

    answers = {each.renew(grant.refresh_token).refresh_token for each in (here, there)}

    assert len(answers) == 1
    assert thefts == []


def test_the_leeway_of_the_settings_counts(app, time):
    app.config["TOKEN_AUTH_LEEWAY"] = 200
    auth = TokenAuth(app, store=MemoryStore())
    with app.app_context():
        assert auth.sessions.settings.leeway == timedelta(seconds=200)
        grant = auth.sessions.start("ada")
        auth.sessions.renew(grant.refresh_token)
        time.tick(230)
        auth.sessions.renew(grant.refresh_token)
        time.tick(1)
        with pytest.raises(SessionError, match="reused"):
            auth.sessions.renew(grant.refresh_token)
