"""One view of every kind, to compare their answers."""

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView
from flask_restful import Api, Resource

from twopi_webargs import use_args

RESOURCES = ["/resource", "/async-resource", "/mounted/resource"]
VIEWS = ["/plain", "/method", "/async", "/async-method", "/blueprint", *RESOURCES]


def build(arguments, *, testing, decorate=use_args, **options):
    """Return an app with a view of each kind that returns its *arguments*."""
    app = Flask(__name__)
    app.config["TESTING"] = testing
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    area = Blueprint("area", __name__)
    mounted = Blueprint("mounted", __name__)
    api, mounted_api = Api(app), Api(mounted, prefix="/mounted")
    take = decorate(arguments, **options)

    @take
    def view(values):
        return {"values": values}

    @take
    async def async_view(values):
        return {"values": values}

    class Method(MethodView):
        @take
        def post(self, values):
            return {"values": values}

    class AsyncMethod(MethodView):
        @take
        async def post(self, values):
            return {"values": values}

    class Room(Resource):
        @take
        def post(self, values):
            return {"values": values}

    class MountedRoom(Room):
        pass

    class AsyncRoom(Resource):
        method_decorators = (app.ensure_sync,)

        @take
        async def post(self, values):
            return {"values": values}

    app.add_url_rule("/plain", "plain", view, methods=["POST"])
    app.add_url_rule("/async", "async", async_view, methods=["POST"])
    app.add_url_rule("/method", view_func=Method.as_view("method"))
    app.add_url_rule("/async-method", view_func=AsyncMethod.as_view("async_method"))
    area.add_url_rule("/blueprint", "view", view, methods=["POST"])
    api.add_resource(Room, "/resource")
    api.add_resource(AsyncRoom, "/async-resource")
    mounted_api.add_resource(MountedRoom, "/resource")
    app.register_blueprint(area)
    app.register_blueprint(mounted)
    return app


@pytest.fixture
def kinds():
    """The paths of all kinds of views."""
    return VIEWS


@pytest.fixture(name="build")
def build_():
    return build


@pytest.fixture(params=[False, True], ids=["production", "testing"])
def testing(request):
    return request.param
