"""The arguments of a view as parameters and a request body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from twopi_openapi.errors import UnknownLocationError
from twopi_openapi.fields import JSONSchema, describe
from twopi_openapi.schemas import Schemas, with_unknown

_PARAMETERS = {
    "query": "query",
    "querystring": "query",
    "headers": "header",
    "cookies": "cookie",
    "view_args": "path",
    "path": "path",
}
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_BODIES = {
    "json": ["application/json"],
    "form": [_FORM],
    "files": [_MULTIPART],
    "json_or_form": ["application/json", _FORM],
}
_NOT_PARAMETERS = {"accept", "authorization", "content-type"}
"""Headers that OpenAPI describes elsewhere (section 4.8.12.1)."""
FILE: JSONSchema = {"type": "string", "contentMediaType": "application/octet-stream"}


def parameters(
    arguments: list[Mapping[str, Any]], names: Schemas
) -> list[dict[str, Any]]:
    """Return Parameter Objects of what is read outside of the body.

    Raises:
        UnknownLocationError: OpenAPI has no such place.
    """
    found = []
    for each in arguments:
        place = _PARAMETERS.get(each["location"])
        if place is None and each["location"] not in _BODIES:
            raise UnknownLocationError(
                f"OpenAPI has no place for arguments from {each['location']!r}; "
                "describe them by parameters= of describes()"
            )
        if place is not None:
            found += _of_schema(each["schema"], place, names)
    return found


def _of_schema(schema: Schema, place: str, names: Schemas) -> list[dict[str, Any]]:
    made = []
    for attribute, field in schema.load_fields.items():
        name = field.data_key if field.data_key is not None else attribute
        if place == "header" and name.lower() in _NOT_PARAMETERS:
            continue
        described = describe(field, "load", names)
        parameter: dict[str, Any] = {
            "name": name,
            "in": place,
            "required": place == "path" or (field.required and not schema.partial),
        }
        if text := described.pop("description", None):
            parameter["description"] = text
        if described.pop("deprecated", None):
            parameter["deprecated"] = True
        if isinstance(field, fields.List) and place == "query":
            parameter |= {"style": "form", "explode": not hasattr(field, "delimiter")}
        made.append(parameter | {"schema": described})
    return made


def body(arguments: list[Mapping[str, Any]], names: Schemas) -> dict[str, Any] | None:
    """Return a Request Body Object, or None if the body is not read.

    Files and a form are the parts of one multipart body.
    """
    content: dict[str, list[JSONSchema]] = {}
    required = False
    has_files = any(each["location"] == "files" for each in arguments)
    for each in arguments:
        schema = each["schema"]
        if each["unknown"] is not None:
            schema = with_unknown(schema, each["unknown"])
        for kind in _BODIES.get(each["location"], ()):
            required = required or _requires(schema)
            if kind == _MULTIPART or (kind == _FORM and has_files):
                part = _parts(schema, names, files=kind == _MULTIPART)
                content.setdefault(_MULTIPART, []).append(part)
            else:
                said = names.ref(schema, "load")
                said = {"type": "array", "items": said} if schema.many else said
                content.setdefault(kind, []).append(said)
    if not content:
        return None
    media = {
        kind: {"schema": said[0] if len(said) == 1 else {"allOf": said}}
        for kind, said in sorted(content.items())
    }
    return {"content": media, "required": required}


def _parts(schema: Schema, names: Schemas, *, files: bool) -> JSONSchema:
    """Return a part of a multipart body, written out: others stand beside it."""
    properties, required = {}, []
    for attribute, field in schema.load_fields.items():
        name = field.data_key if field.data_key is not None else attribute
        several = isinstance(field, fields.List)
        if files:
            properties[name] = (
                {"type": "array", "items": FILE} if several else dict(FILE)
            )
        else:
            properties[name] = describe(field, "load", names)
        if field.required and not schema.partial:
            required.append(name)
    said: JSONSchema = {"type": "object", "properties": properties}
    return said | ({"required": required} if required else {})


def _requires(schema: Schema) -> bool:
    partial = schema.partial or ()
    return schema.many or any(
        field.required and partial is not True and name not in partial
        for name, field in schema.load_fields.items()
    )
