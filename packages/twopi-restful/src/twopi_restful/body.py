"""The JSON body a view asks for."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from werkzeug.exceptions import BadRequest

from twopi_restful.fallthrough import JSONException
from twopi_restful.output import format_error, output_json


class ExpectedJSONException(JSONException, BadRequest):
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

    def answer(self) -> Response:
        """Return the response of `handle`."""
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
