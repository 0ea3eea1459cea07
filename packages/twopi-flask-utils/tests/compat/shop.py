"""An application as it was written for 1.x, with each of its documented features."""

import datetime
import random
import string
import uuid

from flask import Flask, abort, current_app, g, jsonify, request
from flask_restful import Api, Resource
from marshmallow import Schema, fields
from sqlalchemy import Column, Integer, String, create_engine
from sqlalchemy.orm import scoped_session, sessionmaker
from sqlalchemy.pool import StaticPool
from webargs import ValidationError

from twopi_flask_utils.celery import create_celery, create_db_session
from twopi_flask_utils.config import build_url
from twopi_flask_utils.deployment_release import get_release
from twopi_flask_utils.pagination import paginated
from twopi_flask_utils.restful import (
    ExpectedJSONException,
    format_error,
    get_and_expect_json,
    output_json,
)
from twopi_flask_utils.token_auth import (
    ShortlivedTokenMixin,
    auth_required,
    parse_auth_header,
)
from twopi_flask_utils.webargs import (
    handle_validation_error,
    parser,
    use_args,
    use_kwargs,
)

try:
    from sqlalchemy.orm import declarative_base
except ImportError:
    from sqlalchemy.ext.declarative import declarative_base

Base = declarative_base()
UTC = datetime.timezone.utc


class Article(Base):
    __tablename__ = "article"
    id = Column(Integer, primary_key=True)
    name = Column(String(40))
    stock = Column(Integer)


class ArticleSchema(Schema):
    id = fields.Integer()
    name = fields.String()
    stock = fields.Integer()


class ShortlivedToken(ShortlivedTokenMixin):
    class TokenSchema(ShortlivedTokenMixin.TokenSchema):
        rfid = fields.String(attribute="refresh_token_id")
        user_id = fields.String(attribute="user_id")
        scopes = fields.List(fields.String(), attribute="scopes")

    def __init__(self, refresh_token_id, user_id, scopes, *args, **kwargs):
        super(ShortlivedToken, self).__init__(*args, **kwargs)
        self.refresh_token_id = refresh_token_id
        self.user_id = user_id
        self.scopes = scopes

    @classmethod
    def from_refresh_token(cls, refresh_token):
        return cls(
            refresh_token_id=refresh_token.id,
            user_id=refresh_token.user_id,
            scopes=refresh_token.scopes,
            expiry=datetime.datetime.now(UTC)
            + current_app.config["SHORT_LIVED_TOKEN_EXPIRY"],
        )


class RefreshToken(object):
    def __init__(self, user_id, scopes):
        self.id = uuid.uuid4().hex
        self.user_id = user_id
        self.scopes = scopes
        self.token = "".join(random.choice(string.ascii_letters) for _ in range(80))


class Config(object):
    CELERY_BROKER_URL = build_url("redis://localhost:6379/0", scheme="memory", path="/")
    CELERY_RESULT_BACKEND = "cache+memory://"
    SQLALCHEMY_DATABASE_URI = "sqlite://"
    SQLALCHEMY_POOL_RECYCLE = 3600


ARTICLE = {
    "name": fields.String(required=True),
    "stock": fields.Integer(required=True, validate=lambda stock: stock >= 0),
}


def create_app(**config):
    app = Flask("shop")
    app.config.update(
        SECRET_KEY="a secret of 32 letters and more: ",
        SHORT_LIVED_TOKEN_EXPIRY=datetime.timedelta(hours=1),
    )
    app.config.update(config)
    app.version = get_release()
    app.errorhandler(ValidationError)(handle_validation_error)
    app.errorhandler(ExpectedJSONException)(ExpectedJSONException.handle)
    app.engine = create_engine(
        "sqlite://",
        poolclass=StaticPool,
        connect_args={"check_same_thread": False},
    )
    Base.metadata.create_all(app.engine)
    app.db = scoped_session(sessionmaker(bind=app.engine))
    add_login(app)
    add_views(app)
    add_articles(app)
    return app


def add_login(app):
    refresh_tokens = []

    def find(**wanted):
        for refresh_token in refresh_tokens:
            if vars(refresh_token).items() >= wanted.items():
                return refresh_token
        return abort(401)

    @app.route("/login", methods=["POST"])
    def login():
        if request.form.get("password") != "test":
            abort(401)
        refresh_token = RefreshToken(request.form.get("username"), ["buy"])
        refresh_tokens.append(refresh_token)
        token = ShortlivedToken.from_refresh_token(refresh_token)
        app.logger.debug("Generated token with payload: {}".format(token))
        return jsonify(token=token.dump(), refreshToken=refresh_token.token)

    @app.route("/renew", methods=["POST"])
    def renew():
        refresh_token = find(token=request.form.get("refreshToken"))
        return jsonify(token=ShortlivedToken.from_refresh_token(refresh_token).dump())

    @app.route("/logout", methods=["POST"])
    @parse_auth_header(ShortlivedToken)
    @auth_required()
    def logout():
        refresh_tokens.remove(find(id=g.token.refresh_token_id))
        return jsonify(status="success")


def add_views(app):
    @app.route("/whoami")
    @parse_auth_header(ShortlivedToken)
    def whoami():
        return jsonify(user=g.token and g.token.user_id, token=bool(g.raw_token))

    @app.route("/protected", methods=["GET", "POST"])
    @parse_auth_header(ShortlivedToken)
    @auth_required()
    def protected():
        return "Welcome, {}".format(g.token.user_id)

    @app.route("/search", methods=["GET", "POST"])
    @use_args({"q": fields.String(required=True), "tags": fields.List(fields.String())})
    def search(args):
        return jsonify(args)

    @app.route("/sum", methods=["GET", "POST"])
    @use_kwargs(
        {"a": fields.Integer(required=True), "b": fields.Integer(required=True)}
    )
    def add(a, b):
        return jsonify(sum=a + b)

    @app.route("/taken", methods=["POST"])
    def taken():
        args = parser.parse({"name": fields.String(required=True)}, request)
        if args["name"] == "ada":
            raise ValidationError("taken", status_code=409)
        return jsonify(args)

    @app.route("/plain")
    def plain():
        return jsonify(format_error("no")), 400


def add_articles(app):
    api = Api(app)
    api.representations["application/json"] = output_json

    class Guarded(Resource):
        method_decorators = [auth_required(), parse_auth_header(ShortlivedToken)]

        def find(self, key):
            return app.db.query(Article).filter_by(id=key).first() or abort(404)

    class Articles(Guarded):
        def get(self):
            found = app.db.query(Article).order_by(Article.id)
            page = paginated(found, ArticleSchema).data
            return page if "page" in request.args else page["items"]

        @use_kwargs(ARTICLE)
        def post(self, name, stock):
            article = Article(name=name, stock=stock)
            app.db.add(article)
            app.db.commit()
            return {"id": article.id, "name": name, "stock": stock}

    class OneArticle(Guarded):
        def get(self, key):
            article = self.find(key)
            return {"id": key, "name": article.name, "stock": article.stock}

        @use_args(ARTICLE)
        def put(self, args, key):
            article = self.find(key)
            article.name, article.stock = args["name"], args["stock"]
            app.db.commit()
            return dict(args, id=key)

        def delete(self, key):
            if "buy" not in g.token.scopes:
                return "You may not.", 403
            app.db.delete(self.find(key))
            app.db.commit()
            return "Gone."

    class Echo(Resource):
        def post(self):
            return get_and_expect_json()

    class Text(Resource):
        def get(self, code):
            return "text", code

    api.add_resource(Articles, "/articles")
    api.add_resource(OneArticle, "/articles/<int:key>")
    api.add_resource(Echo, "/echo")
    api.add_resource(Text, "/text/<int:code>")


def create_worker():
    celery = create_celery("shop", Config)
    celery.conf.task_always_eager = True
    db = create_db_session(celery)

    @celery.task(shared=False)
    def count(numbers):
        return [len(numbers), celery.version == get_release()]

    return celery, db, count
