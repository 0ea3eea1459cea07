"""Ways of 1.x are named once, and never stop an application."""

import warnings
from contextlib import suppress

import pytest
from celery import Celery
from flask import Flask, jsonify
from marshmallow import Schema, fields
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

from twopi_flask_utils.celery import create_db_session
from twopi_flask_utils.pagination import paginated
from twopi_flask_utils.webargs import BetterFlaskParser, use_args


def warned(action):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        action()
    return [(each.category, str(each.message), each.filename) for each in found]


def test_the_modern_way_is_named_once_where_it_is_needed():
    [(category, message, place)] = warned(
        lambda: [use_args({"n": fields.Integer()}) for _ in range(3)]
    )

    assert category is DeprecationWarning
    assert message == (
        "twopi_flask_utils: webargs without location= is the way of 1.x; use "
        'twopi_webargs with location="query", "form" or "json"'
    )
    assert place == __file__


def test_the_modern_way_itself_tells_nothing():
    use = BetterFlaskParser(location="query").use_args

    assert warned(lambda: use_args({"n": fields.Integer()}, location="form")) == []
    assert warned(lambda: use({"n": fields.Integer()})) == []


def test_a_filter_that_makes_errors_of_warnings_stops_nothing(caplog):
    app = Flask(__name__)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        app.get("/")(use_args({"n": fields.Integer()})(jsonify))
        assert app.test_client().get("/?n=1").json == {"n": 1}

    [record] = caplog.records
    assert (record.name, record.levelname) == ("twopi_flask_utils", "WARNING")
    assert "use twopi_webargs with location=" in record.message


def test_a_postgres_url_is_one_of_today():
    celery = Celery("shop", set_as_current=False)
    celery.conf.update(SQLALCHEMY_DATABASE_URI="postgres://u:p@127.0.0.1:1/postgres")

    def create():
        with suppress(ModuleNotFoundError):  # the driver is the user's
            create_db_session(celery)

    [(category, message, place)] = warned(create)

    url = "postgresql://u:p@127.0.0.1:1/postgres"
    assert celery.conf["SQLALCHEMY_DATABASE_URI"] == url
    assert (category, place) == (DeprecationWarning, __file__)
    assert "SQLALCHEMY_DATABASE_URI with postgres://" in message


class Base(DeclarativeBase):
    pass


class Plant(Base):
    __tablename__ = "plant"
    id: Mapped[int] = mapped_column(primary_key=True)


class PlantSchema(Schema):
    id = fields.Integer()


@pytest.fixture(name="client")
def client_of_plants():
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    app = Flask(__name__)
    app.config["PAGINATION_MAX_LIMIT"] = 3
    with Session(engine) as session:
        session.add_all(Plant(id=n) for n in range(5))
        session.commit()

        @app.get("/")
        def show():
            query = session.query(Plant).order_by(Plant.id)
            return paginated(query, PlantSchema).data

        @app.get("/all")
        def show_all():
            rows = select(Plant).order_by(Plant.id)
            return paginated(rows, PlantSchema, limit=5, session=session).data

        yield app.test_client()
    engine.dispose()


def test_a_limit_that_is_reduced_is_told_once(client):
    [(category, message, _)] = warned(
        lambda: [client.get("/?limit=4") for _ in range(3)]
    )

    assert category is UserWarning
    assert message == (
        "twopi_flask_utils: limit=4 of a request was reduced to 3; "
        "set PAGINATION_MAX_LIMIT to allow more"
    )


@pytest.mark.parametrize("url", ["/", "/?limit=3", "/?limit=x", "/all?limit=9"])
def test_a_limit_that_is_not_reduced_tells_nothing(client, url):
    assert warned(lambda: client.get(url)) == []
