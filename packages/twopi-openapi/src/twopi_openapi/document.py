"""The OpenAPI document of an application."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from flask import Flask

from twopi_openapi import paths
from twopi_openapi.downgrade import to_3_0
from twopi_openapi.error_forms import error_forms
from twopi_openapi.errors import AmbiguousPathError
from twopi_openapi.ids import operation_ids
from twopi_openapi.operations import Operations
from twopi_openapi.routes import Route, routes
from twopi_openapi.schemas import Schemas

Version = Literal["3.1", "3.0"]
NUMBERS = {"3.1": "3.1.1", "3.0": "3.0.4"}


def document(
    app: Flask,
    *,
    title: str | None = None,
    version: str | None = None,
    description: str | None = None,
    openapi: Version = "3.1",
    servers: Sequence[str] | None = None,
    only: Iterable[str] = (),
    hide: Iterable[str] = (),
    error_schema: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the OpenAPI document of what *app* answers now.

    Everything comes from the views: paths from their rules, arguments from webargs,
    answers from `returns`, errors, tokens and pages from what the twopi packages leave
    on them. The document is the same in each process, and sorted.

    .. code-block:: python

        from flask import Flask
        from twopi_openapi import document

        app = Flask("notes")


        @app.get("/notes/<int:number>")
        def show_note(number):
            "Show a note."
            return {"number": number}


        operation = document(app)["paths"]["/notes/{number}"]["get"]
        assert operation["summary"] == "Show a note"
        assert operation["operationId"] == "show_note"

    Args:
        app: The application, with all its blueprints.
        title: The default is its name.
        version: The version of the API; the default is ``app.version``, else ``"0"``.
        description: CommonMark.
        openapi: ``"3.1"`` or ``"3.0"``, for tools that do not know 3.1.
        servers: URLs; the default is ``APPLICATION_ROOT``.
        only: Names of blueprints, or prefixes that begin with ``/``: what to describe.
        hide: The same: what to leave out.
        error_schema: A JSON Schema of all errors, where they have a form of their own.
        extra: Members of the document that replace or complete its own, such as
            ``{"info": {"contact": ...}}``.

    Raises:
        DocumentError: Views cannot be described; the message names them.
        ValueError: *openapi* is another version.
    """
    if openapi not in NUMBERS:
        raise ValueError(f"openapi must be '3.1' or '3.0', not {openapi!r}")
    names = Schemas()
    operations = Operations(app, names, error_forms(app, error_schema))
    found = routes(app, only=only, hide=hide)
    made = _paths(found, operations)
    info = {
        "title": title or app.name,
        "version": str(version or getattr(app, "version", None) or "0"),
    }
    if description:
        info["description"] = description
    components: dict[str, Any] = {}
    if schemas := names.components():
        components["schemas"] = schemas
    if operations.schemes:
        components["securitySchemes"] = dict(sorted(operations.schemes.items()))
    said: dict[str, Any] = {
        "openapi": NUMBERS[openapi],
        "info": info,
        "servers": [
            {"url": url} for url in servers or [app.config["APPLICATION_ROOT"] or "/"]
        ],
        "tags": [
            {"name": name, **({"description": text} if text else {})}
            for name, text in sorted(operations.tags.items())
        ],
        "paths": made,
        "components": components,
    }
    said = _joined(said, extra or {})
    return to_3_0(said) if openapi == "3.0" else said


def _paths(found: list[Route], operations: Operations) -> dict[str, Any]:
    """Return Path Item Objects; paths that differ in names only are one."""
    made: dict[str, Any] = {}
    templates: dict[str, tuple[str, dict[str, Route]]] = {}
    for route, operation_id in zip(found, operation_ids(found), strict=True):
        path = paths.template(route.rule)
        first, taken = templates.setdefault(paths.shape(path), (path, {}))
        if route.method in taken:
            raise AmbiguousPathError(
                f"{route.method.upper()} {route.rule} and {taken[route.method].rule} "
                "are one path in OpenAPI; hide one of them, or join their views",
                rule=str(route.rule),
                endpoint=route.rule.endpoint,
            )
        taken[route.method] = route
        operation = operations.describe(route, operation_id)
        if path != first:
            _rename(operation, path, first)
        made.setdefault(first, {})[route.method] = operation
    return made


def _rename(operation: dict[str, Any], path: str, first: str) -> None:
    """Give the variables of an operation the names that its path item has."""
    ours, theirs = paths.variables(path), paths.variables(first)
    new = dict(zip(ours, theirs, strict=True))
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            parameter["name"] = new[parameter["name"]]


def _joined(said: Any, more: Any) -> Any:
    """Return *more* in *said*; mappings are joined, other values replaced."""
    if not (isinstance(said, Mapping) and isinstance(more, Mapping)):
        return more
    joined = dict(said)
    for name, value in more.items():
        joined[name] = _joined(said[name], value) if name in said else value
    return joined
