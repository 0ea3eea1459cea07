"""The arguments of a job of rq or huey, by the names of its function's parameters."""

from __future__ import annotations

import inspect
import sys
from typing import Any


def arguments(value: Any) -> dict[str, Any]:
    """Return the positional arguments of *value* by name, if it is a job.

    Nothing is imported or loaded for it: a job that has not run has none.

    Args:
        value: Any object.
    """
    function, args = _of_rq(value) or _of_huey(value) or (None, ())
    if function is None or not isinstance(args, list | tuple):
        return {}
    try:
        return dict(inspect.signature(function).bind_partial(*args).arguments)
    except (TypeError, ValueError):
        return {}


def _of_rq(value: Any) -> tuple[Any, Any] | None:
    if type(value).__module__ != "rq.job":
        return None
    name = vars(value).get("_func_name")
    if not isinstance(name, str):
        return None
    module, _, function = name.rpartition(".")
    return getattr(sys.modules.get(module), function, None), vars(value).get("_args")


def _of_huey(value: Any) -> tuple[Any, Any] | None:
    task = getattr(sys.modules.get("huey.api"), "Task", None)
    if task is None or not issubclass(type(value), task):
        return None
    execute: Any = getattr(type(value), "execute", None)
    try:
        function = inspect.getclosurevars(execute).nonlocals.get("func")
    except (TypeError, ValueError):
        return None
    return function, vars(value).get("args")
