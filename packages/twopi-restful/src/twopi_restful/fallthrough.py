"""HTTP exceptions that answer with JSON, whoever asks them to."""

from __future__ import annotations

import inspect
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException


class JSONException(HTTPException):
    """An HTTP exception with a JSON response, for which flask-restful makes way."""

    def answer(self) -> Response:
        """Return the response to send if none was given to the constructor."""
        raise NotImplementedError

    def get_response(self, *args: Any, **kwargs: Any) -> Any:
        """Return the response given to the constructor, or that of `answer`.

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
        return self.answer()
