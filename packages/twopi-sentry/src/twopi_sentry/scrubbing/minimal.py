"""An event without values: what and where it is, and why the rest is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twopi_sentry.scrubbing.protocol import EVENT, FIXED, ROUTES, Each, Fields, Shape

WHY = "twopi_sentry"
"""The name, in ``extra`` or among the attributes, of what says why."""


def minimal(event: Mapping[str, Any], why: str) -> dict[str, Any]:
    """Return what of *event* is Sentry's own, and *why* there is no more.

    An event keeps its id, time, release, types of exceptions, and the module, function
    and line of each frame; a transaction its spans, without descriptions.
    """
    copy: dict[str, Any] = _fixed(event, EVENT)
    if "body" in event:  # a log
        copy |= {"body": why, "attributes": {WHY: why}}
    elif "attributes" in event:  # a metric or span
        copy |= {"name": "[Filtered]", "attributes": {WHY: why}}
    else:
        copy["extra"] = {WHY: why}
        if "exception" not in copy and copy.get("type") is None:
            copy["message"] = why
        if (event.get("transaction_info") or {}).get("source") in ROUTES:
            copy["transaction"] = event.get("transaction")
    return copy


def _fixed(value: Any, shape: Shape) -> Any:
    if isinstance(shape, Fields) and isinstance(value, Mapping):
        kinds = {name: shape.named.get(name, shape.others) for name in value}
        copy = {name: _fixed(value[name], kind) for name, kind in kinds.items()}
        return {name: each for name, each in copy.items() if each is not None}
    if isinstance(shape, Each):
        if isinstance(value, Mapping) and "values" in value:
            return {"values": _fixed(value["values"], shape)}
        if isinstance(value, list | tuple):
            return [_fixed(each, shape.shape) for each in value]
        return None
    return value if shape is FIXED else None
