"""Say which fields of a schema are compiled, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from marshmallow import Schema
from marshmallow.fields import Nested

from twopi_schemas.change_watch import with_inner
from twopi_schemas.core import Core
from twopi_schemas.decide.plan import CALLED, HANDED_OVER, HandedOverError, Plan, Scope
from twopi_schemas.dump.program import plan_dump
from twopi_schemas.load.program import plan_load
from twopi_schemas.marshmallow_internals import dump_hooks, load_hooks


class Explanation(NamedTuple):
    """How one call treats one field.

    *how* is ``"compiled"``; ``"called"``, if compiled code calls code of yours once
    and in marshmallow's order; or ``"handed over"`` to marshmallow. *why* is empty
    for what is compiled. The field ``"*"`` stands for the schema around the fields.
    """

    field: str
    call: str
    how: str
    why: str


class Explanations(tuple[Explanation, ...]):  # noqa: SLOT001 - has its source
    """The rows of `explain`; ``str()`` of it is a table.

    Attributes:
        source: the generated source, if it was asked for.
    """

    source = ""

    @property
    def share(self) -> float:
        """The share of fields and calls that compiled code does, from 0 to 1."""
        done = sum(row.how != HANDED_OVER for row in self)
        return done / len(self) if self else 1.0

    def __str__(self) -> str:
        rows = [Explanation._fields, *self]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                text.ljust(width) for text, width in zip(row, widths, strict=True)
            ).rstrip()
            for row in rows
        ]
        return "\n".join(lines) + (f"\n\n{self.source}" if self.source else "")


def explain(schema: type[Schema] | Schema, *, source: bool = False) -> Explanations:
    """Say of each field of *schema* whether it is compiled, and if not, why.

    Args:
        schema: a schema class or instance; fields of nested schemas are not
            listed, a field is compiled if all in it is. A field that is not names the
            nested schema and field that keeps it from being compiled.
        source: also return the source that is generated for the schema once it is in
            use: for its usual `load`, and for its `dump` of mappings.

    Returns:
        one row for each field and call; printed, it is a table.

    .. versionchanged:: 2.0.0
       *source*.
    """
    instance = schema if isinstance(schema, Schema) else schema()
    found = Explanations((*_load(instance), *_dump(instance)))
    if source:
        core = Core(instance, watched=isinstance(schema, Schema))
        found.source = "\n".join(filter(None, (core.load_source(), core.dump_source())))
    return found


def _scope(schema: Schema) -> Scope:
    look_up(schema, ())
    return Core(schema, watched=False).scope(None)


def look_up(schema: Schema, above: tuple[type[Schema], ...]) -> None:
    """Look up the schemas of nested fields, which marshmallow does when it needs them.

    Args:
        schema: the schema.
        above: the classes of the schemas that it is inside of.
    """
    above = (*above, type(schema))
    for field in with_inner(schema.fields.values()):
        if isinstance(field, Nested):
            try:
                nested = field.schema
            except Exception:  # noqa: BLE001, S112 - using the field says what it is
                continue
            if type(nested) not in above:
                look_up(nested, above)


def _load(schema: Schema) -> Iterator[Explanation]:
    try:
        plans = plan_load(_scope(schema))
    except HandedOverError as reason:
        yield Explanation("*", "load", HANDED_OVER, str(reason))
        return
    if hooks := load_hooks(schema):
        yield _hooks("load", hooks)
    yield from _rows("load", plans)


def _dump(schema: Schema) -> Iterator[Explanation]:
    try:
        plans = plan_dump(_scope(schema))
    except HandedOverError as reason:
        yield Explanation("*", "dump", HANDED_OVER, str(reason))
        return
    if hooks := dump_hooks(schema):
        yield _hooks("dump", hooks)
    yield from _rows("dump", plans)


def _hooks(call: str, hooks: list[str]) -> Explanation:
    why = f"marshmallow runs {', '.join(hooks)} around the fields"
    return Explanation("*", call, CALLED, why)


def _rows(call: str, plans: dict[str, Plan]) -> Iterator[Explanation]:
    for name, plan in plans.items():
        yield Explanation(name, call, plan.how, plan.why)
