import functools

import flask
import flask_restful
import pytest
from flask import Blueprint, Flask, request
from flask_restful import fields, marshal_with

import twopi_restful
from twopi_restful.restful import Api, Resource


def require_header(function):
    @functools.wraps(function)
    def checked(*args, **kwargs):
        if "X-Key" not in request.headers:
            flask.abort(401)
        return function(*args, **kwargs)

    return checked


class Room(Resource):
    async def get(self, number):
        return {"number": number, "method": request.method}

    async def post(self, number):
        return "Taken.", 409

    def put(self, number):
        flask.abort(410, "Demolished.")

    async def patch(self, number):
        raise RuntimeError("hunter2")


@pytest.fixture(params=["app", "blueprint", "later"])
def client(request):
    """A client of an app whose Api was set up in one of the ways there are."""
    app = Flask(__name__)
    if request.param == "app":
        api = Api(app)
        api.add_resource(Room, "/room/<int:number>")
    elif request.param == "blueprint":
        area = Blueprint("area", __name__)
        api = Api(area)
        api.add_resource(Room, "/room/<int:number>")
        app.register_blueprint(area)
    else:
        api = Api()
        api.add_resource(Room, "/room/<int:number>")
        api.init_app(app)
    return app.test_client()


def test_methods_may_be_async(client):
    assert client.get("/room/3").json == {"number": 3, "method": "GET"}
    assert client.head("/room/3").status_code == 200
    assert client.post("/room/3").json == {"_errors": ["Taken."]}


def test_errors_are_those_of_the_app(client):
    assert client.put("/room/3").json == {"_errors": ["Demolished."]}
    assert client.put("/room/3").status_code == 410
    assert list(client.delete("/room/3").json) == ["_errors"]
    assert list(client.get("/nowhere").json) == ["_errors"]
    failed = client.patch("/room/3")
    assert failed.status_code == 500
    assert list(failed.json) == ["_errors"]
    assert "hunter2" not in failed.text


@pytest.mark.parametrize("first", [True, False])
def test_options_of_the_app_hold(first):
    app = Flask(__name__)
    if first:
        twopi_restful.init_app(app, problem="always")
    api = Api(app)
    api.add_resource(Room, "/room/<int:number>")
    if not first:
        twopi_restful.init_app(app, api, problem="always")

    answer = app.test_client().post("/room/3")

    assert answer.mimetype == "application/problem+json"
    assert answer.json["detail"] == "Taken."


@pytest.mark.parametrize("kind", [tuple, dict])
def test_decorators_of_methods_find_a_plain_function(kind):
    decorators = (marshal_with({"number": fields.Integer}), require_header)

    class Strict(Resource):
        method_decorators = decorators if kind is tuple else {"get": list(decorators)}

        async def get(self):
            return {"number": "3", "secret": 1}

    app = Flask(__name__)
    Api(app).add_resource(Strict, "/room")
    client = app.test_client()

    assert client.get("/room", headers={"X-Key": "1"}).json == {"number": 3}
    assert client.get("/room").status_code == 401


def test_one_instance_may_serve_all_requests():
    class Kept(Resource):
        init_every_request = False

        async def get(self):
            return request.path

    app = Flask(__name__)
    Api(app).add_resource(Kept, "/a", "/b")
    client = app.test_client()

    assert [client.get(path).json["message"] for path in ("/a", "/b", "/a")] == [
        "/a",
        "/b",
        "/a",
    ]


def test_resources_of_flask_restful_may_be_added():
    class Old(flask_restful.Resource):
        def get(self):
            flask_restful.abort(409, message="Taken.", seat=4)

    app = Flask(__name__)
    Api(app).add_resource(Old, "/room")

    assert app.test_client().get("/room").json == {"_errors": ["Taken."], "seat": 4}
