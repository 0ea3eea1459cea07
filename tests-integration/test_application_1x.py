"""An application written for twopi-flask-utils 1.x, by its import paths, unchanged.

It runs in production mode (neither TESTING nor DEBUG), where 1.x itself answered 500
to a bad request inside a flask-restful Resource.
"""

import datetime as dt
import secrets
import unittest

import pytest
from flask import Flask, abort, current_app, g, jsonify, request
from flask_restful import Api, Resource
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

from twopi_flask_utils.celery import create_celery, create_db_session
from twopi_flask_utils.config import build_url
from twopi_flask_utils.deployment_release import get_release
from twopi_flask_utils.pagination import paginated
from twopi_flask_utils.restful import (
    ExpectedJSONException,
    get_and_expect_json,
    output_json,
)
from twopi_flask_utils.sentry import inject_sentry
from twopi_flask_utils.testing import (
    CRUDTestHelper,
    PrivilegeTestHelper,
)
from twopi_flask_utils.token_auth import (
    ShortlivedTokenMixin,
    auth_required,
    parse_auth_header,
)
from twopi_flask_utils.webargs import BetterFlaskParser, handle_validation_error


class AccessToken(ShortlivedTokenMixin):
    class TokenSchema(ShortlivedTokenMixin.TokenSchema):
        grant = fields.String(attribute="grant_id")
        who = fields.String(attribute="user_name")
        roles = fields.List(fields.String(), attribute="roles")

    def __init__(self, grant_id, user_name, roles, *args, **kwargs):
        super(AccessToken, self).__init__(*args, **kwargs)  # noqa: UP008 - as in 1.x
        self.grant_id = grant_id
        self.user_name = user_name
        self.roles = roles

    @classmethod
    def from_refresh_token(cls, refresh_token):
        lifetime = current_app.config["SHORT_LIVED_TOKEN_EXPIRY"]
        now = dt.datetime.now(dt.UTC)
        return cls(
            grant_id=refresh_token["id"],
            user_name=refresh_token["user"],
            roles=refresh_token["roles"],
            expiry=now + lifetime,
        )


class Base(DeclarativeBase):
    pass


class Plant(Base):
    __tablename__ = "plant"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    height: Mapped[int]


class PlantSchema(Schema):
    id = fields.Integer(dump_only=True)
    name = fields.String(required=True, validate=validate.Length(1, 40))
    height = fields.Integer(required=True, validate=validate.Range(0, 100))


class TwoQuotes(Resource):
    """Answer a string: `message` when all is well, `_errors` when not."""

    def get(self, code):
        return "as you wish", code


class Echo(Resource):
    def post(self):
        return get_and_expect_json()


def plants(db, parser):
    def find(plant_id):
        plant = db.get(Plant, plant_id)
        return plant or abort(404)

    class Plants(Resource):
        method_decorators = (auth_required(), parse_auth_header(AccessToken))

        def get(self):
            return paginated(db.query(Plant).order_by(Plant.id), PlantSchema).data

        def post(self):
            values = parser.parse(PlantSchema(), request)
            plant = Plant(**values)
            db.add(plant)
            db.commit()
            return PlantSchema().dump(plant), 201

    class OnePlant(Resource):
        method_decorators = (auth_required(), parse_auth_header(AccessToken))

        def get(self, plant_id):
            return PlantSchema().dump(find(plant_id))

        def put(self, plant_id):
            plant = find(plant_id)
            for name, value in parser.parse(PlantSchema(), request).items():
                setattr(plant, name, value)
            db.commit()
            return PlantSchema().dump(plant)

        def delete(self, plant_id):
            if "gardener" not in g.token.roles:
                abort(403)
            db.delete(find(plant_id))
            db.commit()
            return "", 204

    return Plants, OnePlant


def create_app(db):
    app = Flask(__name__)
    app.config["SECRET_KEY"] = secrets.token_hex(32)
    app.config["SHORT_LIVED_TOKEN_EXPIRY"] = dt.timedelta(minutes=5)
    app.errorhandler(ValidationError)(handle_validation_error)
    app.errorhandler(ExpectedJSONException)(ExpectedJSONException.handle)
    api = Api(app)
    api.representations["application/json"] = output_json
    grants = {}

    @app.post("/login")
    def login():
        if request.form.get("password") != "open sesame":
            abort(401)
        grant = {
            "id": secrets.token_hex(8),
            "user": request.form["username"],
            "roles": request.form.getlist("role"),
        }
        renewal = secrets.token_urlsafe(60)
        grants[renewal] = grant
        token = AccessToken.from_refresh_token(grant)
        return jsonify(token=token.dump(), refreshToken=renewal)

    @app.post("/renew")
    def renew():
        grant = grants.get(request.form.get("refreshToken")) or abort(401)
        return jsonify(token=AccessToken.from_refresh_token(grant).dump())

    @app.post("/logout")
    @parse_auth_header(AccessToken)
    @auth_required()
    def logout():
        for renewal, grant in list(grants.items()):
            if grant["id"] == g.token.grant_id:
                del grants[renewal]
                return jsonify(status="success")
        return abort(401)

    @app.post("/protected")
    @parse_auth_header(AccessToken)
    @auth_required()
    def protected():
        return f"Welcome, {g.token.user_name}"

    @app.post("/plain")
    def plain():
        values = BetterFlaskParser().parse(PlantSchema(), request)
        return jsonify(values)

    @app.post("/plain-echo")
    def plain_echo():
        return jsonify(get_and_expect_json())

    many, one = plants(db, BetterFlaskParser())
    api.add_resource(many, "/plants")
    api.add_resource(one, "/plants/<int:plant_id>")
    api.add_resource(TwoQuotes, "/quotes/<int:code>")
    api.add_resource(Echo, "/echo")
    inject_sentry(app)
    return app


@pytest.fixture
def db():
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def client(db):
    return create_app(db).test_client()


def login(client, *roles):
    form = {"username": "wanda", "password": "open sesame", "role": list(roles)}
    return client.post("/login", data=form).json


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_login_renew_logout(client):
    first = login(client)
    headers = bearer(first["token"])

    assert client.post("/protected").status_code == 401
    assert client.post("/protected", headers=headers).text == "Welcome, wanda"
    assert client.post(f"/protected?token={first['token']}").status_code == 200
    form = {"refreshToken": first["refreshToken"]}
    renewed = bearer(client.post("/renew", data=form).json["token"])
    assert client.post("/protected", headers=renewed).status_code == 200
    assert client.post("/logout", headers=headers).json == {"status": "success"}
    assert client.post("/logout", headers=headers).status_code == 401
    assert client.post("/renew", data=form).status_code == 401
    assert client.post("/protected", headers=headers).status_code == 200


def test_refusals_have_one_shape(client):
    missing = client.get("/plants")
    bad = client.get("/plants", headers=bearer("abc"))

    for answer in (missing, bad, client.post("/protected", headers=bearer("abc"))):
        assert answer.status_code == 401
        assert list(answer.json) == ["_errors"]
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'{"height": 1}'])
def test_resource_and_plain_view_answer_alike(client, body):
    headers = bearer(login(client)["token"])
    for resource, plain in [("/plants", "/plain"), ("/echo", "/plain-echo")]:
        arguments = {"data": body, "content_type": "application/json"}
        inside = client.post(resource, headers=headers, **arguments)
        outside = client.post(plain, **arguments)

        assert inside.status_code == outside.status_code
        assert inside.status_code < 500
        assert inside.json == outside.json


def test_strings_and_errors_of_resources(client):
    assert client.get("/quotes/200").json == {"message": "as you wish"}
    assert client.get("/quotes/409").json == {"_errors": ["as you wish"]}
    token = login(client, "visitor")["token"]
    headers = bearer(token)
    rose = {"name": "rose", "height": 1}
    plant = client.post("/plants", json=rose, headers=headers).json
    refused = client.delete(f"/plants/{plant['id']}", headers=headers)

    assert refused.status_code == 403
    assert [*refused.json] == ["_errors"]


def test_pages(client, db):
    db.add_all(Plant(name=f"plant {n}", height=n) for n in range(45))
    db.commit()
    headers = bearer(login(client)["token"])
    seen, offset = [], 0
    while True:
        page = client.get(f"/plants?offset={offset}&limit=20", headers=headers).json
        assert set(page) == {"offset", "limit", "items", "totalItems"}
        assert page["totalItems"] == 45
        if not page["items"]:
            break
        seen += [item["height"] for item in page["items"]]
        offset += page["limit"]

    assert seen == list(range(45))
    assert client.get("/plants?limit=-1", headers=headers).status_code == 422


class Suite(CRUDTestHelper, PrivilegeTestHelper, unittest.TestCase):
    def setUp(self):
        self.engine = create_engine("sqlite://", poolclass=StaticPool)
        Base.metadata.create_all(self.engine)
        self.addCleanup(self.engine.dispose)
        session = Session(self.engine)
        self.addCleanup(session.close)
        self.client = create_app(session).test_client()
        token = login(self.client, "gardener")["token"]
        self.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"

    def test_crud(self):
        self.do_crud_test(
            "/plants",
            data_1={"name": "ivy", "height": 3},
            data_2={"name": "ivy", "height": 9},
            check_keys=["name", "height"],
            keys_from_prev=["id"],
        )

    def test_crud_fails_when_the_application_is_broken(self):
        with pytest.raises(AssertionError, match="/plants"):
            self.do_crud_test("/plants", data_1={"name": ""}, data_2={"name": ""})

    def test_privileges(self):
        plant = self.client.post("/plants", json={"name": "oak", "height": 50}).json
        self.do_test_privileges(
            "/plants",
            {"name": "elm", "height": 2},
            plant["id"],
            {"plural-get": 200, "get": 200, "post": 201, "put": 200, "delete": 204},
        )


def test_background(tmp_path):
    class Settings:
        CELERY_BROKER_URL = build_url("memory://broker", path="/tasks")
        CELERY_TASK_ALWAYS_EAGER = True
        SQLALCHEMY_DATABASE_URI = f"sqlite:///{tmp_path}/plants.db"
        SQLALCHEMY_POOL_RECYCLE = 3600

    celery = create_celery("plants", Settings)
    db = create_db_session(celery)
    Base.metadata.create_all(db.get_bind())

    @celery.task
    def sow(count):
        db.add_all(Plant(name="seed", height=0) for _ in range(count))
        db.commit()
        return len(db.scalars(select(Plant)).all())

    assert sow.delay(3).get() == 3
    assert get_release() == "__UNKNOWN__"
    db.remove()
    db.get_bind().dispose()
