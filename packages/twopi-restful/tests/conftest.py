"""One failing view of every kind of view, to compare their answers."""

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView
from flask_restful import Api, Resource


def build(view, *, testing):
    """Return an app with *view* in each kind of view, and its two Apis."""
    app = Flask(__name__)
    app.config["TESTING"] = testing
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    blueprint = Blueprint("area", __name__)
    mounted = Blueprint("mounted", __name__)
    apis = [Api(app), Api(mounted, prefix="/mounted")]

    class Method(MethodView):
        def post(self):
            return view()

    class AsyncMethod(MethodView):
        async def post(self):
            return view()

    class Room(Resource):
        def post(self):
            return view()

    class AsyncRoom(Resource):
        method_decorators = (app.ensure_sync,)

        async def post(self):
            return view()

    class MountedRoom(Resource):
        def post(self):
            return view()

    async def view_async():
        return view()

    app.add_url_rule("/plain", "plain", view, methods=["POST"])
    app.add_url_rule("/method", view_func=Method.as_view("method"))
    app.add_url_rule("/async", view_func=view_async, methods=["POST"])
    app.add_url_rule("/async-method", view_func=AsyncMethod.as_view("async_method"))
    blueprint.add_url_rule("/blueprint", "view", view, methods=["POST"])
    apis[0].add_resource(Room, "/resource")
    apis[0].add_resource(AsyncRoom, "/async-resource")
    apis[1].add_resource(MountedRoom, "/resource")
    app.register_blueprint(blueprint)
    app.register_blueprint(mounted)
    return app, apis


RESOURCES = ["/resource", "/async-resource", "/mounted/resource"]
VIEWS = ["/plain", "/method", "/async", "/async-method", "/blueprint", *RESOURCES]


@pytest.fixture(scope="session")
def kinds():
    """The paths of all kinds of views."""
    return VIEWS


@pytest.fixture
def resources():
    """The paths of the flask-restful Resources among them."""
    return RESOURCES


@pytest.fixture(name="build", scope="session")
def build_():
    return build


@pytest.fixture(params=[False, True], ids=["production", "testing"])
def testing(request):
    return request.param
