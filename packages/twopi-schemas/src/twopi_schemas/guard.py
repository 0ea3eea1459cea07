"""Write the test that generated source starts with: was anything changed since?

A comparison is an attribute of an object that is bound to a name, read in place and
compared by identity; for the lists and dictionaries among them, by content too.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from marshmallow.fields import Nested

from twopi_schemas.change_watch import with_inner
from twopi_schemas.codegen import Writer, is_attribute
from twopi_schemas.marshmallow_internals import (
    DUMP_METHODS,
    LOAD_METHODS,
    AnyField,
    resolved_schema,
)

#: Attributes of a field that no result depends on.
_IDLE = frozenset(
    {
        *("metadata", "validate", "error_messages", "parent", "name", "root"),
        *("load_only", "dump_only", "_creation_index", "only", "exclude"),
        *("validate_length", "nested", "field_name"),
    }
)
_ONLY_DUMP = frozenset({"dump_default", "as_string"})
_ONLY_LOAD = frozenset(
    {
        *("load_default", "required", "allow_none", "validators", "pre_load"),
        *("post_load", "truthy", "falsy", "allow_nan", "strict", "unknown"),
    }
)
#: A list longer than this is compared in one call.
_LONG = 4
_METHODS = LOAD_METHODS | DUMP_METHODS


class Guard:
    """The comparisons of one program; `text` is true if any of them fails."""

    def __init__(self, writer: Writer, own: str) -> None:
        self._writer = writer
        self._own = own
        self._terms: dict[str, None] = {}
        self._idle = _IDLE | (_ONLY_DUMP if own == "load_fields" else _ONLY_LOAD)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to compare."""
        return not self._terms

    @property
    def text(self) -> str:
        """The comparisons as one expression."""
        return " or ".join(self._terms) or "False"

    def same(
        self, owner: Any, attribute: str, hint: str, *, content: bool = True
    ) -> None:
        """Compare an attribute of *owner* with what it is now.

        Its content is compared too, unless generated source reads it in place.
        """
        bind = self._writer.bind
        place = f"{bind(owner, hint)}.{attribute}"
        value = getattr(owner, attribute)
        self._add(f"{place} is not {self._writer.constant(value, attribute)}")
        if content:
            self._content(value, place, attribute)

    def _content(self, value: Any, place: str, hint: str) -> None:
        if type(value) in (list, set, dict) and not value:
            self._add(place)
        elif type(value) is list and len(value) > _LONG:
            known = self._writer.bind([*map(id, value)], f"{hint}_ids")
            self._writer.bind(value.copy(), f"{hint}_then")  # keeps the ids in use
            self._add(f"[*map(id, {place})] != {known}")
        elif type(value) is list:
            self._add(f"len({place}) != {len(value)}")
            for index, each in enumerate(value):
                item = self._writer.constant(each, f"{hint}_{index}")
                self._add(f"{place}[{index}] is not {item}")
        elif type(value) in (set, dict):
            then = self._writer.bind(value.copy(), f"{hint}_then")
            self._add(f"{place} != {then}")

    def _add(self, term: str) -> None:
        self._terms[term] = None

    def schema(self, schema: Schema, *, thorough: bool) -> None:
        """Compare all that the compiled form of *schema* depends on."""
        declared = getattr(schema, self._own)
        fields = with_inner(declared.values())
        if thorough:
            self._around(schema, declared)
        for field in fields:
            self._field(field, thorough=thorough)

    def _around(self, schema: Schema, declared: dict[str, AnyField]) -> None:
        """Compare what is not in the fields."""
        bind = self._writer.bind
        title = type(schema).__name__
        for name in ("many", "partial", "unknown", "dict_class", self._own):
            self.same(schema, name, title)
        fields = bind(declared, self._own)
        self._add(f"[*{fields}] != {bind(list(declared), 'order')}")
        for place in (schema, *type(schema).__mro__):
            if place is Schema:
                break
            attributes = vars(place)
            if place is schema:
                own = bind(_METHODS, "methods")
                if not _METHODS.isdisjoint(attributes):
                    self._add("True")
                self._sizes(attributes, f"{own}.isdisjoint", title)
            else:
                known = bind(attributes, f"{place.__name__}_attributes")
                self._add(f"len({known}) != {len(attributes)}")

    def _sizes(self, attributes: Any, isdisjoint: str, title: str) -> None:
        """Look for methods given to an instance, once its dictionary has grown."""
        known = self._writer.bind(attributes, f"{title}_attributes")
        self._add(
            f"(len({known}) != {len(attributes)} and not {isdisjoint}({known}))"
        )

    def _field(self, field: AnyField, *, thorough: bool) -> None:
        title = field.name or "item"
        if isinstance(field, Nested):
            place = f"{self._writer.bind(field, title)}._schema"
            nested = self._writer.constant(resolved_schema(field), f"{title}_schema")
            self._add(f"{place} is not {nested}")
        if not thorough:
            if self._own == "load_fields":
                name = self._writer.bind(field.validators, f"{title}_validators")
                self._content(field.validators, name, "validators")
            return
        attributes = vars(field)
        name = self._writer.bind(attributes, f"{title}_attributes")
        self._add(f"len({name}) != {len(attributes)}")
        for attribute in attributes:
            if attribute not in self._idle and is_attribute(attribute):
                self.same(field, attribute, title)

