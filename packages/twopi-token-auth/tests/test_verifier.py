"""The cache of verified tokens lets nobody in who would not get in without it.

``TWOPI_TOKEN_AUTH_TOKENS=1000000`` fills it with that many tokens.
"""

import gc
import os
import threading
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from flask import g
from marshmallow import ValidationError, fields

from twopi_token_auth import (
    KeyRing,
    MemoryStore,
    SessionToken,
    ShortlivedTokenMixin,
    TokenAuth,
    TokenError,
    UnixTimestamp,
    clock,
    parse_auth_header,
)
from twopi_token_auth.app.state import current_state
from twopi_token_auth.jose.key import Key
from twopi_token_auth.jose.verified_tokens import Verified, VerifiedTokens
from twopi_token_auth.testing import FrozenClock

NOW = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MANY = int(os.environ.get("TWOPI_TOKEN_AUTH_TOKENS", "5000"))


@pytest.fixture
def app(app):
    app.config["TOKEN_AUTH_CACHE_SIZE"] = 100
    return app


@pytest.fixture
def time():
    with FrozenClock(NOW) as clock:
        yield clock


@pytest.fixture
def verifications(monkeypatch):
    """Count the signatures that are verified."""
    done = []
    verify = Key.verify

    def counting(self, message, signature):
        done.append(message)
        return verify(self, message, signature)

    monkeypatch.setattr(Key, "verify", counting)
    return done


def refused(token_class, text, **arguments):
    with pytest.raises(TokenError) as caught:
        token_class.verify(text, **arguments)
    return caught.value.code


def test_a_signature_is_verified_once(context, time, token_class, verifications):
    text = token_class("ada", ["read"], expiry=NOW + MINUTE).dump()

    loaded = [token_class.verify(text) for _ in range(3)]

    assert [token.scopes for token in loaded] == [["read"]] * 3
    assert len(verifications) == 1


def test_without_a_size_there_is_no_cache(app, time, token_class, verifications):
    del app.config["TOKEN_AUTH_CACHE_SIZE"]
    with app.app_context():
        text = token_class("ada").dump()
        for _ in range(3):
            token_class.verify(text)

    assert len(verifications) == 3


def test_a_remembered_token_expires(context, time, token_class, verifications):
    text = token_class("ada", expiry=NOW + MINUTE, not_before=NOW - MINUTE).dump()
    assert token_class.verify(text)

    time.tick(-61)
    assert refused(token_class, text) == "not_yet_valid"
    time.tick(120)
    assert token_class.verify(text)
    time.tick(1)
    assert refused(token_class, text) == "expired"
    assert len(verifications) == 1


def test_a_refused_token_is_not_remembered(context, time, token_class, verifications):
    text = token_class("ada", expiry=NOW + MINUTE).dump()
    bad = [text[:-2] + "AA", token_class("ada", expiry=NOW).dump(), text + "=", "a.b.c"]

    for each in bad * 2:
        refused(token_class, each)

    assert len(current_state()._cache) == 0


def test_what_a_request_does_to_its_token_stays_there(context, time, verifications):
    class Deep(ShortlivedTokenMixin):
        class TokenSchema(ShortlivedTokenMixin.TokenSchema):
            scopes = fields.List(fields.String())
            tenant = fields.Dict()
            anything = fields.Raw()

        def __init__(self, scopes, tenant, anything, **registered):
            super().__init__(**registered)
            self.scopes, self.tenant, self.anything = scopes, tenant, anything

    text = Deep(["a"], {"id": 1, "in": {"a": 1}}, [[1]]).dump()
    for _ in range(4):
        token = Deep.verify(text)
        assert (token.scopes, token.tenant) == (["a"], {"id": 1, "in": {"a": 1}})
        assert token.anything == [[1]]
        token.scopes.append("admin")
        token.tenant["in"]["a"] = 2
        token.anything[0].append(2)

    assert len(verifications) == 1


def test_code_of_yours_in_a_schema_runs_each_time(context, time, verifications):
    banned = set()

    def refuse_banned(value):
        if value in banned:
            raise ValidationError("banned")

    class Checked(ShortlivedTokenMixin):
        token_type = "JWT"

        class TokenSchema(ShortlivedTokenMixin.TokenSchema):
            sub = fields.String(attribute="subject", validate=refuse_banned)

    class Dated(ShortlivedTokenMixin):
        token_type = "JWT"

        class TokenSchema(ShortlivedTokenMixin.TokenSchema):
            seen = UnixTimestamp(load_default=clock.now)

        def __init__(self, seen=None, **registered):
            super().__init__(**registered)
            self.seen = seen

    text = Checked(subject="ada").dump()
    for _ in range(2):
        assert Checked.verify(text).subject == "ada"
        assert Dated.verify(text).seen == time.now
        time.tick()
    banned.add("ada")
    assert refused(Checked, text) == "claims"
    assert len(verifications) == 2


def test_a_class_that_gets_another_schema_reads_tokens_anew(context, time, token_class):
    class Grown(token_class):
        pass

    text = Grown("ada", ["read"]).dump()
    assert Grown.verify(text).scopes == ["read"]

    class TokenSchema(token_class.TokenSchema):
        class Meta:
            exclude = ("scopes",)

    Grown.TokenSchema = TokenSchema
    assert Grown.verify(text).scopes == ()


def test_a_new_secret_forgets_the_tokens_of_the_old_one(app, time, token_class):
    with app.app_context():
        text = token_class("ada").dump()
        assert token_class.verify(text)
        old = app.config["SECRET_KEY"]
        app.config["SECRET_KEY"] = "another secret of at least 32 bytes"
        assert refused(token_class, text) == "signature"
        app.config["SECRET_KEY_FALLBACKS"] = [old]
        assert token_class.verify(text)
        app.config["SECRET_KEY_FALLBACKS"].clear()
        assert refused(token_class, text) == "signature"


def test_a_key_that_has_run_out_takes_its_tokens_with_it(
    app, time, token_class, secret
):
    new = "a new secret of thirty-two bytes and more"
    ring = KeyRing().add(secret, not_after=NOW + MINUTE).add(new, sign=False)
    app.config["TOKEN_AUTH_KEYS"] = ring
    with app.app_context():
        text = token_class("ada").dump()
        time.tick(59)
        assert token_class.verify(text)
        time.tick(1)
        assert refused(token_class, text) == "signature"


def test_what_one_accepts_another_may_not(app, time, token_class):
    class Other(token_class):
        token_type = "at+jwt"

    other = "another secret of at least 32 bytes"
    with app.app_context():
        text = token_class("ada", issuer="me", audience="shop").dump()
        for _ in range(2):
            assert token_class.verify(text, issuer="me", audience="shop")
            assert refused(token_class, text) == "audience"
            assert refused(token_class, text, audience="bank") == "audience"
            assert refused(token_class, text, issuer="you", audience="shop") == "issuer"
            assert refused(Other, text, audience="shop") == "type"
            assert (
                refused(token_class, text, secret=other, audience="shop") == "signature"
            )
        app.config["TOKEN_AUTH_REQUIRE"] = ["exp"]
        assert refused(token_class, text, audience="shop") == "missing_claim"


def test_a_revoked_session_ends_a_remembered_token(app, time, verifications):
    app.config["TOKEN_AUTH_CHECK_REVOCATION"] = True
    auth = TokenAuth(app, store=MemoryStore())

    @app.get("/member")
    @parse_auth_header(SessionToken, required=True)
    def view():
        return {"user": g.token.user_id}

    client = app.test_client()
    with app.app_context():
        grant = auth.sessions.start("ada")
    headers = {"Authorization": f"Bearer {grant.token}"}
    for _ in range(2):
        assert client.get("/member", headers=headers).status_code == 200
    assert len(verifications) == 1

    with app.app_context():
        auth.sessions.revoke(grant.session.id)
    assert client.get("/member", headers=headers).status_code == 401


def test_a_user_who_is_gone_is_refused_a_remembered_token(app, time, token_class):
    users = {"ada"}

    @app.get("/user")
    @parse_auth_header(
        token_class,
        load_user=lambda token: token.user_id if token.user_id in users else None,
        required=True,
    )
    def view():
        return {"user": g.user}

    client = app.test_client()
    with app.app_context():
        headers = {"Authorization": f"Bearer {token_class('ada').dump()}"}
    assert client.get("/user", headers=headers).json == {"user": "ada"}
    users.clear()
    assert client.get("/user", headers=headers).status_code == 401


def test_long_tokens_are_not_remembered(context, time, token_class):
    text = token_class("a" * 4000).dump()

    assert token_class.verify(text)
    assert len(current_state()._cache) == 0


def test_it_forgets_what_is_not_used():
    cache = VerifiedTokens(6)
    for number in range(3):
        cache.add(b"%d" % number, Verified(0, 0))
    for number in range(3, 100):
        assert cache.get(b"0") == Verified(0, 0)
        cache.add(b"%d" % number, Verified(0, 0))
        assert len(cache) <= 6

    assert cache.get(b"0") == Verified(0, 0)
    assert cache.get(b"1") is None


def test_it_stays_within_its_bound_and_memory(app, time, token_class):
    """Of any number of tokens it keeps its size, at most 1.6 KiB for each."""
    size = 1000
    app.config["TOKEN_AUTH_CACHE_SIZE"] = size
    with app.app_context():
        token = token_class(
            "", ["reports:read", "reports:write", "users:read"], expiry=NOW + MINUTE
        )
        token.subject = "0123456789abcdef0123456789abcdef"
        token_class.verify(token.dump())
        cache = current_state()._cache
        gc.collect()
        tracemalloc.start()
        try:
            for number in range(MANY):
                token.user_id = f"{number:032x}"
                token_class.verify(token.dump())
                if number % 100 == 0:
                    assert len(cache) <= size
            gc.collect()
            taken, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert size / 2 <= len(cache) <= size
    assert taken / len(cache) <= 1.6 * 1024


def test_threads_share_it(app, time, token_class):
    app.config["TOKEN_AUTH_CACHE_SIZE"] = 10
    wrong = []
    with app.app_context():
        texts = [token_class(f"user {number}").dump() for number in range(30)]

    def work(offset):
        with app.app_context():
            for number in range(600):
                index = (number * 7 + offset) % 30
                token = token_class.verify(texts[index])
                if token.user_id != f"user {index}" or len(current_state()._cache) > 10:
                    wrong.append(index)

    threads = [threading.Thread(target=work, args=[offset]) for offset in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
