"""Write marshmallow's own validators in line, where that is exact.

A line raises `Unsure` where marshmallow might refuse the value; marshmallow then
loads the data again and makes the error. What a line reads from a validator is
compared at the start of each call.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable
from typing import Any

from marshmallow import validate

from twopi_schemas.codegen import Writer
from twopi_schemas.guard import Guard
from twopi_schemas.registry import Table

_SIZED = (str, list)
_NUMBERS = (int, float, decimal.Decimal)
_ORDERED = (*_NUMBERS, str, dt.date, dt.datetime, dt.time, dt.timedelta)


def write_check(
    writer: Writer,
    guard: Guard,
    check: Any,
    v: str,
    table: Table,
    kind: type | None,
) -> bool:
    """Write *check* of the value named *v*; return whether it could be.

    Args:
        writer: takes the lines.
        guard: takes what the lines depend on.
        check: a validator.
        v: the name of the value.
        table: what converts values of the field.
        kind: the exact type that the value had before it was converted.
    """
    write = _WRITERS.get(type(check))
    if write is None:
        return False
    exact = kind if kind is not None and table[kind] is None else None
    return write(writer, guard, check, v, exact)


def _unsure(writer: Writer, condition: str) -> None:
    with writer.block(f"if {condition}:"):
        writer.line("raise Unsure")


def _length(w: Writer, guard: Guard, check: Any, v: str, kind: Any) -> bool:
    if kind not in _SIZED:
        return False
    bounds = (check.min, check.max, check.equal)
    if any(type(bound) not in (int, type(None)) for bound in bounds):
        return False
    for name in ("min", "max", "equal"):
        guard.same(check, name, "length")
    if check.equal is not None:
        _unsure(w, f"len({v}) != {check.equal:d}")
    elif check.min is not None and check.max is not None:
        _unsure(w, f"not {check.min:d} <= len({v}) <= {check.max:d}")
    elif check.min is not None:
        _unsure(w, f"len({v}) < {check.min:d}")
    elif check.max is not None:
        _unsure(w, f"len({v}) > {check.max:d}")
    return True


def _range(w: Writer, guard: Guard, check: Any, v: str, _: Any) -> bool:
    if any(
        bound is not None and type(bound) not in _ORDERED
        for bound in (check.min, check.max)
    ):
        return False
    for name in ("min", "max", "min_inclusive", "max_inclusive"):
        guard.same(check, name, "range")
    outside = []
    if check.min is not None:
        operator = "<" if check.min_inclusive else "<="
        outside.append(f"{v} {operator} {_bound(w, check.min)}")
    if check.max is not None:
        operator = ">" if check.max_inclusive else ">="
        outside.append(f"{v} {operator} {_bound(w, check.max)}")
    if outside:
        _unsure(w, " or ".join(outside))
    return True


def _bound(w: Writer, value: Any) -> str:
    return f"{value:d}" if type(value) is int else w.bind(value, "bound")


def _one_of(w: Writer, guard: Guard, check: Any, v: str, _: Any) -> bool:
    guard.same(check, "choices", "one_of", content=False)
    _unsure(w, f"{v} not in {w.bind(check.choices, 'choices')}")
    return True


def _none_of(w: Writer, guard: Guard, check: Any, v: str, _: Any) -> bool:
    guard.same(check, "iterable", "none_of", content=False)
    _unsure(w, f"{v} in {w.bind(check.iterable, 'refused')}")
    return True


def _equal(w: Writer, guard: Guard, check: Any, v: str, _: Any) -> bool:
    guard.same(check, "comparable", "equal", content=False)
    _unsure(w, f"{v} != {w.bind(check.comparable, 'comparable')}")
    return True


def _regexp(w: Writer, guard: Guard, check: Any, v: str, _: Any) -> bool:
    guard.same(check, "regex", "regexp")
    _unsure(w, f"{w.bind(check.regex.match, 'match')}({v}) is None")
    return True


def _email(w: Writer, guard: Guard, check: Any, v: str, kind: Any) -> bool:
    if kind is not str:
        return False
    for name in ("USER_REGEX", "DOMAIN_REGEX", "DOMAIN_WHITELIST"):
        guard.same(check, name, "email", content=False)
    user, domain = w.fresh("user"), w.fresh("domain")
    w.line(f"{user}, {domain} = {v}.rsplit('@', 1)")
    _unsure(w, f"{w.bind(check.USER_REGEX.match, 'user_match')}({user}) is None")
    known = w.bind(check.DOMAIN_WHITELIST, "known_domains")
    match = w.bind(check.DOMAIN_REGEX.match, "domain_match")
    _unsure(w, f"{match}({domain}) is None and {domain} not in {known}")
    return True


_WRITERS: dict[type, Callable[[Writer, Guard, Any, str, Any], bool]] = {
    validate.Email: _email,
    validate.Equal: _equal,
    validate.Length: _length,
    validate.NoneOf: _none_of,
    validate.OneOf: _one_of,
    validate.Range: _range,
    validate.Regexp: _regexp,
}
