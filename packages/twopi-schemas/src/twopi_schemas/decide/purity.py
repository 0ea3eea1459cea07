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


_PARAMETERS: dict[type, tuple[str, ...]] = {
    validate.ContainsNoneOf: ("iterable",),
    validate.ContainsOnly: ("choices",),
    validate.Email: (),
    validate.Equal: ("comparable",),
    validate.Length: ("min", "max", "equal"),
    validate.NoneOf: ("iterable",),
    validate.OneOf: ("choices",),
    validate.Range: ("min", "max"),
    validate.Regexp: ("regex",),
    validate.URL: ("schemes",),
}


def is_repeatable(check: Any) -> bool:
    """Tell whether *check* is one of marshmallow's own, with plain parameters."""
    if type(check) is validate.And:
        return all(map(is_repeatable, check.validators))
    names = _PARAMETERS.get(type(check))
    if names is None:
        return False
    for name in names:  # noqa: SIM110 - compiling waits for it
        if not is_plain(getattr(check, name)):
            return False
    return True


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
