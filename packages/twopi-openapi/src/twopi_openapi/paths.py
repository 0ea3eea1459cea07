"""Paths of URL rules as templates, and their variables as parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from werkzeug.routing import (
    AnyConverter,
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    PathConverter,
    Rule,
    UnicodeConverter,
    UUIDConverter,
)

from twopi_openapi.fields import JSONSchema
from twopi_openapi.patterns import ecma

_VARIABLE = re.compile(r"<(?:[^<>:]*:)?([A-Za-z_]\w*)>")
_LENGTH = re.compile(r"\[\^/\]\{(\d+)(?:(,)(\d*))?\}")


def template(rule: Rule) -> str:
    """Return the path of *rule* with ``{name}`` for each variable."""
    return _VARIABLE.sub(r"{\1}", rule.rule)


def shape(path: str) -> str:
    """Return *path* without the names of its variables, which OpenAPI ignores."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def variables(path: str) -> list[str]:
    """Return the names of the variables of a template, in order."""
    return re.findall(r"\{([^}]*)\}", path)


def parameters(rule: Rule) -> list[dict[str, Any]]:
    """List the variables of *rule* as Parameter Objects, in the order of the path."""
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _schema(rule._converters[name]),  # noqa: SLF001 - has no other name
        }
        for name in _VARIABLE.findall(rule.rule)
    ]


def _schema(converter: BaseConverter) -> JSONSchema:
    """Return what a converter takes; one of the application's own may say it itself."""
    said = getattr(type(converter), "__openapi__", None)
    if isinstance(said, Mapping):
        return dict(said)
    if isinstance(converter, IntegerConverter | FloatConverter):
        return _number(converter)
    if isinstance(converter, UUIDConverter):
        return {"type": "string", "format": "uuid"}
    if isinstance(converter, AnyConverter):
        return {"type": "string", "enum": sorted(converter.items)}
    if isinstance(converter, PathConverter):
        return {"type": "string", "x-slashes": True}
    if type(converter) is UnicodeConverter:
        return _text(converter.regex)
    pattern = ecma(f"^(?:{converter.regex})$")
    return (
        {"type": "string"}
        if pattern is None
        else {"type": "string", "pattern": pattern}
    )


def _number(converter: IntegerConverter | FloatConverter) -> JSONSchema:
    kind = "integer" if isinstance(converter, IntegerConverter) else "number"
    schema: JSONSchema = {"type": kind}
    least = converter.min if converter.signed else max(converter.min or 0, 0)
    if least is not None:
        schema["minimum"] = least
    if converter.max is not None:
        schema["maximum"] = converter.max
    if converter.fixed_digits:
        schema["x-digits"] = converter.fixed_digits
    return schema


def _text(regex: str) -> JSONSchema:
    found = _LENGTH.fullmatch(regex)
    schema: JSONSchema = {"type": "string"}
    if found:
        least, several, most = found.groups()
        schema["minLength"] = int(least)
        if most or not several:
            schema["maxLength"] = int(most or least)
    return schema
