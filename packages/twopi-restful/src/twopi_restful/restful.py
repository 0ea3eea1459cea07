"""flask-restful's Api and Resource, at home in Flask: extra ``restful``."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import flask_restful
from flask import Flask, current_app, request

from twopi_restful.wiring import connect, init_app


class Api(flask_restful.Api):  # type: ignore[misc]
    """A `flask_restful.Api` of an app that has had its `init_app`.

    Its answers are made by `output_json`, its errors are those of the app: it need
    not be given to `init_app`, which only has to be called for options.

    >>> from flask import Flask, abort
    >>> from twopi_restful.restful import Api, Resource
    >>> app = Flask(__name__)
    >>> api = Api(app)
    >>> @api.resource("/room")
    ... class Room(Resource):
    ...     async def get(self):
    ...         abort(503, "The room is being cleaned.")
    >>> app.test_client().get("/room").json
    {'_errors': ['The room is being cleaned.']}

    The arguments are those of `flask_restful.Api`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        connect(self)

    def _init_app(self, app: Flask) -> None:
        """Set up *app*; also called when the blueprint of the Api is registered."""
        super()._init_app(app)
        init_app(app)


class Resource(flask_restful.Resource):  # type: ignore[misc]
    """A `flask_restful.Resource` whose methods may be async.

    ``method_decorators`` find a method that is not, so that all kinds work: those that
    check a request, such as token-auth's, and those that look at what was returned,
    such as ``marshal_with``. Install ``flask[async]`` for async methods.
    """

    def dispatch_request(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method for the request, as flask-restful does."""
        name = request.method.lower()
        name = name if hasattr(self, name) else "get"  # HEAD
        method: Any = getattr(self, name, None)
        if _is_async(getattr(method, "__func__", method)):
            setattr(self, name, current_app.ensure_sync(method))
        return super().dispatch_request(*args, **kwargs)


_is_async = functools.lru_cache(maxsize=1024)(inspect.iscoroutinefunction)
