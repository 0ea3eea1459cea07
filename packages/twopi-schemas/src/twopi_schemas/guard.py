"""Write the test that generated source starts with: was anything changed since?

A comparison is an attribute of an object that is bound to a name, read in place and
compared by identity; for the lists and dictionaries among them, by content too.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from marshmallow.fields import Nested

from twopi_schemas.change_watch import with_inner
from twopi_schemas.codegen import Writer
from twopi_schemas.marshmallow_internals import (
    DUMP_METHODS,
    LOAD_METHODS,
    AnyField,
)

#: Attributes of a field that no result depends on, or that are read when needed.
_IDLE = frozenset(
    {
        *("metadata", "validate", "error_messages", "parent", "name", "root"),
        *("load_only", "dump_only", "_creation_index", "only", "exclude"),
        *("validate_length", "nested", "field_name", "required", "allow_none"),
        "dump_default",
    }
)
_ONLY_DUMP = frozenset({"as_string"})
_ONLY_LOAD = frozenset(
    {
        *("validators", "pre_load", "post_load", "truthy", "falsy", "allow_nan"),
        *("strict", "unknown", "load_default"),
    }
)
#: Attributes that count for the fields of a schema, not for those inside of others.
_OF_SCHEMA = frozenset({"attribute", "data_key"})
#: A list longer than this is compared in one call.
_LONG = 4
_METHODS = LOAD_METHODS | DUMP_METHODS


class Guard:
    """The comparisons of one program; `text` is true if any of them fails."""

    def __init__(self, writer: Writer, own: str) -> None:
        self._writer = writer
        self._own = own
        self._terms: dict[str, None] = {}
        self._thorough = False
        self._idle = _IDLE | (_ONLY_DUMP if own == "load_fields" else _ONLY_LOAD)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to compare."""
        return not self._terms

    @property
    def text(self) -> str:
        """The comparisons as one expression."""
        return " or ".join(self._terms) or "False"

    def write(self, action: str) -> None:
        """Write the comparisons, and do *action* if any of them fails."""
        if self.empty:
            return
        writer = self._writer
        if not self._thorough:  # what is compared is ours, and compares by identity
            with writer.block(f"if {self.text}:"):
                writer.line(action)
            return
        with writer.block("try:"):
            writer.line(f"changed = {self.text}")
        with writer.block("except Exception:"):
            writer.line("changed = True")
        with writer.block("if changed:"):
            writer.line(action)

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
        if thorough:
            self._thorough = True
            self._around(schema, declared)
        outer = list(declared.values())
        for field in with_inner(outer):
            inner = all(field is not each for each in outer)
            self._field(field, thorough=thorough, inner=inner)

    def _around(self, schema: Schema, declared: dict[str, AnyField]) -> None:
        """Compare what is not in the fields."""
        bind = self._writer.bind
        title = type(schema).__name__
        attributes = vars(schema)
        options = ("many", "partial", "unknown", self._own)
        for name in options if self._own == "load_fields" else ("many", self._own):
            if name in attributes:
                self._item(attributes, name, title)
            else:
                self.same(schema, name, title)
        self.same(schema, "dict_class", title)
        order = bind([*declared, *declared.values()], "order")
        fields = bind(declared, self._own)
        self._add(f"[*{fields}, *{bind(declared.values(), 'values')}] != {order}")
        own, methods = (
            bind(attributes, f"{title}_attributes"),
            bind(_METHODS, "methods"),
        )
        grown = f"len({own}) != {len(attributes)}"
        self._add(f"({grown} and not {methods}.isdisjoint({own}))")
        for kind in type(schema).__mro__:
            if kind is Schema:
                break
            known = bind(vars(kind), f"{kind.__name__}_attributes")
            self._add(f"len({known}) != {len(vars(kind))}")

    def _field(self, field: AnyField, *, thorough: bool, inner: bool) -> None:
        title = field.name or "item"
        attributes = vars(field)
        if isinstance(field, Nested) and not thorough:
            self._item(attributes, "_schema", title)
        if not thorough:
            if self._own == "load_fields":
                name = self._writer.bind(field.validators, f"{title}_validators")
                self._content(field.validators, name, "validators")
            return
        name = self._writer.bind(attributes, f"{title}_attributes")
        self._add(f"len({name}) != {len(attributes)}")
        idle = self._idle | _OF_SCHEMA if inner else self._idle
        for attribute in attributes:
            if attribute not in idle:
                self._item(attributes, attribute, title)

    def _item(self, attributes: dict[str, Any], name: str, hint: str) -> None:
        """Compare one attribute, which is read from the dictionary of its object."""
        place = f"{self._writer.bind(attributes, f'{hint}_attributes')}[{name!r}]"
        value = attributes[name]
        if type(value) is list and not value:
            self._add(place)
            return
        self._add(f"{place} is not {self._writer.constant(value, name)}")
        self._content(value, place, name)
