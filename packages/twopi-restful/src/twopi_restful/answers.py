"""The answer to an error, and the form it takes on its way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, HTTPException, SecurityError

from twopi_restful.output import output_json
from twopi_restful.problem import (
    MEDIA_TYPE,
    Problem,
    prefers_problem,
    problem_body,
    send_problem,
)

ProblemMode = bool | Literal["always"]
"""Whether errors are sent as problem details: if the client prefers it, or always."""
BodyBuilder = Callable[[int, list[Any], dict[str, Any]], Any]
"""Called with the status, the list of errors, and what else the body has."""


class Answers:
    """The answers to the errors of an app or a blueprint, see `init_app`."""

    def __init__(self) -> None:
        self.choose(problem=False, errors=None, only=None)

    def choose(
        self,
        *,
        problem: ProblemMode,
        errors: BodyBuilder | None,
        only: Iterable[Blueprint | str] | None,
    ) -> None:
        """Check the options of `init_app` and apply them from now on."""
        if problem not in {False, True, "always"}:
            raise ValueError(
                f'problem must be False, True or "always", not {problem!r}'
            )
        if errors is not None and not callable(errors):
            raise TypeError(f"errors must be a function, not {errors!r}")
        places = None if only is None else _places(only)
        self.problem, self.errors, self.only = problem, errors, places

    def answer(self, error: HTTPException) -> ResponseReturnValue:
        """Return the response for *error*, as Flask's handler of HTTP exceptions."""
        if error.response is not None or error.code is None or error.code < 400:
            return error
        if not self._covers_request():
            return error
        if isinstance(error, Problem) and self.problem == "always":
            return error.answer(always=True)
        stock = error.get_response(request.environ)
        if stock.is_json:
            return stock
        headers = [pair for pair in stock.headers if pair[0].lower() != "content-type"]
        message = _message(error)
        try:
            return output_json(_arguments(error, message), error.code, headers)
        except TypeError:  # the arguments of abort() are not all JSON
            return output_json(message, error.code, headers)

    def represent(self, response: Response) -> Response:
        """Give ``{"_errors": [...]}`` the form that was chosen, whoever made it.

        It has to be the last thing to happen: flask-restful sets the ``Content-Type``
        of what a Resource returned after it was written.
        """
        if not (self.problem or self.errors) or response.status_code < 400:
            return response
        if not response.is_json or response.mimetype == MEDIA_TYPE:
            return response
        if not (response.is_sequence and self._covers_request()):
            return response
        body = response.get_json(silent=True)
        if not isinstance(body, dict) or "_errors" not in body:
            return response
        errors = body.pop("_errors")
        if self.problem is True:
            response.vary.add("Accept")
        if self.problem == "always" or (self.problem and prefers_problem()):
            details = problem_body(response.status_code, errors, body)
            return send_problem(response, details)
        if self.errors:
            built = self.errors(response.status_code, errors, body)
            response.set_data(jsonify(built).get_data())
        return response

    def _covers_request(self) -> bool:
        if self.only is None:
            return True
        blueprints = [current_app.blueprints[name] for name in request.blueprints]
        path = f"{request.path}/"
        return any(
            path.startswith(place) if isinstance(place, str) else place in blueprints
            for place in self.only
        )


def _places(only: Iterable[Blueprint | str]) -> list[Blueprint | str]:
    """Return *only* as a list, whose prefixes end in a slash."""
    if isinstance(only, str):
        raise TypeError(f"only must be a list of prefixes: [{only!r}]")
    places: list[Blueprint | str] = []
    for place in only:
        if isinstance(place, str) and place.startswith("/"):
            places.append(f"{place.rstrip('/')}/")
        elif isinstance(place, Blueprint):
            places.append(place)
        else:
            raise TypeError(
                f'only takes blueprints and path prefixes such as "/api", not {place!r}'
            )
    return places


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
