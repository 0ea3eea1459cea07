"""Errors as a list that points into the request, by JSON Pointer (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def error_pointers(messages: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return *messages* as a flat list, each with its place in the request.

    >>> from twopi_webargs import error_pointers
    >>> error_pointers({"json": {"rooms": {1: {"seats": ["Too few."]}}}})
    [{'location': 'json', 'pointer': '/rooms/1/seats', 'messages': ['Too few.']}]

    Args:
        messages: Those of a `RequestValidationError`, by location.

    Returns:
        ``location``, ``pointer`` (RFC 6901; empty for what is wrong with the location
        as a whole) and ``messages`` of each argument that is not valid.
    """
    return [
        {"location": location, "pointer": pointer, "messages": texts}
        for location, errors in messages.items()
        for pointer, texts in _walk(errors, "")
    ]


def _walk(errors: Any, pointer: str) -> Iterator[tuple[str, list[Any]]]:
    if not isinstance(errors, Mapping):
        yield pointer, list(errors) if isinstance(errors, list | tuple) else [errors]
        return
    for name, inner in errors.items():
        step = str(name).replace("~", "~0").replace("/", "~1")
        yield from _walk(inner, pointer if name == "_schema" else f"{pointer}/{step}")
