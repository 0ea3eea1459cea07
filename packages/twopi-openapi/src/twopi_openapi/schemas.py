"""The schemas of a document, by names that do not change when others are added."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import RAISE, Schema, fields

from twopi_openapi.fields import JSONSchema, Side, describe

PLACE = "#/components/schemas/"
_LONGEST = 60
"""Characters of a change in a name; what is longer ends with a digest."""
_GENERATED = "GeneratedSchema"
"""The name of each class that `Schema.from_dict` makes."""


@dataclass(frozen=True, slots=True)
class _Key:
    """What makes two instances of a schema the same in a document."""

    kind: type[Schema]
    names: frozenset[str]
    """The fields of its side, and those within them as ``author.name``."""
    optional: frozenset[str]
    """The fields that `partial` makes optional."""
    unknown: str
    side: Side


class Schemas:
    """The schemas that a document refers to.

    A schema is named after its class: what ``EntrySchema`` sends is ``Entry``, what it
    takes is ``EntryInput``, or ``Entry`` if both are the same. The arguments of an
    instance are in its name: ``EntryOnlyIdNote``, ``EntryPartialInput``. Two classes of
    one name have their modules in theirs.
    """

    def __init__(self) -> None:
        self._bodies: dict[_Key, JSONSchema] = {}
        self._examples: dict[_Key, Schema] = {}
        self._references: list[tuple[JSONSchema, _Key]] = []

    def ref(self, schema: Schema, side: Side) -> JSONSchema:
        """Return a reference to *schema*, which `components` gives its target.

        Args:
            schema: An instance; its ``many`` does not count.
            side: ``"load"`` for what clients send, ``"dump"`` for what they get.
        """
        if type(schema).__name__ == _GENERATED:
            return self._body(schema, side)
        key = _key(schema, side)
        if key not in self._bodies:
            self._bodies[key] = {}  # a schema may contain itself
            self._examples[key] = schema
            self._bodies[key] = self._body(schema, side)
        reference: JSONSchema = {"$ref": ""}
        self._references.append((reference, key))
        return reference

    def components(self) -> dict[str, JSONSchema]:
        """Complete all references, and return the schemas by their names."""
        names = self._names()
        for reference, key in self._references:
            reference["$ref"] = f"{PLACE}{names[key]}"
        found = {names[key]: body for key, body in self._bodies.items()}
        return dict(sorted(found.items()))

    def _body(self, schema: Schema, side: Side) -> JSONSchema:
        described = _fields(schema, side)
        body: JSONSchema = {
            "type": "object",
            "properties": {
                name: describe(field, side, self) for name, field in described.items()
            },
        }
        required = [name for name, field in described.items() if _required(field, side)]
        if required:
            body["required"] = required
        if side == "load" and schema.unknown == RAISE:
            body["additionalProperties"] = False
        text = (vars(type(schema)).get("__doc__") or "").strip()
        if text:
            body["description"] = " ".join(text.split("\n\n")[0].split())
        return body

    def _names(self) -> dict[_Key, str]:
        """Name every schema, whatever the order in which they were found."""
        owners = defaultdict(set)
        for key in self._bodies:
            owners[_stem(key.kind)].add(key.kind)
        names = {}
        for key in self._bodies:
            stem = _stem(key.kind)
            if len(owners[stem]) > 1:
                stem = "".join(map(_capital, key.kind.__module__.split("."))) + stem
            names[key] = stem + _change(key)
        for key, name in names.items():
            if key.side == "load" and self._differs(key):
                names[key] = f"{name}Input"
        used = Counter((name, key.side) for key, name in names.items())
        return {
            key: f"{name}{_digest(key)}" if used[name, key.side] > 1 else name
            for key, name in names.items()
        }

    def _differs(self, key: _Key) -> bool:
        """Return whether a schema takes something else than it sends."""
        schema = self._examples[key]
        sides = [_Canonical().ref(schema, side) for side in ("load", "dump")]
        return sides[0] != sides[1]


class _Canonical:
    """Spells schemas out; one within itself is its class."""

    def __init__(self) -> None:
        self._open: list[type[Schema]] = []

    def ref(self, schema: Schema, side: Side) -> JSONSchema:
        if type(schema) in self._open:
            return {"itself": self._open.index(type(schema))}
        self._open.append(type(schema))
        found = _fields(schema, side)
        body = {
            name: (describe(field, side, self), _required(field, side))
            for name, field in found.items()
        }
        self._open.pop()
        return {"of": body, "closed": side == "load" and schema.unknown == RAISE}


def with_unknown(schema: Schema, unknown: Any) -> Schema:
    """Return *schema* with another rule for names that it does not know."""
    if schema.unknown == unknown:
        return schema
    other = copy.copy(schema)
    other.unknown = unknown
    return other


def _fields(schema: Schema, side: Side) -> Mapping[str, fields.Field[Any]]:
    """Return the fields of one side by their names in JSON."""
    found = schema.load_fields if side == "load" else schema.dump_fields
    return {
        field.data_key if field.data_key is not None else name: field
        for name, field in found.items()
    }


def _required(field: fields.Field[Any], side: Side) -> bool:
    """Return whether a property is always there; what is dumped always is."""
    if side == "dump":
        return True
    parent: Any = field.parent
    partial = parent.partial or ()
    optional = partial is True or (partial is not False and field.name in partial)
    return field.required and not optional


def _key(schema: Schema, side: Side) -> _Key:
    """Return the key of an instance, by what its arguments came to."""
    found = schema.load_fields if side == "load" else schema.dump_fields
    names = set(found)
    for name, field in found.items():
        if isinstance(field, fields.Nested):
            names |= {f"{name}.{each}" for each in field.only or ()}
            names |= {f"{name}.-{each}" for each in field.exclude}
    partial = (schema.partial or ()) if side == "load" else ()
    optional = found if partial is True else {*found} & {*partial}
    unknown = str(schema.unknown) if side == "load" else ""
    return _Key(type(schema), frozenset(names), frozenset(optional), unknown, side)


def _stem(kind: type[Schema]) -> str:
    """Return the name of a class without ``Schema``; one may be chosen for it."""
    said = vars(kind).get("__openapi__", {})
    chosen = said.get("name") if isinstance(said, Mapping) else None
    name: str = chosen or kind.__name__.removesuffix("Schema") or kind.__name__
    return name


def _change(key: _Key) -> str:
    """Return the part of a name that tells how an instance differs from its class."""
    try:
        usual = _key(key.kind(), key.side)
    except TypeError:  # it needs arguments of its own
        return ""
    gone, more = usual.names - key.names, key.names - usual.names
    parts = []
    if gone and len(gone) > len(key.names):
        parts += ["Only", *sorted(key.names)]
    elif gone or more:
        parts += ["Without", *sorted(gone)] if gone else []
        parts += ["With", *sorted(more)] if more else []
    if key.optional != usual.optional:
        parts.append("Partial")
        if not {name for name in key.names if "." not in name} <= key.optional:
            parts += sorted(key.optional)
    if key.unknown != usual.unknown:
        parts.append(key.unknown)
    text = "".join(_capital(re.sub(r"\W+", "_", part)) for part in parts)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}{_digest(key)}"


def _digest(key: _Key) -> str:
    told = [sorted(key.names), sorted(key.optional), key.unknown]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:6]


def _capital(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
