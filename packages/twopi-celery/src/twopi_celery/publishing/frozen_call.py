"""Calls of tasks that are kept for later: checked now, with ids that stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from celery import Task
from celery.canvas import Signature
from kombu.serialization import dumps


def freeze(
    task: Task[Any, Any] | Signature[Any],
    args: Sequence[object],
    kwargs: Mapping[str, object],
    options: Mapping[str, Any],
    **relatives: Any,
) -> tuple[str, Signature[Any]]:
    """Return the id of a call, and the call: it has the same id whenever it is sent.

    What is wrong with it is raised here, and not when nobody can do anything about it.

    Args:
        task: A task, or a signature: of a task, a chain, a group or a chord.
        args: Its arguments; a signature's own come after them.
        kwargs: Its keyword arguments.
        options: Those of ``apply_async``.
        **relatives: The *root_id* and *parent_id* of the call, if they are known.

    Raises:
        TypeError: The task does not take these arguments.
        kombu.exceptions.EncodeError: They cannot be serialized.
    """
    if isinstance(task, Signature):
        call = task.clone(tuple(args), dict(kwargs), **options)
    else:
        if task.typing:
            task.__header__(*args, **kwargs)  # type: ignore[attr-defined]
        if not task.app.conf.task_always_eager:
            dumps((args, kwargs), options.get("serializer") or task.serializer)
        call = task.signature(tuple(args), dict(kwargs), **options)
    return call.freeze(options.get("task_id"), **relatives).id, call
