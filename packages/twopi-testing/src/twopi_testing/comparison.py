"""Compare what was received with what was sent, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import json


def fields_of(value: Any, keys: Iterable[str]) -> dict[str, Any]:
    """Return the fields of *value* that *keys* names; of what has no fields, none."""
    if not isinstance(value, Mapping):
        return {}
    return {name: each for name, each in value.items() if name in keys}


def difference(found: Mapping[str, Any], expected: Mapping[str, Any]) -> str | None:
    """Name the first field that differs; None if there is none.

    Values are compared as JSON, in which a tuple is a list and a date is a string.
    """
    for name in [*expected, *found]:
        if name not in found:
            return f"{name!r} is missing, expected {_as_json(expected[name])!r}"
        if name not in expected:
            return f"{name!r} is {found[name]!r}, but was not sent"
        if found[name] != expected[name]:
            wanted = _as_json(expected[name])
            if _as_json(found[name]) != wanted:
                return f"{name!r} is {found[name]!r}, expected {wanted!r}"
    return None


def _as_json(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):  # not JSON: it can only equal itself
        return value


def require_equal(keys: Iterable[str], found: Any, expected: Any) -> None:
    """Raise an `AssertionError` unless *found* has *keys* as *expected* has them."""
    __tracebackhide__ = True
    reason = difference(fields_of(found, keys), fields_of(expected, keys))
    if reason:
        raise AssertionError(reason)


def are_equal(keys: Iterable[str], found: Any, expected: Any) -> bool:
    """Return whether *found* has *keys* as *expected* has them."""
    return difference(fields_of(found, keys), fields_of(expected, keys)) is None
