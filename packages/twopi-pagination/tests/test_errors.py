"""A bad request inside a stock flask-restful Resource and in a plain view."""

import copy
import pickle

import flask_restful
import pytest
from flask import Blueprint, Flask, jsonify
from marshmallow import Schema, ValidationError
from sqlalchemy import create_engine, literal, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool
from werkzeug.exceptions import HTTPException

from twopi_pagination import InvalidPage, UnpageableQuery, paginated

TEXT = "Must be a whole number from 0 to 9223372036854775807, in digits only."


def page():
    with Session(create_engine("sqlite://", poolclass=NullPool)) as session:
        return paginated(select(literal(1)), Schema, session=session).data


class Pages(flask_restful.Resource):
    def get(self):
        return page()


@pytest.fixture(params=[{}, {"TESTING": True}, {"PROPAGATE_EXCEPTIONS": True}])
def app(request):
    app = Flask(__name__)
    app.config.update(request.param)
    app.add_url_rule("/view", view_func=page)
    flask_restful.Api(app).add_resource(Pages, "/resource")
    blueprint = Blueprint("other", __name__)
    flask_restful.Api(blueprint).add_resource(Pages, "/blueprint")
    app.register_blueprint(blueprint)
    return app


PATHS = ["/view", "/resource", "/blueprint"]


@pytest.mark.parametrize("path", PATHS)
def test_without_a_handler_it_answers_for_itself(app, path):
    answer = app.test_client().get(path, query_string={"limit": "hunter2"})

    assert answer.status_code == 422
    assert answer.json == {"_errors": [f"limit: {TEXT}"]}
    assert answer.headers.getlist("Content-Type") == ["application/json"]
    assert b"hunter2" not in answer.data
    assert int(answer.headers["Content-Length"]) == len(answer.data)


@pytest.mark.parametrize("path", PATHS)
def test_all_complaints_in_one_answer(app, path):
    answer = app.test_client().get(f"{path}?limit=-1&offset=-1")

    assert answer.json == {"_errors": [f"offset: {TEXT}", f"limit: {TEXT}"]}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", [ValidationError, InvalidPage, HTTPException])
def test_the_handler_of_the_application_is_asked(app, kind, path):
    @app.errorhandler(kind)
    def handle(error):
        return jsonify(error.messages), 400

    answer = app.test_client().get(f"{path}?limit=x")

    assert (answer.status_code, answer.json) == (400, {"limit": [TEXT]})


@pytest.mark.parametrize("path", PATHS)
def test_a_handler_may_take_the_answer_and_change_it(app, path):
    @app.errorhandler(HTTPException)
    def handle(error):
        response = error.get_response()
        response.headers["X-Handled"] = "yes"
        return response

    answer = app.test_client().get(f"{path}?limit=x")

    assert (answer.status_code, answer.headers["X-Handled"]) == (422, "yes")
    assert answer.json == {"_errors": [f"limit: {TEXT}"]}


@pytest.mark.parametrize("path", PATHS)
def test_good_requests(app, path):
    answer = app.test_client().get(f"{path}?limit=7")

    assert answer.status_code == 200
    assert answer.json == {"offset": 0, "limit": 7, "items": [{}], "totalItems": 1}


def test_kinds():
    error = InvalidPage({"limit": ["a", "b"]})

    assert isinstance(error, ValidationError)
    assert isinstance(error, HTTPException)
    assert error.messages == {"limit": ["a", "b"]}
    assert error.description == "limit: a; limit: b"
    assert str(error) == "422 Unprocessable Entity: limit: a; limit: b"
    assert issubclass(UnpageableQuery, TypeError)


@pytest.mark.parametrize("again", [copy.copy, lambda x: pickle.loads(pickle.dumps(x))])
def test_it_can_be_copied(again):
    error = again(InvalidPage({"limit": ["a"]}))

    assert error.messages == {"limit": ["a"]}
    assert error.get_response().json == {"_errors": ["limit: a"]}


def test_a_handler_may_change_the_messages():
    """webargs puts the location above them."""
    error = InvalidPage({"limit": ["a"]})
    error.messages = {"query": error.messages}

    assert error.get_response().json == {"_errors": ["limit: a"]}
