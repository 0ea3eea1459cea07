"""A validator of marshmallow as keywords of JSON Schema."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from marshmallow import validate

from twopi_openapi.patterns import starting

Keywords = dict[str, Any]


def keywords(validators: Iterable[object], schema: Mapping[str, Any]) -> Keywords:
    """Return what *validators* ask for, all of it.

    Args:
        validators: Those of a field. What is not a validator of marshmallow says
            nothing, unless it has keywords in a mapping ``__openapi__``.
        schema: The schema of the field without them.
    """
    found: Keywords = {}
    for each in _flat(validators):
        said = getattr(each, "__openapi__", None)
        if isinstance(said, Mapping):
            _join(found, dict(said))
        elif describe := _DESCRIBE.get(type(each)):
            _join(found, describe(each, schema))
    return found


def _flat(validators: Iterable[object]) -> Iterable[object]:
    for each in validators:
        if type(each) is validate.And:
            yield from _flat(each.validators)
        else:
            yield each


def _join(found: Keywords, more: Keywords) -> None:
    """Add keywords; of two bounds the tighter one counts, of two of others both."""
    for name, value in more.items():
        if name not in found:
            found[name] = value
        elif name in _LOWER:
            found[name] = max(found[name], value)
        elif name in _UPPER:
            found[name] = min(found[name], value)
        elif name == "enum":
            found[name] = [each for each in found[name] if each in value]
        elif found[name] != value:
            found.setdefault("allOf", []).append({name: value})


_LOWER = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
_UPPER = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}


def _of_type(schema: Mapping[str, Any]) -> str:
    found = schema.get("type", "")
    return found if isinstance(found, str) else next(iter(found), "")


def _range(rule: validate.Range, schema: Mapping[str, Any]) -> Keywords:
    """Bounds of numbers; JSON Schema has none for dates and texts, so they get ours."""
    found: Keywords = {}
    for side, bound, inclusive in (
        ("inimum", rule.min, rule.min_inclusive),
        ("aximum", rule.max, rule.max_inclusive),
    ):
        if bound is None:
            continue
        name = f"m{side}" if inclusive else f"exclusiveM{side}"
        if _of_type(schema) in {"integer", "number"}:
            number = _number(bound)
            if number is not None:
                found[name] = number
        else:
            found[f"x-{name}"] = _text(bound)
    return found


def _number(bound: Any) -> int | float | None:
    if isinstance(bound, decimal.Decimal):
        bound = int(bound) if bound == bound.to_integral_value() else float(bound)
    if isinstance(bound, dt.timedelta):
        return bound.total_seconds()
    return bound if isinstance(bound, int | float) else None


def _text(bound: Any) -> Any:
    if isinstance(bound, dt.datetime | dt.date | dt.time):
        return bound.isoformat()
    return bound if isinstance(bound, int | float | str) else str(bound)


def _length(rule: validate.Length, schema: Mapping[str, Any]) -> Keywords:
    kind = {"array": "Items", "object": "Properties"}.get(_of_type(schema), "Length")
    least = rule.equal if rule.equal is not None else rule.min
    most = rule.equal if rule.equal is not None else rule.max
    bounds = {f"min{kind}": least, f"max{kind}": most}
    return {name: bound for name, bound in bounds.items() if bound is not None}


def _one_of(rule: validate.OneOf, _: Mapping[str, Any]) -> Keywords:
    choices = list(rule.choices)
    return {"enum": choices} if all(map(_is_plain, choices)) else {}


def _none_of(rule: validate.NoneOf, _: Mapping[str, Any]) -> Keywords:
    choices = list(rule.iterable)
    return {"not": {"enum": choices}} if all(map(_is_plain, choices)) else {}


def _equal(rule: validate.Equal, _: Mapping[str, Any]) -> Keywords:
    return {"const": rule.comparable} if _is_plain(rule.comparable) else {}


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def _contains_only(rule: validate.ContainsOnly, _: Mapping[str, Any]) -> Keywords:
    choices = list(rule.choices)
    return {"items": {"enum": choices}} if all(map(_is_plain, choices)) else {}


def _contains_none(
    rule: validate.ContainsNoneOf, schema: Mapping[str, Any]
) -> Keywords:
    banned = list(rule.iterable)
    if not all(map(_is_plain, banned)):
        return {}
    if _of_type(schema) == "array":
        return {"items": {"not": {"enum": banned}}}
    characters = "".join(f"\\u{ord(each):04x}" for each in banned if len(each) == 1)
    return {"pattern": f"^[^{characters}]*$"} if characters else {}


def _regexp(rule: validate.Regexp, _: Mapping[str, Any]) -> Keywords:
    source = rule.regex
    pattern = None if isinstance(source.pattern, bytes) else starting(source)
    return {} if pattern is None else {"pattern": pattern}


def _email(_: validate.Email, __: Mapping[str, Any]) -> Keywords:
    return {"format": "email"}


def _url(rule: validate.URL, _: Mapping[str, Any]) -> Keywords:
    return {"format": "uri-reference" if rule.relative else "uri"}


_DESCRIBE: dict[type, Callable[[Any, Mapping[str, Any]], Keywords]] = {
    validate.ContainsNoneOf: _contains_none,
    validate.ContainsOnly: _contains_only,
    validate.Email: _email,
    validate.Equal: _equal,
    validate.Length: _length,
    validate.NoneOf: _none_of,
    validate.OneOf: _one_of,
    validate.Range: _range,
    validate.Regexp: _regexp,
    validate.URL: _url,
}
