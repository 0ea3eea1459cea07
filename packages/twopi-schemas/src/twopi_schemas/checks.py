"""Tell which validators may run twice.

A value that fails is loaded again by marshmallow itself, which then makes the
error. That is invisible only for validators without effects: marshmallow's own,
comparing with plain values. Any other validator runs exactly once.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import re
import uuid
from collections.abc import Callable
from typing import Any

from marshmallow import validate

_PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, decimal.Decimal, uuid.UUID),
    *(dt.date, dt.datetime, dt.time, dt.timedelta, dt.timezone, re.Pattern),
)
_CONTAINERS = (list, tuple, set, frozenset)


def is_plain(value: Any) -> bool:
    """Tell whether comparing with *value* runs no code of a user."""
    if type(value) in _CONTAINERS:
        return all(map(is_plain, value))
    return type(value) in _PLAIN or type(value) is range


def _parameters(*names: str) -> Callable[[Any], bool]:
    return lambda check: all(is_plain(getattr(check, name)) for name in names)


_KNOWN: dict[type, Callable[[Any], bool]] = {
    validate.And: lambda check: all(map(is_repeatable, check.validators)),
    validate.ContainsNoneOf: _parameters("iterable"),
    validate.ContainsOnly: _parameters("choices"),
    validate.Email: _parameters(),
    validate.Equal: _parameters("comparable"),
    validate.Length: _parameters("min", "max", "equal"),
    validate.NoneOf: _parameters("iterable"),
    validate.OneOf: _parameters("choices"),
    validate.Range: _parameters("min", "max"),
    validate.Regexp: _parameters("regex"),
    validate.URL: _parameters("schemes"),
}


def is_repeatable(check: Any) -> bool:
    """Tell whether *check* is one of marshmallow's own, with plain parameters."""
    known = _KNOWN.get(type(check))
    return known is not None and known(check)


def is_repeatable_default(default: Any) -> bool:
    """Tell whether a default has no effect when it is asked for twice."""
    return not callable(default) or any(default is each for each in _FACTORIES)


def is_plain_enum(members: type[enum.Enum]) -> bool:
    """Tell whether a member's name and value are what its class says."""
    return all(
        member.name == member._name_
        and member.value is member._value_
        and is_plain(member._value_)
        for member in members
    )


_FACTORIES = (list, dict, set, tuple, str, int, float, bool, uuid.uuid4)
