"""What is wrong with a request, as an exception that can answer."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from flask import current_app, jsonify
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException


class RequestValidationError(ValidationError, HTTPException):
    """Arguments of a request are not valid.

    It is both marshmallow's `ValidationError` and an HTTP exception: a handler for
    either is called, and without one it answers with JSON. Inside a flask-restful
    Resource it passes by flask-restful's own error handling, which would not look at
    the handlers of the app. A handler for the status 422 is not called.

    >>> from twopi_webargs import RequestValidationError
    >>> error = RequestValidationError({"name": ["Taken."]}, status_code=409)
    >>> error.messages
    {'json': {'name': ['Taken.']}}

    Args:
        messages: The errors of the arguments, by name, or those of *field_name*.
        field_name: The argument the messages are about, unless they are by name;
            marshmallow's ``_schema`` means no single one.
        location: Where the arguments were read: ``json``, ``query``, ``path`` ...
        status_code: The HTTP status of the response.
        headers: Headers of the response.
    """

    messages: dict[str, Any]
    """The errors by location, then by argument."""
    location: str
    """Where the arguments were read."""
    headers: Mapping[str, str] | None
    """Headers of the response."""
    data: None
    """Always None: the request's data stays out of errors."""

    code = 422
    description = "Arguments of the request are not valid."

    def __init__(
        self,
        messages: str | list[Any] | dict[Any, Any],
        field_name: str = "_schema",
        *,
        location: str = "json",
        status_code: int = 422,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(messages, field_name)
        self.args = (messages, field_name)
        by_name = self.normalized_messages()  # type: ignore[no-untyped-call]
        self.messages = {location: by_name}
        self.location = location
        self.headers = headers
        self.code = status_code
        self.description = type(self).description

    def __str__(self) -> str:
        return f"{self.code} {self.name}: {self.messages}"

    @property
    def status_code(self) -> int:
        """The HTTP status of the response."""
        return self.code

    def get_response(self, *args: Any, **kwargs: Any) -> Any:
        """Return a JSON response of the app's style, see `init_app`.

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
        flat = current_app.extensions.get("twopi_webargs") == "flat"
        body = self.messages[self.location] if flat else self.messages
        response = jsonify(_plain(body))
        response.status_code = self.code
        response.headers.update(self.headers or {})
        return response


def locate(
    error: ValidationError,
    location: str,
    *,
    status_code: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> RequestValidationError:
    """Return *error*, which may be shared, as a new error of *location*.

    A location, status or headers of its own, attributes of a subclass or keyword
    arguments of ``ValidationError(...)``, go before the arguments.
    """
    if isinstance(error, RequestValidationError):
        return error

    def own(name: str) -> Any:
        return getattr(error, name, None) or error.kwargs.get(name)

    return RequestValidationError(
        error.messages,
        error.field_name,
        location=own("location") or location,
        status_code=own("status_code") or status_code or 422,
        headers=own("headers") or headers,
    )


def _plain(messages: Any) -> Any:
    """Return *messages* as JSON: names are texts, also of items; texts are not lazy."""
    if isinstance(messages, Mapping):
        return {str(name): _plain(value) for name, value in messages.items()}
    if isinstance(messages, list | tuple | set):
        return [_plain(value) for value in messages]
    if messages is None or isinstance(messages, int | float):
        return messages
    return str(messages)
