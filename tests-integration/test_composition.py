"""The packages in one application, wired by their `init_app`s, in production mode."""

import itertools

import pytest
from flask import Flask
from flask_restful import Api, Resource, abort
from marshmallow import Schema, fields
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

import twopi_restful
import twopi_webargs
from twopi_pagination import paginated
from twopi_token_auth import (
    MemoryStore,
    SessionError,
    ShortlivedTokenMixin,
    TokenAuth,
    auth_required,
    parse_auth_header,
    scopes_required,
)
from twopi_webargs import use_kwargs

numbers = Table("numbers", MetaData(), Column("number", Integer, primary_key=True))


class Number(Schema):
    number = fields.Integer(required=True)


class Pass(ShortlivedTokenMixin):
    class TokenSchema(ShortlivedTokenMixin.TokenSchema):
        scopes = fields.List(fields.String())

    def __init__(self, scopes=(), **claims):
        super().__init__(**claims)
        self.scopes = scopes


def wire_restful(app, api):
    twopi_restful.init_app(app, api)


def wire_webargs(app, api):
    twopi_webargs.init_app(app)


def wire_token_auth(app, api):
    TokenAuth(app, store=MemoryStore())


WIRES = [wire_restful, wire_webargs, wire_token_auth]


@pytest.fixture(
    params=itertools.permutations(WIRES), ids=lambda order: order[0].__name__
)
def client(request):
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "a text of more than thirty-two characters"
    api = Api(app)
    engine = create_engine("sqlite://", poolclass=StaticPool)
    numbers.metadata.create_all(engine)

    def page():
        with Session(engine) as session:
            ordered = select(numbers).order_by(numbers.c.number)
            return paginated(ordered, Number, session=session).data

    def load():
        return Number().load({"number": "hunter2", "password": "hunter2"})

    def broken():
        raise RuntimeError("hunter2")

    def ended():
        raise SessionError("revoked", session_id="hunter2")

    views = {
        "page": page,
        "load": load,
        "abort": lambda: abort(409, message="Taken.", seat=4),
        "broken": broken,
        "ended": ended,
        "scopes": parse_auth_header(Pass)(scopes_required("write")(dict)),
        "private": parse_auth_header(Pass)(auth_required()(dict)),
        "arguments": use_kwargs({"number": fields.Integer()}, location="query")(dict),
    }
    for name, view in views.items():
        app.add_url_rule(f"/plain/{name}", f"plain-{name}", view)
        methods = {"get": lambda self, view=view: view()}
        resource = type(name.title(), (Resource,), methods)
        api.add_resource(resource, f"/resource/{name}", endpoint=f"resource-{name}")
    for wire in request.param:
        wire(app, api)
    with app.app_context():
        app.token = Pass(["read"]).dump()
    yield app.test_client()
    engine.dispose()


def answers(client, path, **headers):
    """Return what plain view and Resource answer, which has to be the same."""
    plain = client.get(f"/plain/{path}", headers=headers)
    resource = client.get(f"/resource/{path}", headers=headers)

    assert plain.status_code == resource.status_code
    assert plain.data == resource.data
    assert b"hunter2" not in plain.data
    assert plain.headers.get("WWW-Authenticate") == resource.headers.get(
        "WWW-Authenticate"
    )
    return plain


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("page?limit=hunter2", 422, {"query"}),
        ("arguments?number=hunter2", 422, {"query"}),
        ("load", 422, {"json"}),
        ("abort", 409, {"_errors", "seat"}),
        ("broken", 500, {"_errors"}),
        ("ended", 401, {"_errors"}),
        ("private", 401, {"_errors"}),
        ("private?token=hunter2", 401, {"_errors"}),
        ("nowhere", 404, {"_errors"}),
    ],
)
def test_plain_view_and_resource_refuse_alike(client, path, status, body):
    answer = answers(client, path)

    assert answer.status_code == status
    assert set(answer.json) == body


def test_a_token_opens_what_its_scopes_allow(client):
    bearer = f"Bearer {client.application.token}"

    assert answers(client, "private", Authorization=bearer).status_code == 200
    refused = answers(client, "scopes", Authorization=bearer)
    assert refused.status_code == 403
    assert "insufficient_scope" in refused.headers["WWW-Authenticate"]
