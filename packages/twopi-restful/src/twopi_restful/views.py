"""Plain views that return data, as a flask-restful Resource does."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, overload

from werkzeug.wrappers import Response

from twopi_restful.output import output_json

Arguments = ParamSpec("Arguments")


@overload
def json_view(
    view: Callable[Arguments, Coroutine[Any, Any, Any]],
) -> Callable[Arguments, Coroutine[Any, Any, Response]]: ...
@overload
def json_view(view: Callable[Arguments, Any]) -> Callable[Arguments, Response]: ...
def json_view(view: Callable[..., Any]) -> Callable[..., Any]:
    """Send what *view* returns as JSON, by `output_json`.

    The view returns data, ``(data, status)`` or ``(data, status, headers)``, as a
    flask-restful Resource does, or a response, which is sent as it is. It may be
    async, the method of a `flask.views.MethodView`, or what ``as_view`` makes:

    >>> from flask import Flask
    >>> from flask.views import MethodView
    >>> from twopi_restful import json_view
    >>> app = Flask(__name__)
    >>> class Room(MethodView):
    ...     decorators = [json_view]
    ...
    ...     def get(self):
    ...         return [1, 2]
    ...
    ...     def post(self):
    ...         return "The room is taken.", 409
    >>> app.add_url_rule("/room", view_func=Room.as_view("room"))
    >>> client = app.test_client()
    >>> client.get("/room").json
    [1, 2]
    >>> client.post("/room").json
    {'_errors': ['The room is taken.']}

    Args:
        view: The view function; put this right below ``@app.get(...)``.
    """
    if inspect.iscoroutinefunction(view):

        @functools.wraps(view)
        async def async_view(*args: Any, **kwargs: Any) -> Response:
            return _response(await view(*args, **kwargs))

        return async_view

    @functools.wraps(view)
    def sync_view(*args: Any, **kwargs: Any) -> Response:
        return _response(view(*args, **kwargs))

    return sync_view


def _response(value: Any) -> Response:
    if isinstance(value, Response):
        return value
    if isinstance(value, tuple) and len(value) in {2, 3}:
        return output_json(*value)
    return output_json(value, 200)
