"""JSON responses and JSON errors: the 1.x path of `twopi_restful`."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request  # noqa: F401  importable here in 1.x

import twopi_restful
from twopi_flask_utils.deprecation import deprecate
from twopi_restful import format_error, format_errors, output_json

__all__ = [
    "ExpectedJSONException",
    "format_error",
    "format_errors",
    "get_and_expect_json",
    "output_json",
]


class ExpectedJSONException(twopi_restful.ExpectedJSONException):
    """`twopi_restful.ExpectedJSONException` with the text of 1.x."""

    description = "Resource expected a JSON payload to be provided."

    @classmethod
    def handle(  # type: ignore[override]
        cls, exc: Exception
    ) -> tuple[Response, int]:
        """Return the response and the status for this type of exception.

        .. code-block:: python

            from flask import Flask

            from twopi_flask_utils.restful import ExpectedJSONException

            app = Flask(__name__)
            app.errorhandler(ExpectedJSONException)(ExpectedJSONException.handle)

        Args:
            exc: The exception that Flask hands to the error handler.
        """
        deprecate("ExpectedJSONException.handle()", "twopi_restful.init_app(app)")
        response = super().handle(exc)
        return response, response.status_code

    def answer(self) -> Response:
        """Return the response of `handle`."""
        return super().handle(self)


def get_and_expect_json() -> Any:
    """Return the JSON value in the request's body.

    Raises:
        ExpectedJSONException: There is none, or it is ``null``; see
            `twopi_restful.get_and_expect_json`.
    """
    try:
        return twopi_restful.get_and_expect_json()
    except twopi_restful.ExpectedJSONException:
        raise ExpectedJSONException from None
