"""The JSON body a view asks for."""

from __future__ import annotations

import inspect
from typing import Any

from flask import Response, request
from werkzeug.exceptions import BadRequest

from twopi_restful.output import format_error, output_json


class ExpectedJSONException(BadRequest):
    """The request has no JSON body where the view expects one.

    An HTTP exception with status 400, that answers with JSON even if no handler is
    registered. Inside a flask-restful Resource it passes by flask-restful's own error
    handling, so that a handler registered on the app, a blueprint or `HTTPException`
    is called there as in any other view.

    .. versionchanged:: 2.0
        It is an HTTP exception, raised for every kind of unreadable body.
    """

    description = "Expected a JSON body, sent with Content-Type: application/json."

    @classmethod
    def handle(cls, exc: Exception) -> Response:
        """Return the response for this type of exception.

        .. code-block:: python

            from flask import Flask

            from twopi_restful import ExpectedJSONException

            app = Flask(__name__)
            app.errorhandler(ExpectedJSONException)(ExpectedJSONException.handle)

        Args:
            exc: The exception that Flask hands to the error handler.
        """
        error = exc if isinstance(exc, cls) else cls()
        return output_json(format_error(error.description), error.code)

    def get_response(self, *args: Any, **kwargs: Any) -> Any:
        """Return the response given to the constructor, or that of `handle`.

        flask-restful asks for it before it writes a body of its own and without ever
        looking at the handlers of the app. When an exception stops it there, its
        ``Api.error_router`` leaves the error to Flask.
        """
        if self.response is not None:
            return super().get_response(*args, **kwargs)
        frame = inspect.currentframe()
        caller = frame.f_back if frame else None
        if caller and caller.f_globals.get("__name__") == "flask_restful":
            raise self
        return self.handle(self)


def get_and_expect_json() -> Any:
    """Return the JSON value in the request's body.

    Raises:
        ExpectedJSONException: There is no body, it has another content type, it is
            not JSON (also: nested too deeply, integers too long, not Unicode), or it
            is ``null``.
        RequestEntityTooLarge: The body is longer than ``MAX_CONTENT_LENGTH``.
    """
    try:
        data = request.get_json(silent=True)
    except RecursionError:
        data = None
    if data is None:
        raise ExpectedJSONException
    return data
