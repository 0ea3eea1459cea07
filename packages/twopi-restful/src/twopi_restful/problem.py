"""Problem details for HTTP APIs, RFC 9457: ``application/problem+json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, jsonify, request
from werkzeug.http import HTTP_STATUS_CODES

from twopi_restful.fallthrough import JSONException
from twopi_restful.output import HeadersValue, format_errors, output_json

MEDIA_TYPE = "application/problem+json"
"""The media type of problem details (RFC 9457, section 6.1)."""


class Problem(JSONException):
    """An error with the members of RFC 9457, as an HTTP exception.

    It answers with ``application/problem+json`` if the client's ``Accept`` prefers
    that, else with ``{"_errors": [...]}`` and the extensions, so that one exception
    serves old clients and new ones. Inside a flask-restful Resource it passes by
    flask-restful's own error handling.

    >>> from flask import Flask
    >>> from twopi_restful import Problem
    >>> class NoCredit(Problem):
    ...     code = 403
    ...     type = "https://example.com/probs/out-of-credit"
    ...     title = "You do not have enough credit."
    >>> app = Flask(__name__)
    >>> @app.get("/buy")
    ... def buy():
    ...     raise NoCredit(detail="It costs 50, you have 30.", balance=30)
    >>> client = app.test_client()
    >>> client.get("/buy").json
    {'_errors': ['It costs 50, you have 30.'], 'balance': 30}
    >>> answer = client.get("/buy", headers={"Accept": "application/problem+json"})
    >>> answer.json["type"], answer.json["status"]
    ('https://example.com/probs/out-of-credit', 403)

    Args:
        status: The HTTP status, unless the class has a ``code``.
        detail: What went wrong this time, and how to go on.
        type: A URI that identifies the kind of problem; RFC 9457, section 3.1.1.
        title: A summary of the kind of problem; by default the status' phrase.
        instance: A URI that identifies this occurrence.
        errors: The list of errors, by default the detail alone.
        headers: Headers of the response, such as ``Retry-After``.
        extensions: Other members of the body, see RFC 9457, section 3.2.

    Raises:
        TypeError: There is no status, or an extension is called ``_errors``.
    """

    type: str = "about:blank"
    """A URI that identifies the kind of problem."""
    title: str | None = None
    """A summary of the kind of problem."""
    detail: str | None
    """What went wrong this time."""
    instance: str | None
    """A URI that identifies this occurrence."""
    errors: list[Any]
    """The list of errors."""
    extensions: dict[str, Any]
    """Other members of the body."""

    def __init__(
        self,
        status: int | None = None,
        detail: str | None = None,
        *,
        type: str | None = None,  # noqa: A002
        title: str | None = None,
        instance: str | None = None,
        errors: Sequence[Any] | None = None,
        headers: HeadersValue | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(detail)
        self.code = self.code if status is None else int(status)
        if self.code is None:
            raise TypeError("A Problem needs a status, or a class with a code")
        if "_errors" in extensions:
            raise TypeError("The errors of a Problem are called errors, not _errors")
        self.type = type or self.type
        self.title = title or self.title or self.name
        self.detail = detail
        self.instance = instance
        self.errors = [detail or self.title] if errors is None else list(errors)
        self.headers = headers
        self.extensions = extensions

    def answer(self, *, always: bool = False) -> Response:
        """Return the response, in the form that the client prefers.

        Args:
            always: Answer with problem details whatever the client prefers.
        """
        if always or prefers_problem():
            members = {"type": self.type, "title": self.title, "status": self.code}
            members |= {"detail": self.detail, "instance": self.instance}
            given = {name: each for name, each in members.items() if each is not None}
            body = self.extensions | given | {"errors": self.errors}
            response = send_problem(output_json({}, self.code, self.headers), body)
        else:
            body = format_errors(self.errors) | self.extensions
            response = output_json(body, self.code, self.headers)
        if not always:
            response.vary.add("Accept")
        return response


def prefers_problem() -> bool:
    """Tell whether the client asks for problem details, which wildcards do not.

    It has to name them, and not to weigh them less than ``application/json``.
    """
    accept = request.accept_mimetypes
    named = {value.partition(";")[0].strip().lower(): each for value, each in accept}
    quality = named.get(MEDIA_TYPE, 0)
    return quality > 0 and quality >= named.get("application/json", 0)


def send_problem(response: Response, body: Mapping[str, Any]) -> Response:
    """Return *response* with the problem details *body* instead of its own."""
    response.set_data(jsonify(body).get_data())
    response.content_type = MEDIA_TYPE
    return response


def problem_body(
    status: int, errors: Any, extensions: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the problem details that say what ``{"_errors": errors}`` says.

    The errors are an extension, called ``errors`` since the names of extensions begin
    with a letter (RFC 9457, section 3.2). A single text is the detail as well.
    """
    body = {
        **extensions,
        "type": Problem.type,
        "title": HTTP_STATUS_CODES.get(status, "Unknown Error"),
        "status": status,
        "errors": errors,
    }
    texts = errors if isinstance(errors, list) else []
    if len(texts) == 1 and isinstance(texts[0], str):
        body["detail"] = texts[0]
    return body
