"""Do a share of calls in both ways, and report a difference."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError

from twopi_schemas.decide.plan import COMPILED
from twopi_schemas.dump.program import plan_dump
from twopi_schemas.marshmallow_internals import DUMP, LOAD, dump_hooks

if TYPE_CHECKING:
    from twopi_schemas.core import Core

log = logging.getLogger("twopi_schemas")


class Shadow:
    """marshmallow answers each call; a share of calls is compared.

    Args:
        share: of the calls, from 0 to 1.
    """

    def __init__(self, share: float) -> None:
        self._share = share

    def load(
        self, core: Core, data: Any, *, many: Any, partial: Any, unknown: Any
    ) -> Any:
        """Load by marshmallow, and for a share of calls by the fast path too."""
        options = {"many": many, "partial": partial, "unknown": unknown}

        def theirs() -> Any:
            return LOAD(core.schema, data, **options)

        if not self._chosen() or not core.loading.repeatable(unknown, partial):
            return theirs()
        return _both(core, "load", theirs, lambda: core.load(data, **options))

    def dump(self, core: Core, obj: Any, *, many: Any) -> Any:
        """Dump by marshmallow, and for a share of calls by the fast path too."""

        def theirs() -> Any:
            return DUMP(core.schema, obj, many=many)

        if not self._chosen() or not _repeatable_dump(core, obj, many):
            return theirs()
        return _both(core, "dump", theirs, lambda: core.dump(obj, many=many))

    def _chosen(self) -> bool:
        return random.random() < self._share  # noqa: S311 - a sample, not a secret


def _repeatable_dump(core: Core, obj: Any, many: Any) -> bool:
    """Return whether dumping *obj* twice runs no code of a field, hook or iterator."""
    schema = core.schema
    several = schema.many if many is None else many
    if (several and not isinstance(obj, (list, tuple))) or dump_hooks(schema):
        return False
    try:
        plans = plan_dump(core.scope(None))
    except Exception:  # noqa: BLE001 - marshmallow dumps it
        return False
    return all(plan.how == COMPILED for plan in plans.values())


def _both(
    core: Core, call: str, theirs: Callable[[], Any], ours: Callable[[], Any]
) -> Any:
    """Return or raise what *theirs* does, and report what *ours* does otherwise."""
    error: Exception | None = None
    result = None
    try:
        result = theirs()
    except Exception as raised:  # noqa: BLE001 - raised again below
        error = raised
    try:
        other, other_error = ours(), None
    except Exception as raised:  # noqa: BLE001 - compared
        other, other_error = None, raised
    place = _difference(result, other) or _difference(
        _facts(error), _facts(other_error)
    )
    if place:
        name = type(core.schema).__qualname__
        known = place if place in core.schema.fields else "the whole"
        log.warning("%s.%s differs from marshmallow in %s", name, call, known)
    if error is not None:
        raise error
    return result


def _facts(error: Exception | None) -> Any:
    """Return what distinguishes *error*."""
    if isinstance(error, ValidationError):
        return {"messages": error.messages, "valid_data": error.valid_data}
    return error if error is None else (type(error), str(error))


def _difference(left: Any, right: Any, place: str = "") -> str:
    """Return the field in which two results differ, or ``""`` if they are equal."""
    here = place or "*"
    if type(left) is not type(right):
        return here
    if isinstance(left, Mapping):
        if list(left) != list(right):
            return here
        found = (_difference(left[k], right[k], place or str(k)) for k in left)
        return next(filter(None, found), "")
    if isinstance(left, (list, tuple)):
        if len(left) != len(right):
            return here
        found = (_difference(a, b, place) for a, b in zip(left, right, strict=True))
        return next(filter(None, found), "")
    return "" if left is right or left == right or _both_nan(left, right) else here


def _both_nan(left: Any, right: Any) -> bool:
    return bool(left != left and right != right)  # noqa: PLR0124 - NaN alone
