"""The answer to a validation error, and its registration on an app."""

from __future__ import annotations

from typing import Literal, get_args

from flask import Flask, Response
from marshmallow import ValidationError

from twopi_webargs.errors import locate

Style = Literal["nested", "flat", "pointers", "problem"]
"""The form of the errors in an answer, see `init_app`."""


def init_app(app: Flask, *, style: Style = "nested") -> None:
    """Answer validation errors of *app* with JSON, those of ``schema.load()`` too.

    A handler for `ValidationError` of your own, registered before or after, wins.

    Args:
        app: The app to change.
        style: ``"nested"`` answers ``{location: {name: [...]}}``, ``"flat"`` the
            ``{name: [...]}`` of 1.x, ``"pointers"`` ``{"_errors": [...]}`` with the
            list of `error_pointers`, and ``"problem"`` that list as problem details
            (RFC 9457) if the client's ``Accept`` prefers
            ``application/problem+json``, else as ``"nested"``.

    Raises:
        ValueError: *style* is none of them.
    """
    if style not in get_args(Style):
        raise ValueError(f"style must be one of {get_args(Style)}, not {style!r}")
    app.extensions["twopi_webargs"] = style
    if ValidationError not in app.error_handler_spec[None][None]:
        app.register_error_handler(ValidationError, handle_validation_error)


def handle_validation_error(exc: ValidationError) -> Response:
    """Return the response that lists what is wrong with the arguments.

    `init_app` registers it; doing so by hand is the same:

    .. code-block:: python

        from flask import Flask
        from marshmallow import ValidationError

        from twopi_webargs import handle_validation_error

        app = Flask(__name__)
        app.errorhandler(ValidationError)(handle_validation_error)

    The body is ``{location: {name: [...]}}``, unless `init_app` chose another style.
    An error that the parser did not raise, such as that of a ``schema.load()`` in a
    view, is taken for one of the location ``json`` with the status 422, if it has no
    ``location``, ``status_code`` and ``headers`` of its own. Names in the answer may
    be the client's (marshmallow reports unknown fields by their name); values are not,
    unless a message of yours quotes its ``{input}``.

    .. warning::

        It cannot answer the errors of webargs' own ``FlaskParser``, which are no
        `ValidationError` but an ``abort(422)``.

    Args:
        exc: The exception that Flask hands to the error handler.

    Raises:
        TypeError: *exc* is no `ValidationError`.
    """
    if not isinstance(exc, ValidationError):
        raise TypeError(
            "Register handle_validation_error for marshmallow.ValidationError; "
            f"it cannot answer a {type(exc).__name__}"
        )
    response: Response = locate(exc, "json").get_response()
    return response
