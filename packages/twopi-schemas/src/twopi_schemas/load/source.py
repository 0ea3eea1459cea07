"""Turn the rows of a load program into lines of Python."""

from __future__ import annotations

import decimal
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from marshmallow import INCLUDE, RAISE, missing
from marshmallow.fields import Decimal, Float, List, Nested
from marshmallow.utils import set_value

from twopi_schemas.codegen import Writer
from twopi_schemas.decide.plan import Partial, Scope, UnsureError, partial_of
from twopi_schemas.guard import Guard
from twopi_schemas.load.fields import child_of, row_of, table_of, whole
from twopi_schemas.load.program import names_of
from twopi_schemas.load.validators import write_check
from twopi_schemas.marshmallow_internals import LOAD, AnyField
from twopi_schemas.registry import AS_IS, Table

if TYPE_CHECKING:
    from twopi_schemas.core import Core


class Generated(NamedTuple):
    """The functions of one generated module.

    Attributes:
        entry: takes the place of `load`; it hands over to marshmallow where it is
            unsure.
        rows: loads a list of dictionaries; it raises where it is unsure.
        outdated: returns whether a schema was changed since.
        source: the text.
    """

    entry: Callable[..., Any]
    rows: Callable[[Any], Any]
    outdated: Callable[[], Any]
    source: str


def write_load(
    core: Core,
    unknown: str,
    partial: Partial,
    *,
    other: Callable[..., Any],
    stale: Callable[..., Any],
) -> Generated:
    """Generate the source of a schema's `load` and run it.

    Args:
        core: the schema; its program for these options is without code of a user.
        unknown: what to do with unknown keys.
        partial: which fields may be missing.
        other: loads a call with options.
        stale: loads a call after a change.
    """
    writer = Writer()
    writer.names.update(missing=missing, Unsure=UnsureError, other=other, stale=stale)
    writer.names["hand_over"] = functools.partial(LOAD, core.schema)
    guard = Guard(writer, "load_fields")
    part = _Part(writer, guard, core, core.scope(partial), unknown)
    with writer.block("def rows(values):"):
        writer.line("results = []")
        with writer.block("for data in values:"):
            part.write()
            writer.line("results.append(result)")
        writer.line("return results")
    with writer.block("def load(data, *, many=None, partial=None, unknown=None):"):
        options = "many=many, partial=partial, unknown=unknown"
        guard.write(f"return stale(data, {options})")
        many = "many is not None or " if core.schema.many else "many or "
        with writer.block(f"if {many}partial is not None or unknown is not None:"):
            writer.line(f"return other(data, {options})")
        if not core.schema.many:
            with writer.block("if type(data) is not dict:"):
                writer.line(f"return other(data, {options})")
        with writer.block("try:"):
            if core.schema.many:
                with writer.block("if type(data) is list:"):
                    writer.line("return rows(data)")
            else:
                part.write(checked=True)
                writer.line("return result")
        with writer.block("except Exception:"):
            writer.line("pass")
        writer.line("return hand_over(data)")
    with writer.block("def outdated():"):
        writer.line(f"return {guard.text}")
    title = f"{type(core.schema).__qualname__}.load"
    found = writer.functions(title, "load", "rows", "outdated")
    entry, rows, outdated = found
    return Generated(entry, rows, outdated, writer.text)


class _Part:
    """One schema within the source; writes the body that makes `result` of `data`."""

    def __init__(
        self, writer: Writer, guard: Guard, core: Core, scope: Scope, unknown: str
    ) -> None:
        self._writer = writer
        self._scope = scope
        self._guard = guard
        self._unknown = unknown
        self._make = core.schema.dict_class
        self._watched = core.watched
        guard.schema(core.schema, thorough=core.watched)
        self._rows = [
            _Row(
                *(name, *names_of(name, field), field),
                *row_of(name, field, scope)[2:],
                *(scope.within(name, field), scope.skips(name)),
            )
            for name, field in core.schema.load_fields.items()
        ]
        self._children: dict[int, str] = {}
        self._tables: dict[int, tuple[Table, type | None, Callable[[Any], Any]]] = {}
        for row in self._rows:
            self._prepare(row.field, row.scope)
        self._dotted = any("." in row.target for row in self._rows)

    def _prepare(self, field: Any, scope: Scope) -> None:
        """Find the table of *field*, and write the function of its schema."""
        table = table_of(field, scope)
        kind, _, other = whole(field, table)
        self._tables[id(field)] = table, kind, other
        if type(field) is List:
            self._prepare(field.inner, scope)
        child = child_of(field, scope) if type(field) is Nested else None
        if child is None:
            return
        schema = child.schema
        unknown = schema.unknown if field.unknown is None else field.unknown
        given = schema.partial if scope.partial is None else scope.partial
        above = (*scope.above, type(schema))
        inner = Scope(schema, partial_of(given), child.child, above, child.entry)
        part = _Part(self._writer, self._guard, child, inner, unknown)
        name = self._writer.fresh("load_")
        with self._writer.block(f"def {name}(data):"):
            part.write()
            self._writer.line("return result")
        self._children[id(field)] = name

    def write(self, *, checked: bool = False) -> None:
        """Write the body; with *checked*, the data is known to be a dictionary."""
        writer, make = self._writer, self._make
        if not checked:
            with writer.block("if type(data) is not dict:"):
                writer.line("raise Unsure")
        made = "{}" if make is dict else f"{writer.bind(make, make.__name__)}()"
        writer.line(f"result = {made}")
        defaults = self._watched or any(map(_has_default, self._rows))
        sources = {row.source for row in self._rows}
        counted = (
            self._unknown == RAISE
            and not self._dotted
            and len(sources) == len(self._rows)
        )
        if counted and defaults:
            writer.line("extra = 0")
        for row in self._rows:
            self._write_row(row, counted=counted)
        if counted:
            found = "len(result) - extra" if defaults else "len(result)"
            with writer.block(f"if {found} != len(data):"):
                writer.line("raise Unsure")
        elif self._unknown == RAISE:
            names = writer.bind(frozenset(sources), "names")
            with writer.block(f"if not {names}.issuperset(data):"):
                writer.line("raise Unsure")
        elif self._unknown == INCLUDE:
            names = writer.bind(frozenset(sources), "names")
            with writer.block(f"for key in set(data) - {names}:"):
                writer.line("result[key] = data[key]")

    def _write_row(self, row: _Row, *, counted: bool) -> None:
        writer, field = self._writer, row.field
        _, kind, _ = self._tables[id(field)]
        rest, source = (
            writer.bind(row.other, f"{row.name}_other"),
            writer.key(row.source),
        )
        v = writer.fresh()
        with writer.block(f"if {source} in data:"):
            writer.line(f"{v} = data[{source}]")
            with writer.block(f"if {_test(writer, kind, v)}:"):
                writer.line(self._store(row.target, self._convert(field, v)))
            if field.allow_none and not self._watched:
                with writer.block(f"elif {v} is None:"):
                    writer.line(self._store(row.target, "None"))
            with writer.block("else:"):
                writer.line(f"{v} = {rest}({v})")
                with writer.block(f"if {v} is not missing:"):
                    writer.line(self._store(row.target, v))
        if row.skipped or (row.optional and not self._watched):
            return
        with writer.block("else:"):
            if field.required and not self._watched:
                writer.line("raise Unsure")
                return
            writer.line(f"{v} = {rest}(missing)")
            with writer.block(f"if {v} is not missing:"):
                writer.line(self._store(row.target, v))
                if counted:
                    writer.line("extra += 1")

    def _store(self, target: str, value: str) -> str:
        if self._dotted:
            function = self._writer.bind(set_value, "set_value")
            return f"{function}(result, {self._writer.key(target)}, {value})"
        return f"result[{self._writer.key(target)}] = {value}"

    def _convert(self, field: AnyField, v: str) -> str:
        """Write what turns *v* into the value; return the name of that."""
        writer = self._writer
        table, kind, _ = self._tables[id(field)]
        w = self._plain(field, table, kind, v)
        for check in field.validators:
            if not write_check(writer, self._guard, check, w, table, kind):
                writer.line(f"{writer.bind(check, 'check')}({w})")
        return w

    def _plain(self, field: AnyField, table: Table, kind: type | None, v: str) -> str:
        writer = self._writer
        child = self._children.get(id(field))
        w = writer.fresh("w")
        if child is not None:
            each = f"[{child}(each) for each in {v}]"
            writer.line(f"{w} = {each if kind is list else f'{child}({v})'}")
            return w
        if type(field) is List and kind is list:
            self._write_list(field, v, w)
            return w
        convert = table[object if kind is None else kind]
        if convert is AS_IS:
            return v
        if type(field) is Float and kind is float:
            with writer.block(f"if {v} - {v} != 0.0:"):
                writer.line("raise Unsure")
            return v
        if type(field) is Decimal and not field.allow_nan and kind is str:
            writer.line(f"{w} = {writer.bind(decimal.Decimal, 'Decimal')}({v})")
            with writer.block(f"if not {w}.is_finite():"):
                writer.line("raise Unsure")
            if field.places is not None:
                places = writer.bind(field.places, "places")
                rounding = writer.constant(field.rounding, "rounding")
                writer.line(f"{w} = {w}.quantize({places}, {rounding})")
            return w
        writer.line(f"{w} = {writer.bind(convert, 'convert')}({v})")
        return w

    def _write_list(self, field: Any, v: str, w: str) -> None:
        writer, inner = self._writer, field.inner
        table, kind, other = self._tables[id(inner)]
        rest, x = writer.bind(other, "item_other"), writer.fresh("x")
        if kind is not None and table[kind] is AS_IS and not inner.validators:
            whole = writer.bind(self._tables[id(field)][0][list], "items")
            with writer.block(f"for {x} in {v}:"):  # noqa: SIM117
                with writer.block(f"if type({x}) is not {writer.kind(kind)}:"):
                    writer.line(f"{w} = {whole}({v})")
                    writer.line("break")
            with writer.block("else:"):
                writer.line(f"{w} = {v}[:]")
            return
        writer.line(f"{w} = []")
        with writer.block(f"for {x} in {v}:"):
            with writer.block(f"if {_test(writer, kind, x)}:"):
                writer.line(f"{w}.append({self._convert(inner, x)})")
            with writer.block("else:"):
                writer.line(f"{w}.append({rest}({x}))")


class _Row(NamedTuple):
    """One field of a part."""

    name: str
    source: Any
    target: str
    field: AnyField
    optional: bool
    other: Callable[[Any], Any]
    scope: Scope
    skipped: bool


def _test(writer: Writer, kind: type | None, v: str) -> str:
    if kind is None:
        return f"{v} is not None and {v} is not missing"
    return f"type({v}) is {writer.kind(kind)}"


def _has_default(row: _Row) -> bool:
    return not row.optional and not row.field.required
