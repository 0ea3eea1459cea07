"""What is wrong with a request, as an exception that can answer."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app, jsonify, request
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from twopi_webargs.pointers import error_pointers

PROBLEM = "application/problem+json"
"""The media type of problem details (RFC 9457, section 6.1)."""


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
        style = current_app.extensions.get("twopi_webargs")
        asked = style == "problem" and _prefers_problem()
        response = jsonify(self._problem() if asked else self._body(style))
        response.status_code = self.code
        response.headers.update(self.headers or {})
        if asked:
            response.content_type = PROBLEM
        if style == "problem":
            response.vary.add("Accept")
        return response

    def by_location(self) -> dict[str, Any]:
        """Return the errors by location, then by argument."""
        return self.messages

    def _body(self, style: str | None) -> Any:
        messages = _plain(self.by_location())
        if style == "flat":
            return {
                name: each for part in messages.values() for name, each in part.items()
            }
        if style == "pointers":
            return {"_errors": error_pointers(messages)}
        return messages

    def _problem(self) -> dict[str, Any]:
        return {
            "type": "about:blank",
            "title": self.name,
            "status": self.code,
            "detail": self.description,
            "errors": error_pointers(_plain(self.by_location())),
        }


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


def join(errors: Sequence[RequestValidationError]) -> RequestValidationError:
    """Return *errors*, each of another location, as one.

    Its status is the lowest: a body that could not be read, 400, comes before
    arguments that are not valid, 422. Its headers are those of all.
    """
    first = min(errors, key=lambda error: error.code)
    joined = RequestValidationError({}, location=first.location, status_code=first.code)
    joined.messages = {}
    headers: dict[str, str] = {}
    for error in errors:
        joined.messages |= error.messages
        headers |= error.headers or {}
    joined.headers = headers or None
    return joined


def _prefers_problem() -> bool:
    """Tell whether the client names problem details, not below JSON in weight."""
    accept = request.accept_mimetypes
    named = {value.partition(";")[0].strip().lower(): each for value, each in accept}
    quality = named.get(PROBLEM, 0)
    return quality > 0 and quality >= named.get("application/json", 0)


def _plain(messages: Any) -> Any:
    """Return *messages* as JSON: names are texts, also of items; texts are not lazy."""
    if isinstance(messages, str):
        return str(messages)
    if isinstance(messages, dict | Mapping):  # a dict is known faster
        return {str(name): _plain(value) for name, value in messages.items()}
    if isinstance(messages, list | tuple | set):
        return [_plain(value) for value in messages]
    if messages is None or isinstance(messages, int | float):
        return messages
    return str(messages)
