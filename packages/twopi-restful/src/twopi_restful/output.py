"""The bodies of answers: ``message`` when all is well, ``_errors`` when not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, jsonify
from werkzeug.datastructures import Headers

HeadersValue = (
    Headers
    | Mapping[str, str | list[str] | tuple[str, ...]]
    | Iterable[tuple[str, str]]
)
"""Headers as Flask takes them; a list of values sends the header once per value."""


def format_error(error: Any) -> dict[str, list[Any]]:
    """Return the body that reports one *error*.

    >>> from twopi_restful import format_error
    >>> format_error("The room is taken.")
    {'_errors': ['The room is taken.']}

    Args:
        error: A text, or anything that the app's JSON provider can write.
    """
    return {"_errors": [_plain(error)]}


def format_errors(*errors: Any) -> dict[str, list[Any]]:
    """Return the body that reports *errors*, given one by one or as one list.

    >>> from twopi_restful import format_errors
    >>> format_errors("too long", "too late")
    {'_errors': ['too long', 'too late']}
    >>> format_errors(["too long", "too late"])
    {'_errors': ['too long', 'too late']}

    Args:
        errors: Texts, or anything that the app's JSON provider can write.
    """
    if len(errors) == 1 and isinstance(errors[0], list | tuple):
        errors = tuple(errors[0])
    return {"_errors": [_plain(error) for error in errors]}


def output_json(
    data: Any, code: int | None, headers: HeadersValue | None = None
) -> Response:
    """Return *data* as a JSON response, written by the app's JSON provider.

    A text becomes ``{"message": text}``, and ``{"_errors": [text]}`` from status 400
    on. A dictionary's ``message``, which is where flask-restful says what went wrong,
    moves into ``_errors`` from status 400 on; the other keys stay, and *data* itself
    is never changed. It is made to be flask-restful's representation of JSON, which
    is what `init_app` does with it:

    .. code-block:: python

        from flask_restful import Api

        from twopi_restful import output_json

        api = Api()
        api.representations["application/json"] = output_json

    Args:
        data: The body: a text, also a lazily translated one, or a JSON value.
        code: The HTTP status; None means 200.
        headers: A mapping, whose values may be lists, or pairs. ``Content-Type`` and
            ``Location`` replace, ``Content-Length`` is ignored, all others add.
    """
    status = 200 if code is None else int(code)
    response = jsonify(_body(data, status))
    if status != 200:
        response.status_code = status
    for name, value in Headers(headers) if headers else ():
        if name.lower() in {"content-type", "location"}:
            response.headers[name] = value
        elif name.lower() != "content-length":
            response.headers.add(name, value)
    return response


def _body(data: Any, status: int) -> Any:
    failed = status >= 400
    if _is_text(data):
        return format_error(data) if failed else {"message": str(data)}
    if (
        failed
        and isinstance(data, dict)
        and "message" in data
        and "_errors" not in data
    ):
        rest = {key: value for key, value in data.items() if key != "message"}
        return format_errors(data["message"]) | rest
    return data


def _is_text(value: Any) -> bool:
    """Tell a text, also one that only behaves like it: lazy strings, UserString."""
    return isinstance(value, str) or hasattr(value, "casefold")


def _plain(value: Any) -> Any:
    return str(value) if _is_text(value) else value
