"""Turn the rows of a dump program into lines of Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from marshmallow import missing
from marshmallow.fields import Decimal, List, Nested

from twopi_schemas.codegen import Writer, is_attribute
from twopi_schemas.decide.plan import HandedOverError, refuse_overrides
from twopi_schemas.dump.attribute_access import MISS, Access, access, stored
from twopi_schemas.dump.fields import Row, inner_of, row_of
from twopi_schemas.dump.program import asking, compile_dump
from twopi_schemas.guard import Guard
from twopi_schemas.marshmallow_internals import (
    DUMP_METHODS,
    AnyField,
    dump_hooks,
    resolved_schema,
)
from twopi_schemas.registry import AS_IS

if TYPE_CHECKING:
    from twopi_schemas.core import Core

#: Classes of objects remembered by one program.
MAX_CLASSES = 64
#: Sources that one schema is generated in, for different kinds of objects.
MAX_SOURCES = 8
#: Nested schemas that one source goes into.
MAX_DEPTH = 4

One = Callable[[Any], Any]


class Generated(NamedTuple):
    """The functions of a generated `dump`.

    Attributes:
        entry: takes the place of `dump`.
        one: dumps one object.
        learn: returns what dumps objects of a class.
        outdated: returns whether a schema was changed since; None if it cannot be.

    """

    entry: Callable[..., Any]
    one: One
    learn: Callable[[type], One]
    outdated: Callable[[], Any] | None


def write_dump(core: Core, *, stale: Callable[..., Any]) -> Generated:
    """Generate the source of a schema's `dump`; that for objects comes as they come.

    Args:
        core: the schema.
        stale: dumps a call after a change.
    """
    writer = Writer()
    guard = Guard(writer, "dump_fields")
    part = _Part(core, guard, depth=0)
    known, learn = part.known, part.learn
    writer.names.update(known=known, learn=learn, stale=stale)
    with writer.block("def entry(obj, *, many=None):"):
        guard.write("return stale(obj, many=many)")
        several = "many is None or many" if core.schema.many else "many"
        with writer.block(f"if ({several}) and obj is not None:"):
            writer.line("result = []")
            with writer.block("for one in obj:"):
                _write_known(writer, "one")
                writer.line("result.append(dump(one))")
            writer.line("return result")
        _write_known(writer, "obj")
        writer.line("return dump(obj)")
    with writer.block("def outdated():"):
        writer.line(f"return {guard.text}")
    title = f"{type(core.schema).__qualname__}.dump"
    entry, outdated = writer.functions(title, "entry", "outdated")
    return Generated(entry, part.one, part.learn, None if guard.empty else outdated)


class _Part:
    """One schema; generates a function for each way that objects are read."""

    def __init__(self, core: Core, guard: Guard, depth: int) -> None:
        scope = core.scope(None)
        self._core, self._scope = core, scope
        if core.watched:
            guard.schema(core.schema, thorough=True)
        self._rows = [
            (name, field, row_of(name, field, scope)[0])
            for name, field in core.schema.dump_fields.items()
        ]
        self._children: dict[int, _Part] = {}
        if depth < MAX_DEPTH:
            for _, field, _ in self._rows:
                self._prepare(field, guard, depth)
        self.known: dict[type, One] = {}
        self._functions: dict[Any, One] = {}

    def _prepare(self, field: AnyField, guard: Guard, depth: int) -> None:
        """Go into the schema of *field*, if marshmallow has looked it up."""
        if type(field) is List:
            self._prepare(field.inner, guard, depth)
        if type(field) is not Nested or resolved_schema(field) is None:
            return
        child = self._core.child(field)
        try:
            refuse_overrides(child.schema, DUMP_METHODS, child.entry)
        except HandedOverError:
            return
        if not dump_hooks(child.schema):
            self._children[id(field)] = _Part(child, guard, depth + 1)

    def one(self, obj: Any) -> Any:
        """Dump one object."""
        return (self.known.get(type(obj)) or self.learn(type(obj)))(obj)

    def learn(self, kind: type) -> One:
        """Return what dumps objects of class *kind*, generated if need be."""
        how = access(kind)
        if how is Access.ASK:
            function: One = asking(self._core.schema)
        else:
            names: frozenset[str] = frozenset()
            if how is Access.STATE:
                read = [row[1] for _, _, row in self._rows if row[1]]
                names = frozenset(stored(kind, read))
            found = self._functions.get((how, names))
            if found is None and len(self._functions) < MAX_SOURCES:
                found = self._functions[how, names] = self._write(how, names, kind)
            function = found or compile_dump(self._scope).one
        if len(self.known) >= MAX_CLASSES:
            self.known.clear()
        self.known[kind] = function
        return function

    def _write(self, how: Access, names: frozenset[str], kind: type) -> One:
        writer = Writer()
        writer.names.update(missing=missing, MISS=MISS)
        with writer.block("def dump(obj):"):
            if how is Access.STATE:
                writer.line("state = obj.__dict__")
            writer.line("gap = False")
            made = []
            for name, field, row in self._rows:
                v = writer.fresh()
                self._read(writer, how, names, row, v)
                self._convert(writer, name, field, row, v)
                made.append((writer.key(row[0]), v))
            pairs = ", ".join(f"({key}, {v})" for key, v in made)
            display = "{" + ", ".join(f"{key}: {v}" for key, v in made) + "}"
            make = self._core.schema.dict_class
            if make is not dict:
                display = f"{writer.bind(make, make.__name__)}([{pairs}])"
            with writer.block("if not gap:"):
                writer.line(f"return {display}")
            result = "{}" if make is dict else f"{writer.bind(make, 'make')}()"
            writer.line(f"result = {result}")
            for key, v in made:
                with writer.block(f"if {v} is not missing:"):
                    writer.line(f"result[{key}] = {v}")
            writer.line("return result")
        title = f"{type(self._core.schema).__qualname__}.dump {kind.__name__}"
        return writer.functions(title, "dump")[0]

    def _read(
        self, writer: Writer, how: Access, names: frozenset[str], row: Row, v: str
    ) -> None:
        """Write how the attribute of *row* gets into *v*."""
        attribute = row[1]
        if attribute is None:
            writer.line(f"{v} = missing")
            return
        key = writer.key(attribute)
        place = f"getattr(obj, {key}, missing)"
        if how is Access.ATTRIBUTE or (how is Access.STATE and attribute not in names):
            if not is_attribute(attribute):
                writer.line(f"{v} = {place}")
                return
            with writer.block("try:"):
                writer.line(f"{v} = obj.{attribute}")
            with writer.block("except AttributeError:"):
                writer.line(f"{v} = missing")
            return
        where, misses = (
            ("state", "KeyError") if how is Access.STATE else ("obj", "MISS")
        )
        with writer.block("try:"):
            writer.line(f"{v} = {where}[{key}]")
        with writer.block(f"except {misses}:"):
            writer.line(f"{v} = {place}")

    def _convert(
        self, writer: Writer, name: str, field: AnyField, row: Row, v: str
    ) -> None:
        """Write how the value in *v* is turned into plain data."""
        rest = f"{writer.bind(row[4], f'{name}_other')}({v}, obj)"
        fast = None
        if row[1] is not None:
            fast = self._fast(writer, field, row, v, rest)
        if fast is None:
            writer.line(f"{v} = {rest}")
            with writer.block(f"if {v} is missing:"):
                writer.line("gap = True")
            return
        test, lines = fast
        if lines:
            with writer.block(f"if {test}:"):
                for line in lines:
                    writer.line(line)
        with writer.block("else:" if lines else f"if not ({test}):"):
            writer.line(f"{v} = {rest}")
            with writer.block(f"if {v} is missing:"):
                writer.line("gap = True")

    def _fast(
        self, writer: Writer, field: AnyField, row: Row, v: str, rest: str
    ) -> tuple[str, list[str]] | None:
        """Return a test of *v*, and what converts it if the test is true.

        *rest* is the expression that converts any value.
        """
        _, _, kind, convert, _ = row
        part = self._children.get(id(field))
        if part is not None:
            some = f"{v} is not None and {v} is not missing"
            return some, _dumped(writer, part, field, v)
        if type(field) is List:
            return self._fast_list(writer, field, v, rest)
        if kind is None:
            return None
        test = f"type({v}) is {writer.kind(kind)}"
        if convert is AS_IS:
            return test, []
        return test, [f"{v} = {_converted(writer, field, convert, v)}"]

    def _fast_list(
        self, writer: Writer, field: Any, v: str, rest: str
    ) -> tuple[str, list[str]] | None:
        inner = field.inner
        kind, convert, whole = inner_of(inner, field.name, self._scope)
        part, x = self._children.get(id(inner)), writer.fresh("x")
        item = f"{writer.bind(whole, 'item_other')}({x}, obj)"
        w = writer.fresh("w")
        lines = [f"{w} = []", f"for {x} in {v}:"]
        if part is not None:
            lines += [f"    if {x} is not None:"]
            lines += [f"        {line}" for line in _dumped(writer, part, inner, x)]
            lines += ["    else:", f"        {x} = {item}", f"    {w}.append({x})"]
        elif kind is None:
            return None
        elif convert is AS_IS:
            lines = [
                f"for {x} in {v}:",
                f"    if type({x}) is not {writer.kind(kind)}:",
            ]
            lines += [f"        {w} = {rest}", "        break"]
            lines += ["else:", f"    {w} = {v}[:]"]
        else:
            made = _converted(writer, inner, convert, x)
            each = f"{made} if type({x}) is {writer.kind(kind)} else {item}"
            lines += [f"    {w}.append({each})"]
        return f"type({v}) is list", [*lines, f"{v} = {w}"]


def _write_known(writer: Writer, v: str) -> None:
    """Write how the function that dumps *v* gets into ``dump``."""
    for line in _known("known", "learn", v):
        writer.line(line)


def _known(known: str, learn: str, v: str) -> list[str]:
    return [
        "try:",
        f"    dump = {known}[type({v})]",
        "except KeyError:",
        f"    dump = {learn}(type({v}))",
    ]


def _dumped(writer: Writer, part: _Part, field: Any, v: str) -> list[str]:
    """Return the lines that dump *v* by the schema of *field*."""
    known = writer.bind(part.known, "known")
    learn = writer.bind(part.learn, "learn")
    if not (resolved_schema(field).many or field.many):  # type: ignore[union-attr]
        return [*_known(known, learn, v), f"{v} = dump({v})"]
    each, many = writer.fresh("x"), writer.fresh("w")
    return [
        f"{many} = []",
        f"for {each} in {v}:",
        *(f"    {line}" for line in _known(known, learn, each)),
        f"    {many}.append(dump({each}))",
        f"{v} = {many}",
    ]


def _converted(writer: Writer, field: Any, convert: Any, v: str) -> str:
    """Return the expression that converts *v*, whose type is the usual one."""
    call = f"{writer.bind(convert, 'convert')}({v})"
    if type(field) is Decimal and field.as_string and field.places is None:
        return f"(f'{{{v}:f}}' if {v}.is_finite() else {call})"
    return call
