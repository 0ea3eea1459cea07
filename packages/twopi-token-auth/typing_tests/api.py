from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

from flask import Flask, Response, jsonify
from marshmallow import fields
from redis import Redis
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from twopi_token_auth import (
    ConfigurationError,
    Grant,
    Identity,
    KeyRing,
    MemoryStore,
    RefreshSession,
    RemoteKeys,
    SessionError,
    SessionManager,
    SessionSettings,
    SessionStore,
    SessionToken,
    ShortlivedTokenMixin,
    StoreUnavailableError,
    TokenAuth,
    TokenError,
    auth_required,
    current_token,
    init_app,
    jwks_view,
    parse_auth_header,
    scopes_required,
)
from twopi_token_auth.signals import logged_in
from twopi_token_auth.stores.redis import RedisStore
from twopi_token_auth.stores.sqlalchemy import SQLAlchemyStore
from twopi_token_auth.testing import StoreContract


class App(Flask):
    pass


class Ticket(ShortlivedTokenMixin):
    class TokenSchema(ShortlivedTokenMixin.TokenSchema):
        uid = fields.String(attribute="user_id")

    algorithm = "HS512"

    def __init__(self, user_id: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user_id = user_id


class ApiKey:
    @classmethod
    def load(cls, token_string: str, secret: str | None) -> "ApiKey | None":
        return cls() if token_string == secret else None


app = init_app(App(__name__))
assert_type(app, App)

assert_type(Ticket("ada", datetime.now(UTC), audience=["api"]).dump(b"secret"), str)
assert_type(Ticket.load("text", "secret", issuer=["me", "you"]), Ticket | None)
assert_type(Ticket.from_refresh_token(object()), Ticket)
assert_type(current_token, Any)

try:
    assert_type(Ticket.verify("text", audience="api"), Ticket)
except TokenError as error:
    assert_type(error.expired, bool)
    refused_for_its_age: bool = error.code == "expired"
except ConfigurationError as error:
    assert_type(error.setting, str | None)


@app.get("/<int:number>")
@parse_auth_header(Ticket, query_string=False)
@auth_required()
@scopes_required("read", "write", any_of=True)
def view(number: int) -> Response:
    return jsonify(number)


assert_type(view(5), Response)


@parse_auth_header(ApiKey, secret="secret")
async def machine() -> str:
    return "in"


ring = KeyRing("secret", algorithms=["HS512"]).add(b"older", kid="1", sign=False)
assert_type(ring, KeyRing)
assert_type(KeyRing.from_pem(Path("key.pem"), "key.pem"), KeyRing)
assert_type(ring.current.kid, str | None)
assert_type(ring.public_jwks(), dict[str, list[dict[str, Any]]])
remote = RemoteKeys("https://login.example/jwks", issuer="https://login.example")
assert_type(Ticket("ada").dump(ring), str)
assert_type(Ticket.load("text", remote), Ticket | None)
app.add_url_rule("/.well-known/jwks.json", view_func=jwks_view)


def load_user(token: Ticket) -> str:
    return token.user_id


@parse_auth_header(Ticket, secret=remote, cookie="access", load_user=load_user)
@auth_required(fresh=timedelta(minutes=5))
def recent() -> str:
    return "in"


assert_type(recent(), str)

store: SessionStore = MemoryStore(max_sessions=5)
databases: list[SessionStore] = [
    SQLAlchemyStore(create_engine("sqlite://"), table="logins"),
    SQLAlchemyStore(sessionmaker(create_engine("sqlite://"))),
    RedisStore(Redis(), prefix="mine:"),
]


def authenticate(username: str, password: str) -> Identity | None:
    return Identity(username, ["read"]) if password else None


auth = TokenAuth(None, SessionToken, store=store, authenticate=authenticate)
assert_type(auth.init_app(app), App)
app.register_blueprint(auth.blueprint(url_prefix="/auth"))
grant = auth.sessions.start(5, ["read"], {"tenant": 5}, "phone", ip="::1")
assert_type(grant, Grant)
assert_type(grant.session, RefreshSession)
assert_type(grant.session.scopes, tuple[str, ...])
assert_type(auth.sessions.revoke_all("ada", keep=grant.session.id), int)
try:
    assert_type(auth.sessions.renew("text").expires_in, int | None)
except SessionError as error:
    stolen: bool = error.code == "reused"
except StoreUnavailableError:
    pass


@logged_in.connect
def greet(sender: Flask, session: RefreshSession) -> None: ...


class TestMyStore(StoreContract):
    def make_store(self) -> SessionStore:
        return MemoryStore()


alone = SessionManager(
    MemoryStore(),
    Ticket,
    secrets=lambda: ["secret"],
    settings=SessionSettings(rotate=False),
)
