import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from flask import Flask
from marshmallow import fields

from twopi_token_auth import ShortlivedTokenMixin, auth_required, parse_auth_header

SECRET = "thirty-two bytes, enough for all of HS256"
NOW = 1_800_000_000


class Badge(ShortlivedTokenMixin):
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
    monkeypatch.setattr("twopi_token_auth.tokens.time", clock)
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
