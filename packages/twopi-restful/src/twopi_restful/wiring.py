"""One JSON shape for all errors of an app, its flask-restful Apis included."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from twopi_restful.answers import Answers, BodyBuilder, ProblemMode
from twopi_restful.output import output_json


def init_app(
    app: Flask | Blueprint,
    *apis: Any,
    problem: ProblemMode = False,
    errors: BodyBuilder | None = None,
    only: Iterable[Blueprint | str] | None = None,
) -> None:
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
    another Api, is fine; options that are given then replace the earlier ones.

    With *problem* or *errors*, every ``{"_errors": [...]}`` of the app changes its
    form on its way out, also one that a Resource returned or another package sent:

    .. code-block:: python

        from flask import Flask

        import twopi_restful


        def body(status, errors, rest):
            return {"status": status, "message": errors[0]}


        app = Flask(__name__)
        twopi_restful.init_app(app, problem=True, errors=body, only=["/api"])

    .. warning::

        An Api that is not given here, or whose own ``handle_error`` calls that of
        `flask_restful.Api`, still answers a marshmallow ``ValidationError`` of its
        Resources with the data of the request.

    Args:
        app: The app to change, or a blueprint, whose views alone are concerned then:
            not URLs that match no route, as Flask asks no blueprint about them.
        apis: The `flask_restful.Api` objects that serve it, or a blueprint of it.
        problem: Send RFC 9457 problem details: to clients whose ``Accept`` names
            ``application/problem+json`` and weighs it no less than
            ``application/json`` (True), or to all (``"always"``).
        errors: Makes all other error bodies; called with the status, the list of
            errors, and the dictionary of what else the body has.
        only: Blueprints, and path prefixes such as ``"/api"``, that are concerned;
            other pages keep the errors of Flask. A blueprint has no part in URLs that
            match no route, a prefix has.

    Raises:
        TypeError: One of *apis* is not a `flask_restful.Api`, *errors* no function,
            *only* has something else in it, or is given for a blueprint.
        ValueError: *problem* is something else.
        ModuleNotFoundError: *apis* are given but flask-restful is missing; install
            ``twopi-restful[restful]``.
    """
    if only is not None and isinstance(app, Blueprint):
        raise TypeError("only is for apps; a blueprint is concerned as a whole")
    for api in apis:
        connect(api)
    answers = _answers(app)
    if problem or errors or only is not None:
        answers.choose(problem=problem, errors=errors, only=only)
        if answers.represent not in app.after_request_funcs[None]:
            app.after_request(answers.represent)


def _answers(app: Flask | Blueprint) -> Answers:
    """Return the answers of *app*, registered when first asked for."""
    handlers = app.error_handler_spec[None][None]
    for known in (*app.after_request_funcs[None], handlers.get(HTTPException)):
        present = getattr(known, "__self__", None)
        if isinstance(present, Answers):
            return present
    answers = Answers()
    if HTTPException not in handlers:
        app.register_error_handler(HTTPException, answers.answer)
    return answers


def connect(api: Any) -> None:
    """Let *api* write JSON as an app does, and leave its errors to Flask."""
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
