"""A document of OpenAPI 3.1 as one of 3.0, for tools that do not know 3.1."""

from __future__ import annotations

from typing import Any

_HOLDS_SCHEMAS = ("anyOf", "allOf", "oneOf")
_UNKNOWN = ("propertyNames", "$schema", "$comment", "contentEncoding")


def to_3_0(document: dict[str, Any]) -> dict[str, Any]:
    """Return *document* in OpenAPI 3.0.

    Types with null become ``nullable``, constants an ``enum`` of one, exclusive bounds
    flags, examples one ``example``, tuples arrays of any of their items, binary text
    ``format: binary``. Scopes of ``http`` schemes, which 3.0 does not have, are left
    out.
    """
    schemes = document.get("components", {}).get("securitySchemes", {})
    made: dict[str, Any] = _walk(document, schemes)
    made["openapi"] = "3.0.4"
    if not made["components"]:
        del made["components"]
    return made


def _walk(node: Any, schemes: dict[str, Any], *, name: str = "") -> Any:
    """Return *node* with all schemas in it changed."""
    if isinstance(node, list):
        return [_walk(each, schemes) for each in node]
    if not isinstance(node, dict):
        return node
    if name == "schema":
        return _schema(node)
    if name == "schemas":
        return {key: _schema(each) for key, each in node.items()}
    made = {}
    for key, value in node.items():
        if key == "security":
            made[key] = [
                {
                    scheme: scopes if _has_scopes(schemes.get(scheme)) else []
                    for scheme, scopes in each.items()
                }
                for each in value
            ]
            made[key] = [
                each for at, each in enumerate(made[key]) if each not in made[key][:at]
            ]
        elif key in {"example", "examples", "default"}:
            made[key] = value
        else:
            made[key] = _walk(value, schemes, name=key)
    return made


def _has_scopes(scheme: dict[str, Any] | None) -> bool:
    return scheme is not None and scheme.get("type") in {"oauth2", "openIdConnect"}


def _schema(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    made = {name: value for name, value in schema.items() if name not in _UNKNOWN}
    _types(made)
    _bounds(made)
    _words(made)
    for name in _HOLDS_SCHEMAS:
        if name in made:
            made[name] = [_schema(each) for each in made[name]]
    for name in ("items", "not", "additionalProperties"):
        if name in made:
            made[name] = _schema(made[name])
    if "properties" in made:
        made["properties"] = {
            name: _schema(each) for name, each in made["properties"].items()
        }
    _null_alternative(made)
    if "$ref" in made and len(made) > 1:  # 3.0 ignores what stands beside a $ref
        made = {"allOf": [{"$ref": made.pop("$ref")}], **made}
    return made


def _words(made: dict[str, Any]) -> None:
    """Spell keywords of 3.1 as 3.0 does."""
    if "const" in made:
        made["enum"] = [made.pop("const")]
    if "examples" in made:
        examples = made.pop("examples")
        made |= {"example": examples[0]} if examples else {}
    if "prefixItems" in made:
        parts = made.pop("prefixItems")
        made["items"] = {"anyOf": parts} if parts else {}
    if made.pop("contentMediaType", None) == "application/octet-stream":
        made["format"] = "binary"


def _types(made: dict[str, Any]) -> None:
    kinds = made.get("type")
    if not isinstance(kinds, list):
        return
    others = [each for each in kinds if each != "null"]
    if "null" in kinds:
        made["nullable"] = True
    if len(others) == 1:
        made["type"] = others[0]
    else:
        del made["type"]
        made["anyOf"] = [{"type": each} for each in others]


def _bounds(made: dict[str, Any]) -> None:
    for exclusive, bound in (
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ):
        if exclusive in made:
            number = made.pop(exclusive)
            tighter = max if bound == "minimum" else min
            if bound not in made or tighter(made[bound], number) == number:
                made |= {bound: number, exclusive: True}


def _null_alternative(made: dict[str, Any]) -> None:
    """Turn ``anyOf: [X, null]`` into X that is nullable."""
    alternatives = made.get("anyOf", [])
    others = [each for each in alternatives if each != {"type": "null"}]
    if len(others) == len(alternatives):
        return
    made["nullable"] = True
    if len(others) == 1:
        del made["anyOf"]
        made["allOf"] = others
    else:
        made["anyOf"] = others
