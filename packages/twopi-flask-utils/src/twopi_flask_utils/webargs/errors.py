"""The validation error of 1.x and its handler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow
from flask import Response, jsonify

from twopi_webargs import RequestValidationError


class ValidationError(RequestValidationError):
    """What webargs raised in the time of 1.x: messages without a location.

    >>> from twopi_flask_utils.webargs import ValidationError
    >>> error = ValidationError({"name": ["Taken."]}, status_code=409)
    >>> error.messages, error.status_code
    ({'name': ['Taken.']}, 409)

    Args:
        message: A text, a list of texts, or the errors by field name.
        status_code: The HTTP status of the response.
        headers: Headers of the response.
        options: Other arguments of marshmallow's error, which are kept in ``kwargs``.
    """

    messages: Any
    field_names: list[Any]
    """The names of the arguments that are not valid."""

    def __init__(
        self,
        message: str | list[Any] | dict[Any, Any],
        status_code: int = 422,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        location = options.pop("location", "json")
        super().__init__(
            message, location=location, status_code=status_code, headers=headers
        )
        self._located: dict[str, Any] = self.messages
        self.messages = [message] if isinstance(message, str) else message
        self.args = (message,)
        self.kwargs = options
        names = [*message] if isinstance(message, dict) else []
        self.field_names = options.get("field_names") or names

    def __str__(self) -> str:
        return str(self.args[0])

    @property
    def status_code(self) -> int:
        """The HTTP status of the response."""
        return self.code

    @status_code.setter
    def status_code(self, status: int) -> None:
        self.code = status

    def by_location(self) -> dict[str, Any]:
        """Return the errors by location, then by argument."""
        return self._located

    def _body(self, style: str | None) -> Any:
        return super()._body(style) if style == "pointers" else plain(self.messages)


def handle_validation_error(
    exc: marshmallow.ValidationError,
) -> tuple[Response, int]:
    """Return the response that lists what is wrong with the arguments, and its status.

    .. code-block:: python

        from flask import Flask

        from twopi_flask_utils.webargs import ValidationError, handle_validation_error

        app = Flask(__name__)
        app.errorhandler(ValidationError)(handle_validation_error)

    The body is ``{name: [...]}``, or a list if the error is about no single argument.

    .. warning::

        It cannot answer the errors of webargs' own ``FlaskParser``, which are not
        a `ValidationError` but an ``abort(422)``.

    Args:
        exc: The exception that Flask hands to the error handler, of marshmallow, of
            this module or of `twopi_webargs`.

    Raises:
        TypeError: *exc* is not a ``ValidationError``.
    """
    if not isinstance(exc, marshmallow.ValidationError):
        raise TypeError(
            "Register handle_validation_error for ValidationError; "
            f"it cannot answer a {type(exc).__name__}"
        )
    error = as_1x(exc)
    response = jsonify(plain(error.messages))
    response.status_code = error.status_code
    response.headers.update(error.headers or {})
    return response, error.status_code


def as_1x(
    error: marshmallow.ValidationError,
    location: str = "json",
    status_code: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> ValidationError:
    """Return *error*, which may be shared, as one of 1.x."""
    if isinstance(error, ValidationError):
        return error
    messages: Any = error.messages
    if isinstance(error, RequestValidationError):
        places = error.messages.values()
        messages = {name: each for place in places for name, each in place.items()}

    own_status, own_headers = own_answer(error)
    return ValidationError(
        messages,
        own_status or status_code or 422,
        own_headers or headers,
        location=getattr(error, "location", None) or location,
    )


def own_answer(
    error: marshmallow.ValidationError,
) -> tuple[int | None, Mapping[str, str] | None]:
    """Return the status and the headers that *error* itself asks for."""

    def own(name: str) -> Any:
        return getattr(error, name, None) or error.kwargs.get(name)

    return own("status_code"), own("headers")


def plain(messages: Any) -> Any:
    """Return *messages* as JSON: names are strings, and so are lazy texts."""
    if isinstance(messages, Mapping):
        return {str(name): plain(each) for name, each in messages.items()}
    if isinstance(messages, list | tuple | set):
        return [plain(each) for each in messages]
    if messages is None or isinstance(messages, int | float):
        return messages
    return str(messages)
