"""The rules of sessions, on every store, with a clock that stands still."""

import json
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from twopi_token_auth import (
    MemoryStore,
    SessionError,
    SessionManager,
    SessionSettings,
    StoreUnavailableError,
    signals,
)
from twopi_token_auth.sessions.manager import PURGE_EVERY
from twopi_token_auth.sessions.refresh_token import make_session_id, mint

SECRET = "thirty-two bytes, enough for all of HS256"
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
SIGNALS = ("logged_in", "renewed", "refresh_reused", "refresh_rejected", "logged_out")


class Text:
    """A token class of nobody's kind."""

    def __init__(self, session):
        self.session = session

    @classmethod
    def from_refresh_token(cls, refresh_token):
        return cls(refresh_token)

    def dump(self):
        return f"{self.session.user_id}/{self.session.counter}"


class Clock:
    """A day ahead, so that a store that forgets by itself does not yet."""

    def __init__(self):
        self.now = datetime.now(UTC) + DAY

    def __call__(self):
        return self.now

    def advance(self, seconds):
        self.now += seconds * SECOND


@pytest.fixture
def ticks():
    return Clock()


@pytest.fixture
def user():
    return make_session_id()


@pytest.fixture
def make_manager(store, ticks):
    def make(**changes):
        secrets = changes.pop("secrets", [SECRET])
        return SessionManager(
            changes.pop("store", store),
            changes.pop("token_cls", Text),
            secrets=lambda: secrets,
            settings=SessionSettings(**changes),
            clock=ticks,
            sender="app",
        )

    return make


@pytest.fixture
def heard():
    """The signals that were sent, by name, and what they said."""
    heard = []
    receivers = []
    for name in SIGNALS:

        def receive(sender, _name=name, **facts):
            assert sender == "app"
            heard.append((_name, facts))

        receivers.append(receive)
        getattr(signals, name).connect(receive)
    yield heard
    for name, receive in zip(SIGNALS, receivers, strict=True):
        getattr(signals, name).disconnect(receive)


def names(heard):
    return [name for name, _ in heard]


def test_a_session_starts_with_what_was_told(make_manager, ticks, user):
    manager = make_manager()

    grant = manager.start(
        user, ["read"], {"a": (1,)}, "Phone\n", ip="::1", user_agent="x" * 300
    )

    session = grant.session
    assert (session.user_id, session.scopes, session.data) == (
        user,
        ("read",),
        {"a": [1]},
    )
    assert (session.name, session.ip, session.user_agent) == ("Phone", "::1", "x" * 255)
    assert session.created_at == session.renewed_at == ticks.now
    assert session.idle_expires_at == ticks.now + 14 * DAY
    assert session.expires_at == ticks.now + 90 * DAY
    assert manager.get(session.id) == manager.store.get(session.id) == session
    assert grant.token == f"{user}/0"
    assert grant.refresh_token == mint(session.id, 0, SECRET)
    assert grant.expires_in is None
    assert "." not in repr(grant)
    assert grant.token not in repr(grant)


# What happened, in this order, and what comes of the token numbered at the end:
# a renewal with the newest token (+), an idle time in seconds, a log-out (x).
RULE = [
    ("", 0, 1),
    ("29 +", 1, 2),
    ("+ +", 2, 3),
    ("+", 0, 1),  # lost answer: the same successor
    ("+ 90", 0, 1),  # half a minute, and a minute by which clocks may differ
    ("+ 91", 0, "reused"),
    ("+ +", 0, "reused"),  # a grandparent, however soon
    ("+ 30 +", 0, "reused"),
    ("+ + + +", 3, 4),
    ("+ + + +", 2, "reused"),
    ("x", 0, "revoked"),
    ("+ x", 0, "revoked"),  # grace does not outlive a log-out
    ("+ x", 1, "revoked"),
    ("100", 0, "idle"),
    ("99", 0, 1),
    ("99 + 99", 1, 2),
    ("99 + 100", 1, "idle"),
    ("99 + 100", 0, "idle"),
    ("90 + 90 + 20", 2, "expired"),
    ("90 + 90 + 19", 2, 3),
    ("90 + 90 + 20", 1, "expired"),
    ("x 300", 0, "revoked"),
    ("", 1, 2),  # newer than the session: the store was restored from a backup
    ("+ 5", 9, 10),
    ("+ x", 9, "revoked"),
    ("100", 9, "idle"),
]


@pytest.mark.parametrize(("history", "counter", "outcome"), RULE)
def test_the_rule_of_renewal(
    make_manager, ticks, user, heard, history, counter, outcome
):
    manager = make_manager(idle_lifetime=100 * SECOND, absolute_lifetime=200 * SECOND)
    grant = manager.start(user)
    session_id = grant.session.id
    for step in history.split():
        if step == "+":
            grant = manager.renew(grant.refresh_token)
        elif step == "x":
            assert manager.revoke(session_id)
        else:
            ticks.advance(int(step))
    before = manager.store.get(session_id)
    heard.clear()

    token = mint(session_id, counter, SECRET)
    if isinstance(outcome, int):
        grant = manager.renew(token)
        assert grant.refresh_token == mint(session_id, outcome, SECRET)
        assert grant.token == f"{user}/{outcome}"
        repeated = before.counter == outcome
        assert heard == [("renewed", {"session": grant.session, "repeated": repeated})]
        if repeated:
            assert manager.store.get(session_id) == before
        return
    with pytest.raises(SessionError) as caught:
        manager.renew(token)
    assert caught.value.code == outcome
    assert (caught.value.session_id, caught.value.user_id) == (session_id, user)
    rejection = {"code": outcome, "session_id": session_id, "user_id": user}
    if outcome == "reused":
        assert heard == [
            ("refresh_reused", {"session": before}),
            ("refresh_rejected", rejection),
        ]
        assert manager.store.get(session_id) == replace(before, revoked_at=ticks.now)
        with pytest.raises(SessionError, match="revoked"):
            manager.renew(grant.refresh_token)
    else:
        assert heard == [("refresh_rejected", rejection)]
        assert manager.store.get(session_id) == before


def test_a_wrong_mac_never_touches_the_store(make_manager, user, heard):
    class Untouchable:
        def __getattr__(self, name):
            raise AssertionError(f"The store was asked to {name}")

    session_id = make_manager().start(user).session.id
    heard.clear()
    for junk in ("", "junk", mint(session_id, 0, "stolen"), None, 5, b"x"):
        with pytest.raises(SessionError) as caught:
            make_manager(store=Untouchable()).renew(junk)
        assert (caught.value.code, caught.value.session_id) == ("unknown", None)

    assert names(heard) == ["refresh_rejected"] * 6
    assert make_manager().get(session_id)


def test_a_session_that_is_not_kept_is_unknown(make_manager):
    session_id = make_session_id()

    with pytest.raises(SessionError) as caught:
        make_manager().renew(mint(session_id, 0, SECRET))

    assert (caught.value.code, caught.value.session_id) == ("unknown", session_id)


def test_without_grace_the_parent_is_reuse(make_manager, user):
    manager = make_manager(reuse_grace=timedelta(0))
    first = manager.start(user).refresh_token
    manager.renew(first)

    with pytest.raises(SessionError, match="reused"):
        manager.renew(first)


def test_reuse_can_end_all_sessions_of_the_user(make_manager, user):
    manager = make_manager(on_reuse="user")
    other = manager.start(user)
    first = manager.start(user).refresh_token
    manager.renew(manager.renew(first).refresh_token)

    with pytest.raises(SessionError, match="reused"):
        manager.renew(first)

    assert manager.list(user) == []
    with pytest.raises(SessionError, match="revoked"):
        manager.renew(other.refresh_token)


def test_without_rotation_a_token_stays_and_the_session_goes_on(
    make_manager, ticks, user
):
    manager = make_manager(rotate=False, idle_lifetime=100 * SECOND)
    token = manager.start(user).refresh_token

    for _ in range(3):
        ticks.advance(99)
        assert manager.renew(token).refresh_token == token

    ticks.advance(100)
    with pytest.raises(SessionError, match="idle"):
        manager.renew(token)


def test_lifetimes_can_be_without_end(make_manager, ticks, user):
    manager = make_manager(idle_lifetime=None, absolute_lifetime=None)
    grant = manager.start(user)
    ticks.advance(10**9)

    session = manager.renew(grant.refresh_token).session

    assert session.idle_expires_at is session.expires_at is None


def test_a_secret_can_be_replaced_without_logging_anybody_out(make_manager, user):
    old = make_manager(secrets=["the old one"]).start(user).refresh_token
    manager = make_manager(secrets=["the new one", b"the old one"])

    new = manager.renew(old).refresh_token
    assert manager.renew(old).refresh_token == new
    assert make_manager(secrets=["the new one"]).renew(new)
    with pytest.raises(SessionError, match="unknown"):
        make_manager(secrets=["the new one"]).renew(old)


def test_the_session_used_least_recently_makes_room(make_manager, ticks, user, heard):
    manager = make_manager(max_sessions_per_user=2)
    grants = []
    for _ in range(2):
        grants.append(manager.start(user))
        ticks.advance(1)
    manager.renew(grants[0].refresh_token)
    ticks.advance(1)
    manager.start(f"{user}2")

    third = manager.start(user).session

    assert [session.id for session in manager.list(user)] == [
        third.id,
        grants[0].session.id,
    ]
    assert heard[-2] == ("logged_out", {"session_ids": [grants[1].session.id]})
    assert len(manager.list(f"{user}2")) == 1


def test_list_shows_what_is_active_the_newest_first(make_manager, ticks, user):
    manager = make_manager(idle_lifetime=100 * SECOND)
    manager.start(user)
    ticks.advance(60)
    one, two, out = (manager.start(user).session for _ in range(3))
    manager.revoke(out.id)
    ticks.advance(1)
    manager.renew(mint(one.id, 0, SECRET))
    ticks.advance(50)

    assert [session.id for session in manager.list(user)] == [one.id, two.id]
    assert manager.list("nobody") == []
    assert manager.get(out.id) is None
    assert manager.get(make_session_id()) is None


def test_revoke_all_keeps_one_and_tells_which_ended(make_manager, user, heard):
    manager = make_manager()
    kept, one, two = (manager.start(user).session.id for _ in range(3))
    heard.clear()

    assert manager.revoke_all(user, keep=kept) == 2
    assert manager.revoke_all(user, keep=kept) == 0

    assert [session.id for session in manager.list(user)] == [kept]
    [(name, facts)] = heard
    assert (name, set(facts["session_ids"])) == ("logged_out", {one, two})


def test_revoke_tells_once(make_manager, user, heard):
    manager = make_manager()
    session_id = manager.start(user).session.id

    assert manager.revoke(session_id)
    assert not manager.revoke(session_id)
    assert names(heard) == ["logged_in", "logged_out"]


def test_a_token_finds_its_session_even_if_it_is_old(make_manager, user):
    manager = make_manager()
    grant = manager.start(user)
    manager.revoke(grant.session.id)

    assert manager.find(grant.refresh_token) == grant.session.id
    assert manager.find(grant.refresh_token + "x") is None
    assert manager.find(None) is None


@pytest.mark.parametrize("store", ["memory", "sqlite"], indirect=True)
def test_logins_delete_what_has_ended_in_passing(make_manager, store, ticks, user):
    manager = make_manager()
    old = [manager.start(f"{user}{n}").session.id for n in range(PURGE_EVERY - 1)]
    ticks.advance(90 * 24 * 3600)

    assert manager.start(user)
    assert store.get(old[0])
    manager.start(user)
    assert [store.get(session_id) for session_id in old] == [None] * len(old)


@pytest.mark.parametrize("store", ["memory", "sqlite"], indirect=True)
def test_purge_deletes_all_or_so_many(make_manager, ticks, user):
    manager = make_manager()
    for _ in range(5):
        manager.start(user)
    ticks.advance(14 * 24 * 3600 + 1)

    assert manager.purge(limit=2) == 2
    assert manager.purge(limit=0) == 0
    assert manager.purge() == 3
    assert manager.purge() == 0


def test_a_purge_that_fails_does_not_fail_the_login(make_manager, user, caplog):
    class Stubborn(MemoryStore):
        def purge(self, before, limit):
            raise StoreUnavailableError

    assert make_manager(store=Stubborn()).start(user)
    assert "could not be deleted" in caplog.text


def test_nothing_is_kept_when_the_token_cannot_be_made(make_manager, user):
    class Broken(Text):
        @classmethod
        def from_refresh_token(cls, refresh_token):
            raise LookupError

    manager = make_manager(token_cls=Broken)
    with pytest.raises(LookupError):
        manager.start(user)

    assert manager.list(user) == []


def test_a_token_class_can_refuse_a_renewal(make_manager, user, heard):
    class Bouncer(Text):
        @classmethod
        def from_refresh_token(cls, refresh_token):
            if refresh_token.counter:
                raise SessionError("revoked", session_id=refresh_token.id)
            return cls(refresh_token)

    manager = make_manager(token_cls=Bouncer)
    token = manager.start(user).refresh_token

    with pytest.raises(SessionError, match="revoked"):
        manager.renew(token)
    assert names(heard) == ["logged_in", "refresh_rejected"]


def test_a_store_that_contradicts_itself_lets_nobody_in(make_manager, user):
    class Stale(MemoryStore):
        def advance(self, *args, **kwargs):
            return None

    manager = make_manager(store=Stale())
    token = manager.start(user).refresh_token

    with pytest.raises(StoreUnavailableError):
        manager.renew(token)
    assert len(manager.list(user)) == 1


@pytest.mark.parametrize(
    ("given", "kept"), [(5, "5"), (0, "0"), (UUID(int=5), str(UUID(int=5))), ("ä", "ä")]
)
def test_users_are_kept_as_text(given, kept):
    manager = SessionManager(MemoryStore(), Text, secrets=lambda: [SECRET])

    assert manager.start(given).session.user_id == kept
    assert len(manager.list(given)) == 1
    assert manager.revoke_all(given) == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        *[((user,), TypeError) for user in (None, True, 1.5, b"ada", ["ada"])],
        *[((user,), ValueError) for user in ("", " ada", "ada ", "a\0", "\ud800")],
        (("a" * 256,), ValueError),
        (("ada", "read"), TypeError),
        (("ada", [5]), TypeError),
        (("ada", ["a\0"]), ValueError),
        (("ada", [], {"a": "\ud800"}), ValueError),
        (("ada", [], {"a": object()}), TypeError),
        (("ada", [], {"a": float("nan")}), ValueError),
    ],
)
def test_what_cannot_be_kept_is_refused(arguments, error):
    store = MemoryStore()
    manager = SessionManager(store, Text, secrets=lambda: [SECRET])

    with pytest.raises(error):
        manager.start(*arguments)

    assert store._sessions == {}


def test_nothing_that_is_logged_or_raised_contains_a_token(make_manager, user, caplog):
    caplog.set_level(logging.DEBUG, "twopi_token_auth")
    manager = make_manager()
    first = manager.start(user)
    second = manager.renew(first.refresh_token)
    manager.renew(second.refresh_token)
    with pytest.raises(SessionError) as caught:
        manager.renew(first.refresh_token)

    said = caplog.text + repr(caught.value) + json.dumps(vars(caught.value))
    assert "reused" in said
    assert not re.search(r"\.[\w-]{43}", said)
