import inspect

import flask
import pytest
from flask import Flask, Response
from flask.views import MethodView
from flask_restful import Api, Resource

import twopi_restful
from twopi_restful import json_view

VALUES = {
    "data": [{"id": 1}],
    "nothing": None,
    "text": "well",
    "data and status": ({"id": 1}, 201),
    "no status": ({"id": 1}, None),
    "error": ("Taken.", 409),
    "headers": ([], 201, {"Location": "/1", "X-Tag": ["a", "b"]}),
    "response": Response("tea", 418, content_type="text/plain"),
}


def build(value):
    """Return an app that returns *value* from a view of each kind."""
    app = Flask(__name__)

    @app.post("/plain")
    @json_view
    def plain():
        return value

    @app.post("/async")
    @json_view
    async def plain_async():
        return value

    class Method(MethodView):
        @json_view
        def post(self):
            return value

    class AsyncMethod(MethodView):
        @json_view
        async def post(self):
            return value

    class Decorated(MethodView):
        decorators = (json_view,)

        def post(self):
            return value

        async def put(self):
            return value

    class Room(Resource):
        def post(self):
            return value

    app.add_url_rule("/method", view_func=Method.as_view("method"))
    app.add_url_rule("/async-method", view_func=AsyncMethod.as_view("async_method"))
    app.add_url_rule("/decorated", view_func=Decorated.as_view("decorated"))
    api = Api(app)
    api.add_resource(Room, "/resource")
    twopi_restful.init_app(app, api)
    return app.test_client()


@pytest.mark.parametrize("name", VALUES)
def test_a_view_answers_as_a_resource_does(name):
    client = build(VALUES[name])
    answers = [
        client.post("/plain"),
        client.post("/async"),
        client.post("/method"),
        client.post("/async-method"),
        client.post("/decorated"),
        client.put("/decorated"),
    ]
    resource = client.post("/resource")

    for answer in answers:
        assert answer.status_code == resource.status_code
        assert answer.data == resource.data
        assert sorted(answer.headers) == sorted(resource.headers)


def test_arguments_and_names_of_a_view_are_kept():
    app = Flask(__name__)

    @app.get("/rooms/<int:number>")
    @json_view
    def show_room(number):
        """Show."""
        return {"number": number}

    @json_view
    async def show_later():
        """Show later."""

    assert app.test_client().get("/rooms/3").json == {"number": 3}
    assert list(app.view_functions)[1:] == ["show_room"]
    assert show_room.__doc__ == "Show."
    assert inspect.iscoroutinefunction(show_later)


def test_errors_pass_through():
    app = Flask(__name__)
    twopi_restful.init_app(app)

    @app.get("/room")
    @json_view
    def show_room():
        flask.abort(410, "Demolished.")

    assert app.test_client().get("/room").json == {"_errors": ["Demolished."]}
