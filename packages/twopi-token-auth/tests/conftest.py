import base64
import hashlib
import hmac
import json
import os
from datetime import UTC, datetime

import pytest
from flask import Flask
from marshmallow import fields
from redis import Redis
from sqlalchemy import create_engine

from twopi_token_auth import (
    MemoryStore,
    ShortlivedTokenMixin,
    auth_required,
    parse_auth_header,
)
from twopi_token_auth.stores.redis import RedisStore
from twopi_token_auth.stores.sqlalchemy import SQLAlchemyStore

# Vectors that are not part of this project; see test_wycheproof.py.
collect_ignore = [] if "TWOPI_TEST_WYCHEPROOF" in os.environ else ["test_wycheproof.py"]

SECRET = "thirty-two bytes, enough for all of HS256"
NOW = 1_800_000_000


class Badge(ShortlivedTokenMixin):
    token_type = "JWT"  # so that tests can make tokens by other means

    class TokenSchema(ShortlivedTokenMixin.TokenSchema):
        uid = fields.String(attribute="user_id")
        scopes = fields.List(fields.String())

    def __init__(self, user_id, scopes=(), **registered):
        super().__init__(**registered)
        self.user_id = user_id
        self.scopes = scopes


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def date(self, offset=0):
        return datetime.fromtimestamp(self.now + offset, UTC)


@pytest.fixture(scope="session")
def secret():
    return SECRET


@pytest.fixture(scope="session")
def token_class():
    return Badge


@pytest.fixture
def clock(monkeypatch):
    """The clock of the tokens, standing still."""
    clock = Clock()
    monkeypatch.setattr("twopi_token_auth.clock.time", clock)
    return clock


@pytest.fixture
def app(token_class):
    app = Flask("tokens")
    app.config["SECRET_KEY"] = SECRET

    @app.get("/open")
    @parse_auth_header(token_class)
    def visitor():
        from flask import g

        return {"token": g.token and g.token.user_id, "raw": g.raw_token}

    @app.get("/closed")
    @parse_auth_header(token_class)
    @auth_required()
    def member():
        from flask import g

        return {"user": g.token.user_id}

    return app


@pytest.fixture
def context(app):
    with app.app_context():
        yield app


def segment(part):
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.fixture
def forge():
    """Make a token by hand: any header and payload, signed with HMAC."""

    def forge(header, payload, secret=SECRET, digest=hashlib.sha256):
        message = f"{segment(header)}.{segment(payload)}"
        key = secret if isinstance(secret, bytes) else secret.encode()
        signature = hmac.digest(key, message.encode(), digest)
        return f"{message}.{segment(signature)}"

    return forge


def open_database(url):
    engine = create_engine(url)
    store = SQLAlchemyStore(engine, table="twopi_token_auth_test")
    store.create_all()
    yield store
    if engine.dialect.name != "sqlite":
        store.metadata.drop_all(engine)
    engine.dispose()


def open_redis(url):
    with Redis.from_url(url) as client:
        prefix = "twopi-token-auth-test:"
        yield RedisStore(client, prefix=prefix)
        for key in client.scan_iter(match=f"{prefix}*"):
            client.delete(key)


@pytest.fixture(
    params=[
        "memory",
        "sqlite",
        pytest.param("POSTGRES", marks=pytest.mark.services),
        pytest.param("MARIADB", marks=pytest.mark.services),
        pytest.param("REDIS", marks=pytest.mark.services),
    ]
)
def store(request, tmp_path):
    """Every kind of store, empty for the users of this test."""
    if request.param == "memory":
        yield MemoryStore()
    elif request.param == "sqlite":
        yield from open_database(f"sqlite:///{tmp_path / 'sessions.db'}")
    else:
        url = os.environ[f"TWOPI_TEST_{request.param}_URL"]
        yield from (open_redis if request.param == "REDIS" else open_database)(url)
