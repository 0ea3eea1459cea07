"""What the page shows of a document, ready for a template."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

_METHODS = ("get", "post", "put", "patch", "delete")
_DEEPEST = 4
"""Levels of nested schemas that are spelled out."""


def listing(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the groups of operations, each with what the template prints.

    Args:
        document: What `document` returned, in version 3.1.
    """
    texts = {tag["name"]: tag.get("description", "") for tag in document["tags"]}
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    schemas = document["components"].get("schemas", {})
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                shown = _operation(path, method, operation, schemas)
                groups[operation["tags"][0]].append(shown)
    return [
        {"name": name, "text": texts.get(name, ""), "operations": groups[name]}
        for name in sorted(groups)
    ]


def _operation(
    path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]
) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    return {
        "path": path,
        "method": method,
        "operation": operation,
        "parameters": [
            {
                "name": each["name"],
                "in": each["in"],
                "required": each.get("required", False),
                "type": f"{type_of(each['schema'], schemas)}, {each['in']}",
                "text": each.get("description", ""),
                "rules": rules_of(each["schema"]),
            }
            for each in operation.get("parameters", ())
        ],
        "bodies": [
            {
                "type": kind,
                "rows": rows(media["schema"], schemas),
                "sample": json.dumps(sample(media["schema"], schemas), indent=2),
            }
            for kind, media in body.items()
        ],
        "responses": [
            {
                "status": status,
                "text": said["description"],
                "contents": [
                    {
                        "type": kind,
                        "name": type_of(media["schema"], schemas),
                        "rows": rows(media["schema"], schemas),
                    }
                    for kind, media in said.get("content", {}).items()
                ],
            }
            for status, said in operation["responses"].items()
        ],
        "locked": any(operation["security"]),
    }


def _target(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    return schemas[reference.rpartition("/")[2]] if reference else schema


def type_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """Return a few words for what *schema* takes."""
    if reference := schema.get("$ref"):
        return str(reference.rpartition("/")[2])
    for name in ("anyOf", "allOf"):
        if name in schema:
            return " or ".join(
                dict.fromkeys(type_of(each, schemas) for each in schema[name])
            )
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"array of {type_of(schema.get('items', {}), schemas)}"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


_RULES = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matches {}",
    "default": "default {}",
}


def rules_of(schema: Mapping[str, Any]) -> str:
    """Return the bounds of *schema* in words."""
    found = [
        text.format(schema[name]) for name, text in _RULES.items() if name in schema
    ]
    if "enum" in schema:
        found.append("one of " + ", ".join(map(str, schema["enum"])))
    return "; ".join(found)


def rows(
    schema: Mapping[str, Any],
    schemas: Mapping[str, Any],
    depth: int = 0,
    within: str = "",
) -> list[dict[str, Any]]:
    """Return the properties of an object, those of objects within it too."""
    found: list[dict[str, Any]] = []
    schema = _target(schema, schemas)
    while schema.get("type") == "array":
        schema = _target(schema.get("items", {}), schemas)
    for each in schema.get("allOf", ()):
        found += rows(each, schemas, depth, within)
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        found.append(
            {
                "name": f"{within}{name}",
                "required": name in required,
                "type": type_of(each, schemas),
                "text": each.get("description", ""),
                "rules": rules_of(each),
            }
        )
        if depth < _DEEPEST:
            found += rows(each, schemas, depth + 1, f"{within}{name}.")
    return found


def sample(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0
) -> Any:
    """Return a value to begin with in a form."""
    schema = _target(schema, schemas)
    if "default" in schema:
        return schema["default"]
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for name in ("anyOf", "allOf"):
        if schema.get(name):
            return sample(schema[name][0], schemas, depth)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object" and depth <= _DEEPEST:
        return {
            name: sample(each, schemas, depth + 1)
            for name, each in schema.get("properties", {}).items()
        }
    plain = {"integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}
    return plain.get(str(kind), "")
