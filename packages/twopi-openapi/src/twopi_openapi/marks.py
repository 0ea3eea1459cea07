"""What views say of themselves, in an attribute ``__openapi__``: fragments.

A fragment is a mapping, or a function of the application that returns one. Other
packages leave them too; none needs this one for it. The keys:

===================== ===========================================================
``responses``         ``{status: {"schema", "many", "description", "headers",
                      "content_type", "example"}}``; a schema is marshmallow's or
                      JSON Schema
``errors``            ``{status: description}``, in the form that errors have
``parameters``        a list of OpenAPI's Parameter Objects
``request``           ``{"content": {type: schema}, "required": bool}``
``arguments``         a list of ``{"location", "schema", "unknown", "status"}``
``auth``              ``{"schemes", "required", "scopes", "any_of"}``
``summary`` and so on ``description``, ``tags``, ``deprecated``, ``operation_id``,
                      ``hidden``, ``external_docs``
===================== ===========================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from flask import Flask

Fragment = Mapping[str, Any]
View = TypeVar("View", bound=Callable[..., Any])

ATTRIBUTE = "__openapi__"


def fragments_of(thing: object, app: Flask) -> list[Fragment]:
    """Return the fragments of a view or a method, the outermost first."""
    found = getattr(thing, "__dict__", {}).get(ATTRIBUTE, ())
    if isinstance(found, Mapping):
        found = (found,)
    return [each(app) if callable(each) else each for each in found]


def mark(view: View, fragment: Fragment) -> View:
    """Add a fragment to what `functools.wraps` has handed on, and return the view."""
    before = vars(view).get(ATTRIBUTE, ())
    setattr(view, ATTRIBUTE, (fragment, *before))
    return view


def returns(
    schema: Any = None,
    status: int = 200,
    *,
    many: bool = False,
    description: str | None = None,
    headers: Mapping[str, str | Mapping[str, Any]] | None = None,
    content_type: str = "application/json",
    example: Any = None,
) -> Callable[[View], View]:
    """Say what a view answers; the view is returned unchanged.

    .. code-block:: python

        from flask import Flask
        from marshmallow import Schema, fields
        from twopi_openapi import document, returns


        class NoteSchema(Schema):
            text = fields.String()


        app = Flask("notes")


        @app.get("/note")
        @returns(NoteSchema)
        def show_note():
            return NoteSchema().dump({"text": "buy ink"})


        assert "Note" in document(app)["components"]["schemas"]

    Args:
        schema: A marshmallow schema, the class or an instance, or a JSON Schema. None
            for a response without a body.
        status: Its status.
        many: Whether it is a list of them.
        description: What it is; the default is the name of the status.
        headers: Headers by their names: a description, or a Header Object.
        content_type: Its media type.
        example: One that is shown.
    """
    response = {
        "schema": schema,
        "many": many,
        "description": description,
        "headers": dict(headers or {}),
        "content_type": content_type,
        "example": example,
    }
    return lambda view: mark(view, {"responses": {status: response}})


def describes(
    *,
    summary: str | None = None,
    description: str | None = None,
    tags: Sequence[str] | None = None,
    errors: Mapping[int, str] | None = None,
    parameters: Iterable[Mapping[str, Any]] = (),
    operation_id: str | None = None,
    deprecated: bool | None = None,
    external_docs: str | None = None,
) -> Callable[[View], View]:
    """Say more of a view than its docstring does; the view is returned unchanged.

    Args:
        summary: One line; the default is the docstring's first.
        description: More; the default is the rest of the docstring.
        tags: Groups; the default is the name of the blueprint.
        errors: Errors that the view answers itself: ``{409: "The name is taken."}``.
        parameters: OpenAPI's Parameter Objects, of what the view reads by itself.
        operation_id: Its id; the default is made from the endpoint.
        deprecated: Whether clients should stop to use it.
        external_docs: A URL.
    """
    given = {
        "summary": summary,
        "description": description,
        "tags": tags,
        "errors": errors,
        "parameters": [*parameters] or None,
        "operation_id": operation_id,
        "deprecated": deprecated,
        "external_docs": external_docs,
    }
    fragment = {name: value for name, value in given.items() if value is not None}
    return lambda view: mark(view, fragment)


def hidden(view: View) -> View:
    """Leave a view out of the document, and return it unchanged."""
    return mark(view, {"hidden": True})


def merge(fragments: Iterable[Fragment]) -> dict[str, Any]:
    """Return what *fragments* say together; what is nearer to the view counts more.

    Args:
        fragments: The outermost first.
    """
    merged: dict[str, Any] = {
        "responses": {},
        "errors": {},
        "argument_errors": {},
        "parameters": {},
        "arguments": [],
        "auth": None,
    }
    for fragment in fragments:
        for name, value in fragment.items():
            if name == "responses":
                for status, response in value.items():
                    merged[name].setdefault(status, []).append(response)
            elif name in {"errors", "argument_errors"}:
                merged[name] |= value
            elif name == "parameters":
                merged[name] |= {(each["in"], each["name"]): each for each in value}
            elif name == "arguments":
                merged[name] += value
            elif name == "auth":
                merged[name] = _join_auth(merged[name], value)
            else:
                merged[name] = value
    return merged


def _join_auth(one: Fragment | None, other: Fragment) -> dict[str, Any]:
    """Return both demands: a token that either requires is required."""
    one = one or {}
    return {
        "schemes": {**one.get("schemes", {}), **other.get("schemes", {})},
        "required": bool(one.get("required") or other.get("required")),
        "scopes": [*dict.fromkeys([*one.get("scopes", ()), *other.get("scopes", ())])],
        "any_of": bool(one.get("any_of") or other.get("any_of")),
    }
