"""The options of ``apply_async``, by name."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Iterable
from typing import Any

from celery import Celery, Task
from kombu import Producer

OTHERS = {
    "add_to_parent",
    "chain",
    "chord",
    "correlation_id",
    "exchange_type",
    "group_id",
    "group_index",
    "ignore_result",
    "interval",
    "link_error",
    "message_id",
    "origin",
    "parent_id",
    "queue",
    "reply_to",
    "root_id",
    "skew",
    "stamped_headers",
    "task_id",
    "timestamp",
    "type",
    "user_id",
    "app_id",
    "cluster_id",
    "argsrepr",
    "kwargsrepr",
}
NOT_KEPT = {"body", "connection", "name", "producer", "publisher", "router", "self"}
"""What cannot wait: it belongs to this process."""


@functools.cache
def _known() -> set[str]:
    names = set(OTHERS)
    for function in (Celery.send_task, Task.apply_async, Producer.publish):
        names |= _parameters(function)
    return names - NOT_KEPT


def _parameters(function: Any) -> set[str]:
    return {
        each.name
        for each in inspect.signature(function).parameters.values()
        if each.kind not in {each.VAR_KEYWORD, each.VAR_POSITIONAL}
    }


def check_options(task: object, options: Iterable[str]) -> None:
    """Raise for an option that Celery does not have.

    Celery takes any name, and makes a property of the message of it.

    Args:
        task: The task; if it has an ``apply_async`` of its own, with its options too.
        options: The names of the options.

    Raises:
        TypeError: One is misspelt, or is an object of this process, such as a producer.
    """
    unknown = set(options) - _known()
    own = getattr(task.__class__, "apply_async", None)  # a task may be a proxy
    if unknown and isinstance(task, Task) and own is not Task.apply_async:
        unknown -= _parameters(own) - NOT_KEPT
    stamps: Any = options.get("stamped_headers") if isinstance(options, dict) else None
    unknown -= set(stamps or ())
    if unknown:
        name = min(unknown)
        if name in NOT_KEPT:
            raise TypeError(f"The option {name!r} cannot be kept until later")
        near = difflib.get_close_matches(name, _known(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise TypeError(f"apply_async has no option {name!r}{hint}")
