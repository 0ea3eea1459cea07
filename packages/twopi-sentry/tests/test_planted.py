"""Secrets planted wherever an application has them, in each kind of envelope."""

import collections
import dataclasses
import json
import os
import secrets
import sys
import types
import uuid
from typing import NamedTuple
from urllib.parse import quote

import attrs
import flask
import pydantic
import pytest
import sentry_sdk
import sqlalchemy as sa
from flask import Flask
from sentry_sdk.consts import DEFAULT_OPTIONS
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from twopi_config import Secret, Settings
from twopi_sentry import inject_sentry

LOGS = {"enable_logs": True} if "enable_logs" in DEFAULT_OPTIONS else {}


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    password: Mapped[str]


@dataclasses.dataclass
class Data:
    api_token: str


@attrs.define
class Slots:
    api_token: str


class Model(pydantic.BaseModel):
    api_token: str
    card: pydantic.SecretStr


class Plain:
    def __init__(self, value):
        self.inner = {"credentials": [value]}


class Declared(Settings):
    stripe: Secret


class ApiError(Exception):
    def __init__(self, value):
        super().__init__("refused")
        self.session_token = value


class Row(NamedTuple):
    id: int
    password: str


def new_secret(*, odd=True):
    return f"Zq{secrets.token_hex(8)}" + ("/+ é&\"'\\<z" if odd else "z")


def entity(value):
    return User(id=1, password=value)


def row(value):
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        found = connection.execute(sa.select(sa.literal(value).label("password"))).one()
    engine.dispose()
    return found


VARIABLES = {
    "password": lambda s: {"password": s},
    "nested": lambda s: {"conf": {"db": {"password": s}}},
    "pair": lambda s: {"pairs": [("x-api-key", s)]},
    "name and value": lambda s: {"field": {"name": "password", "value": s}},
    "dataclass": lambda s: {"a": Data(s)},
    "attrs": lambda s: {"b": Slots(s)},
    "pydantic": lambda s: {"c": Model(api_token=s, card="other")},
    "secret str": lambda s: {"d": Model(api_token="other", card=s)},
    "entity": lambda s: {"e": entity(s)},
    "row": lambda s: {"f": row(s)},
    "namedtuple": lambda s: {"h": Row(1, s)},
    "user dict": lambda s: {"i": collections.UserDict(password=s)},
    "mapping proxy": lambda s: {"j": types.MappingProxyType({"password": s})},
    "deque": lambda s: {"tokens_of": 1, "k": {"tokens": collections.deque([s])}},
    "bytes": lambda s: {"l": {"password": s.encode()}},
    "bytearray": lambda s: {"m": {"password": bytearray(s.encode())}},
    "memoryview": lambda s: {"n": {"password": memoryview(s.encode())}},
    "secret": lambda s: {"o": Secret(s)},
    "attribute": lambda s: {"p": Plain(s)},
    "error": lambda s: {"q": ApiError(s)},
    "set": lambda s: {"r": {"tokens": {s}}},
    "url": lambda s: {"t": f"mysql://me:{quote(s, safe='')}@db/x"},
    "query": lambda s: {"u": f"/callback?access_token={quote(s, safe='')}"},
}
CONFIG = {
    "SECRET_KEY": str,
    "MAIL_PASSWORD": str,
    "SECRET_KEY_FALLBACKS": lambda s: [s],
    "TOKEN_AUTH_KEYS": lambda s: {"k1": s},
    "SQLALCHEMY_BINDS": lambda s: {"users": f"postgresql://u:{quote(s, safe='')}@h/d"},
    "SQLALCHEMY_ENGINE_OPTIONS": lambda s: {"connect_args": {"password": s}},
    "CELERY": lambda s: {"broker_url": [f"amqp://u:{quote(s, safe='')}@h//"]},
    "ODBC": lambda s: f"Driver=x;Server=h;UID=u;PWD={{{s}}};",
    "SEARCH": Secret,
}
HEADERS = {
    "authorization": lambda s: ("Authorization", f"Bearer {s}"),
    "key": lambda s: ("X-Api-Key", s),
    "session": lambda s: ("X-Session", s),
    "csrf": lambda s: ("X-CSRFToken", s),
    "cookie": lambda s: ("Cookie", f"lang=en; id={s}"),
    "referer": lambda s: ("Referer", f"https://x.example/?a=1&token={s}"),
}
QUERY = ["token", "access_token", "apiKey", "signature"]
BODY = {
    "body password": lambda s: {"password": s},
    "body nested": lambda s: {"a": [{"refreshToken": s}]},
    "body list": lambda s: {"passwords": ["others", [s]]},
    "body pair": lambda s: {"b": [["api_key", s]]},
    "body field": lambda s: {"c": [{"name": "otp", "value": s}]},
    "body key": lambda s: {"PRIVATE_KEY": s},
}
SHAPES = {
    "github": lambda s: f"ghp_{s.replace('z', '0')}abcdef",
    "stripe": lambda s: f"sk_live_{s}",
    "aws": lambda s: f"AKIA{s.upper()}",
    "slack": lambda s: f"xoxb-1234-{s}",
    "pem": lambda s: f"-----BEGIN PRIVATE KEY-----\n{s}\n-----END PRIVATE KEY-----",
    "jwt": lambda s: f"eyJhbGciOiJIUzI1NiJ9.{s}.{s}",
    "bcrypt": lambda s: f"$2b$12${s}{'a1B2' * 9}",
    "argon2": lambda s: f"$argon2id$v=19$m=65536,t=3,p=4$c2FsdA${s}",
    "named": lambda s: f"token={s}",
    "json": lambda s: json.dumps({"password": s}),
    "bearer": lambda s: f"Bearer {s}",
    "dsn": lambda s: f"redis://:{s}@cache/0",
}
OTHERS = ["g", "flask session", "environment", "argument", "uuid", "declared", "later"]
COUNT = sum(map(len, (VARIABLES, CONFIG, HEADERS, QUERY, BODY, SHAPES, OTHERS)))


def show_error(texts):
    sentry_sdk.set_extra("x", {"seen": texts})
    sentry_sdk.add_breadcrumb(message=" ".join(texts), data={"x": texts})
    try:
        raise RuntimeError(f"failed for {texts}")  # noqa: TRY301
    except RuntimeError:
        sentry_sdk.capture_exception()


def show_span(texts):
    with sentry_sdk.start_span(op="x", name=" ".join(texts)) as span:
        span.set_data("seen", texts)


def show_log(texts):
    sentry_sdk.logger.error("seen {x}", x=texts[0], attributes={"y": " ".join(texts)})


def show_metric(texts):
    sentry_sdk.metrics.count("n", 1, attributes={"seen": " ".join(texts)})


def show_check_in(texts):
    sentry_sdk.crons.capture_checkin("slug", status="ok", monitor_config={"x": texts})


def show_attachment(texts):
    scope = sentry_sdk.get_isolation_scope()
    scope.add_attachment(bytes="\n".join(texts).encode(), filename="seen.txt")
    scope.add_attachment(bytes=b"\xff" + "\n".join(texts).encode(), filename="b.bin")
    sentry_sdk.capture_message("see there")


def show_feedback(texts):
    feedback = {"message": " ".join(texts), "contact_email": "ada@shop.example"}
    event = {"type": "feedback", "contexts": {"feedback": feedback}}
    sentry_sdk.capture_event(event)


KINDS = {
    "event": show_error,
    "transaction": show_span,
    "check_in": show_check_in,
    "attachment": show_attachment,
    "feedback": show_feedback,
}
if LOGS:
    KINDS["log"] = show_log
if hasattr(getattr(sentry_sdk, "metrics", None), "count"):
    KINDS["trace_metric"] = show_metric


@pytest.fixture(name="planted")
def secrets_by_place(monkeypatch):
    odd = dict.fromkeys((*VARIABLES, *CONFIG, *QUERY, *BODY, *OTHERS), True)
    plain = dict.fromkeys((*HEADERS, *SHAPES), False)
    planted = {name: new_secret(odd=each) for name, each in (odd | plain).items()}
    planted["uuid"] = str(uuid.uuid4())
    planted["aws"] = planted["aws"].upper()
    planted["github"] = planted["github"].replace("z", "0")
    planted["ODBC"] = new_secret(odd=False)
    monkeypatch.setenv("BORG_PASSPHRASE", planted["environment"])
    argv = ["serve", "--api-token", planted["argument"]]
    monkeypatch.setattr(sys, "argv", argv)
    return planted


@pytest.mark.parametrize("kind", KINDS)
def test_no_planted_secret_leaves(kind, planted, recording, dsn):
    assert COUNT >= 60
    app = Flask("shop")
    app.config.update({name: make(planted[name]) for name, make in CONFIG.items()})
    app.config["SENTRY_DSN"] = dsn
    client = inject_sentry(app, transport=recording, traces_sample_rate=1.0, **LOGS)
    app.config["STRIPE_SECRET_KEY"] = planted["later"]
    app.extensions["twopi_config"] = Declared(stripe=Secret(planted["declared"]))
    texts = [make(planted[name]) for name, make in SHAPES.items()]
    texts += [each for name, each in planted.items() if name not in SHAPES]
    texts += [quote(each, safe="") for each in texts]
    texts += [json.dumps(each) for each in texts[: len(texts) // 2]]

    @app.post("/<token>")
    def view(token):
        flask.g.raw_token = planted["g"]
        flask.session["api_token"] = planted["flask session"]
        names = {}
        for name, make in VARIABLES.items():
            names |= make(planted[name])
        assert os.environ["BORG_PASSPHRASE"] == planted["environment"]
        token = uuid.UUID(token)
        lines = "\n    ".join(f"{name} = names[{name!r}]" for name in names)
        scope = {"names": names, "show": KINDS[kind], "texts": texts}
        exec(f"def run():\n    {lines}\n    show(texts)", scope)
        scope["run"]()
        return str(token)

    body = {}
    for name, make in BODY.items():
        body |= make(planted[name])
    app.test_client(use_cookies=False).post(
        f"/{planted['uuid']}",
        query_string={name: planted[name] for name in QUERY},
        json=body,
        headers=[make(planted[name]) for name, make in HEADERS.items()],
    )
    client.flush()

    assert {"feedback": "event"}.get(kind, kind) in {*recording.kinds()}
    assert recording.leaked(planted) == []
    assert recording.leaks("values were left out") == []
