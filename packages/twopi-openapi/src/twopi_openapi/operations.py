"""Operation Objects: what clients send to a view, and what they get."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any

from flask import Flask
from marshmallow import Schema

from twopi_openapi import arguments, paths
from twopi_openapi.error_forms import ErrorForms, phrase
from twopi_openapi.marks import merge
from twopi_openapi.routes import Route, summary_of
from twopi_openapi.schemas import Schemas

_ARGUMENTS_INVALID = "An argument is missing or invalid."
_ERRORS = {
    401: "The token is missing or not valid.",
    403: "The token does not allow this.",
    404: "There is nothing at this path.",
}


class Operations:
    """Makes the operations of one document.

    Args:
        app: The application.
        names: What names its schemas.
        errors: What errors look like.
    """

    def __init__(self, app: Flask, names: Schemas, errors: ErrorForms) -> None:
        self._app = app
        self._names = names
        self._errors = errors
        self.schemes: dict[str, Any] = {}
        self.tags: dict[str, str] = {}

    def describe(self, route: Route, operation_id: str) -> dict[str, Any]:
        """Return the Operation Object of *route*."""
        said = merge(route.fragments)
        given = _given(said["arguments"], route.specs)
        summary, text = summary_of(route.view)
        operation: dict[str, Any] = {
            "operationId": operation_id,
            "summary": said.get("summary") or summary or operation_id,
        }
        if text := said.get("description") or text:
            operation["description"] = text
        operation["tags"] = self._tags(route, said)
        if said.get("deprecated"):
            operation["deprecated"] = True
        if url := said.get("external_docs"):
            operation["externalDocs"] = {"url": url}
        if parameters := self._parameters(route, said, given):
            operation["parameters"] = parameters
        if body := said.get("request") or arguments.body(given, self._names):
            operation["requestBody"] = body
        operation["responses"] = self._responses(route, said, given)
        operation["security"] = self._security(said["auth"])
        return operation

    def _tags(self, route: Route, said: Mapping[str, Any]) -> list[str]:
        if said.get("tags"):
            return list(said["tags"])
        blueprint = route.rule.endpoint.rpartition(".")[0]
        name = blueprint or self._app.name
        module = sys.modules.get(inspect.unwrap(route.view).__module__)
        text = inspect.cleandoc(getattr(module, "__doc__", "") or "").partition("\n")[0]
        self.tags.setdefault(name, text)
        return [name]

    def _parameters(
        self, route: Route, said: Mapping[str, Any], given: list[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        found = [
            *paths.parameters(route.rule),
            *arguments.parameters(given, self._names),
            *said["parameters"].values(),
        ]
        return list({(each["in"], each["name"]): each for each in found}.values())

    def _responses(
        self, route: Route, said: Mapping[str, Any], given: list[Mapping[str, Any]]
    ) -> dict[str, Any]:
        found = {
            status: self._response(status, each)
            for status, each in said["responses"].items()
        }
        if not found:
            found[200] = {"description": phrase(200)}
        errors = {each["status"]: _ARGUMENTS_INVALID for each in given}
        errors |= said["argument_errors"]
        for status, text in errors.items():
            found.setdefault(
                status, self._errors.response(status, text, of_arguments=True)
            )
        usual = [404] if route.rule.arguments else []
        if said["auth"]:
            usual += [401, 403] if said["auth"]["scopes"] else [401]
        for status, text in (
            {each: _ERRORS[each] for each in usual} | said["errors"]
        ).items():
            found.setdefault(status, self._errors.response(status, text))
        return {str(status): found[status] for status in sorted(found, key=str)}

    def _response(
        self, status: int, alternatives: list[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Return a Response Object; two bodies of one status are alternatives."""
        text = [each["description"] for each in alternatives if each.get("description")]
        response: dict[str, Any] = {"description": " ".join(text) or phrase(status)}
        headers = {
            name: {"schema": {"type": "string"}, "description": value}
            if isinstance(value, str)
            else dict(value)
            for each in alternatives
            for name, value in (each.get("headers") or {}).items()
        }
        if headers:
            response["headers"] = headers
        content: dict[str, Any] = {}
        for each in alternatives:
            if each.get("schema") is None:
                continue
            kind = each.get("content_type") or "application/json"
            media = content.setdefault(kind, {"schemas": []})
            media["schemas"].append(
                self._sent(each["schema"], many=bool(each.get("many")))
            )
            if each.get("example") is not None:
                media["example"] = each["example"]
        for media in content.values():
            schemas = media.pop("schemas")
            media["schema"] = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        return response | ({"content": content} if content else {})

    def _sent(self, schema: Any, *, many: bool) -> dict[str, Any]:
        if isinstance(schema, Mapping):
            one = dict(schema)
        else:
            made = schema() if isinstance(schema, type) else schema
            one, many = self._names.ref(made, "dump"), many or made.many
        return {"type": "array", "items": one} if many else one

    def _security(self, auth: Mapping[str, Any] | None) -> list[dict[str, list[str]]]:
        """Return Security Requirement Objects; an open operation needs none."""
        if auth is None:
            return []
        self.schemes |= auth["schemes"]
        scopes = list(auth["scopes"])
        needed: list[dict[str, list[str]]] = [
            {name: list(each)}
            for name in auth["schemes"]
            for each in ([[scope] for scope in scopes] if auth["any_of"] else [scopes])
        ]
        return needed if auth["required"] else [{}, *needed]


def _given(said: list[Any], specs: tuple[Any, ...]) -> list[Mapping[str, Any]]:
    """Return the arguments of a view, by its fragments or by webargs' specs."""
    found = said or [{"location": place, "schema": each} for place, each in specs]
    return [
        {"unknown": None, "status": 422}
        | dict(each)
        | {"schema": _instance(each["schema"])}
        for each in found
    ]


def _instance(schema: Any) -> Schema:
    if isinstance(schema, Mapping):
        schema = Schema.from_dict(dict(schema))
    made: Schema = schema() if isinstance(schema, type) else schema
    return made
