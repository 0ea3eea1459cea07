"""One JSON shape for all errors of an app, its flask-restful Apis included."""

from __future__ import annotations

import functools
from typing import Any

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, HTTPException, SecurityError

from twopi_restful.output import output_json


def init_app(app: Flask, *apis: Any) -> None:
    """Make every error of *app* answer ``{"_errors": [...]}`` with its right status.

    Plain views, async views, blueprints and the Resources of *apis* answer alike, in
    production as in tests. Headers of the error (``Allow``, ``Retry-After``,
    ``WWW-Authenticate``) are kept, and so are the keyword arguments of
    ``flask_restful.abort``. An unhandled exception is logged and answers 500
    without its text, unless ``app.debug`` is on; with ``TESTING`` it propagates, as
    always in Flask.

    A handler of yours for a status or an exception wins, wherever Flask prefers it;
    an exception that answers with JSON or was given a response keeps that. The same
    holds for an Api: its ``errors`` stay in force, and a ``handle_error`` or a JSON
    representation of your own is left alone; ``serve_challenge_on_401`` is not asked.

    Each Api gets `output_json` as its JSON representation. Calling this again, for
    another Api, is fine.

    .. warning::

        An Api that is not given here, or whose own ``handle_error`` calls that of
        `flask_restful.Api`, still answers a marshmallow ``ValidationError`` of its
        Resources with the data of the request.

    Args:
        app: The app to change.
        apis: The `flask_restful.Api` objects that serve it, or a blueprint of it.

    Raises:
        TypeError: One of *apis* is not a `flask_restful.Api`.
        ModuleNotFoundError: *apis* are given but flask-restful is missing; install
            ``twopi-restful[restful]``.
    """
    for api in apis:
        _connect(api)
    if HTTPException not in app.error_handler_spec[None][None]:
        app.register_error_handler(HTTPException, _answer)


def _connect(api: Any) -> None:
    from flask_restful import Api
    from flask_restful.representations.json import output_json as stock_json

    if not isinstance(api, Api):
        raise TypeError(f"Expected flask_restful.Api objects after app, not {api!r}")
    if api.representations.get("application/json") is stock_json:
        api.representations["application/json"] = output_json
    if getattr(api.handle_error, "__func__", None) is Api.handle_error:
        api.handle_error = functools.partial(_leave_to_flask, api)
        # It matches the URL again, and crashes on a Host that TRUSTED_HOSTS refuses.
        api._should_use_fr_error_handler = lambda: False  # noqa: SLF001


def _leave_to_flask(api: Any, error: Exception) -> ResponseReturnValue:
    """Answer as ``Api(errors=...)`` says, or let ``Api.error_router`` ask Flask."""
    custom = api.errors.get(type(error).__name__)
    if custom is None:
        raise error
    return output_json(custom, custom.get("status", 500))


def _answer(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    stock = error.get_response(request.environ)
    if stock.is_json:
        return stock
    headers = [pair for pair in stock.headers if pair[0].lower() != "content-type"]
    message = _message(error)
    try:
        return output_json(_arguments(error, message), error.code, headers)
    except TypeError:  # the arguments of abort() are not all JSON
        return output_json(message, error.code, headers)


def _message(error: HTTPException) -> Any:
    """Say what is wrong, without any text that could come from the request."""
    cause = getattr(error, "original_exception", None)
    if cause is not None and current_app.debug:
        return f"{type(cause).__name__}: {cause}"
    if isinstance(error, SecurityError):  # it quotes the Host header
        return BadRequest.description
    return error.description or error.name


def _arguments(error: HTTPException, message: Any) -> dict[str, Any]:
    """Return the keyword arguments of ``flask_restful.abort`` with a message.

    The ``data`` of a marshmallow ``ValidationError`` is something else, the raw input.
    """
    data = getattr(error, "data", None)
    if not isinstance(data, dict) or hasattr(error, "valid_data"):
        data = {}
    return data if "_errors" in data else {"message": message, **data}
