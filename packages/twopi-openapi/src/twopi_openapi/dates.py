"""Dates and times as marshmallow writes them, as JSON Schema."""

from __future__ import annotations

import re
from typing import Any

_DAY = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?"
_OFFSET = r"(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
_RFC = (
    r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} "
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d [+-]([01]\d|2[0-3])[0-5]\d$"
)
_DIRECTIVES = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "m": r"(0[1-9]|1[0-2])",
    "d": r"(0[1-9]|[12]\d|3[01])",
    "H": r"([01]\d|2[0-3])",
    "I": r"(0[1-9]|1[0-2])",
    "M": r"[0-5]\d",
    "S": r"[0-5]\d",
    "f": r"\d{6}",
    "j": r"(00[1-9]|0[1-9]\d|[12]\d\d|3[0-5]\d|36[0-5])",
    "z": r"[+-]([01]\d|2[0-3])[0-5]\d",
    "%": "%",
}


def date_time(awareness: str | None, form: str | None) -> dict[str, Any]:
    """Return the schema of a moment.

    Args:
        awareness: ``"aware"``, ``"naive"`` or ``None`` for either.
        form: The format, as marshmallow takes it; ``None`` is ISO 8601.
    """
    if form in {None, "iso", "iso8601"}:
        if awareness == "naive":
            return {"type": "string", "pattern": f"^{_DAY}T{_CLOCK}$"}
        return {"type": "string", "format": "date-time"}
    if form in {"rfc", "rfc822"}:
        return {"type": "string", "pattern": _RFC}
    if form in {"timestamp", "timestamp_ms"}:
        unit = "seconds" if form == "timestamp" else "milliseconds"
        return {"type": "number", "description": f"POSIX time in {unit}."}
    return custom(form)


def date(form: str | None) -> dict[str, Any]:
    """Return the schema of a day; ``None`` is ISO 8601."""
    if form in {None, "iso", "iso8601"}:
        return {"type": "string", "format": "date"}
    return custom(form)


def time(form: str | None) -> dict[str, Any]:
    """Return the schema of a time of day; ``None`` is ISO 8601."""
    if form in {None, "iso", "iso8601"}:
        return {"type": "string", "pattern": f"^{_CLOCK}{_OFFSET}?$"}
    return custom(form)


def custom(form: str | None) -> dict[str, Any]:
    """Return the schema of what `datetime.datetime.strptime` reads by *form*.

    A directive that depends on the locale has no pattern, and so the whole has none.
    """
    parts = re.split(r"%(.)", form or "")
    pattern = [re.sub(r"[\\^$.*+?()\[\]{}|/]", r"\\\g<0>", text) for text in parts[::2]]
    for at, directive in enumerate(parts[1::2]):
        if directive not in _DIRECTIVES:
            return {"type": "string", "description": f"In the format `{form}`."}
        pattern[at] += _DIRECTIVES[directive]
    return {"type": "string", "pattern": f"^{''.join(pattern)}$"}
