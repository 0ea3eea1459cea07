"""The bodies of errors, by what the application has wired.

An object in ``app.extensions`` may have a mapping ``__openapi__`` with ``errors`` and
``argument_errors``: each the ``content`` of a Response Object. Without one, errors are
``{"_errors": [...]}`` and argument errors ``{location: {field: [...]}}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask

_MESSAGES = {"type": "array", "items": {"type": "string"}}
ERRORS: dict[str, Any] = {
    "type": "object",
    "properties": {"_errors": _MESSAGES},
    "required": ["_errors"],
}
ARGUMENT_ERRORS: dict[str, Any] = {
    "type": "object",
    "description": "What is wrong, by location and name.",
    "additionalProperties": {"type": ["object", "array"]},
}
_HEADERS: dict[int, tuple[str, dict[str, Any]]] = {
    401: ("WWW-Authenticate", {"type": "string"}),
    429: ("Retry-After", {"type": "integer", "minimum": 0}),
    503: ("Retry-After", {"type": "integer", "minimum": 0}),
}


@dataclass(frozen=True, slots=True)
class ErrorForms:
    """What errors look like.

    Attributes:
        errors: The ``content`` of any error.
        argument_errors: That of errors of arguments.
    """

    errors: Mapping[str, Any]
    argument_errors: Mapping[str, Any]

    def response(
        self, status: int, text: str | None = None, *, of_arguments: bool = False
    ) -> dict[str, Any]:
        """Return a Response Object.

        Args:
            status: The status.
            text: What it means; the default is its name.
            of_arguments: Whether it is about arguments.
        """
        content = self.argument_errors if of_arguments else self.errors
        said: dict[str, Any] = {
            "description": text or phrase(status),
            "content": dict(content),
        }
        if status in _HEADERS:
            name, schema = _HEADERS[status]
            said["headers"] = {name: {"schema": dict(schema)}}
        return said


def error_forms(app: Flask, error_schema: Mapping[str, Any] | None) -> ErrorForms:
    """Return the forms in force.

    Args:
        app: The application.
        error_schema: A JSON Schema of all errors, where it has a form of its own.
    """
    if error_schema is not None:
        content = _json(error_schema)
        return ErrorForms(content, content)
    found: dict[str, Any] = {}
    for extension in app.extensions.values():
        said = getattr(extension, "__openapi__", None)
        if isinstance(said, Mapping):
            found |= said
    return ErrorForms(
        found.get("errors", _json(ERRORS)),
        found.get("argument_errors", _json(ARGUMENT_ERRORS)),
    )


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": dict(schema)}}


def phrase(status: int) -> str:
    """Return the name of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"
