"""What is done before and after each task, by one receiver of each signal.

A signal costs about as much for each further receiver as all that ours do.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from celery import Task
from celery.signals import task_postrun, task_prerun

from twopi_celery import request_id

if TYPE_CHECKING:
    from flask import Flask

end_sessions: list[Callable[[str | None], None]] = []
"""What ends the sessions after the task of that name; `lifetime` adds it."""


class _Thread(threading.local):
    has_sessions = False


thread = _Thread()
"""Whether this thread has been given sessions since the last ones were ended."""

# Of the present task: that around it, whether it is eager, its Flask context, and the
# request id before it. Asking `Task.request` for them would take much of the time.
_present: ContextVar[tuple[Any, ...] | None] = ContextVar(
    "twopi_celery_task", default=None
)


@functools.cache
def follow_tasks() -> None:
    """Give tasks the id of their request, a Flask context and sessions that end."""
    request_id.follow_messages()
    task_prerun.connect(_begin, weak=False)
    task_postrun.connect(_end, weak=False)


def in_task() -> bool:
    """Tell whether a task is running here, be it eagerly."""
    return _present.get() is not None


def ends_sessions() -> bool:
    """Tell whether a task is running here that ends the sessions it uses."""
    present = _present.get()
    return present is not None and not present[1]


def _begin(task: Task[Any, Any], task_id: str, **_: object) -> None:
    request: Any = task.request_stack.top
    is_eager = request.is_eager
    before = request_id.begin(request, task_id)
    app: Flask | None = getattr(task.app, "flask_app", None)
    context = None
    if app is not None and not (is_eager and _is_current(app)):
        context = app.app_context()
    _present.set((_present.get(), is_eager, context, before))
    if context is not None:
        context.push()


def _is_current(app: Flask) -> bool:
    from flask import current_app, has_app_context

    return has_app_context() and current_app == app


def _end(task: Task[Any, Any], retval: object, **_: object) -> None:
    present = _present.get()
    if present is None:  # its task had begun before `follow_tasks`
        return
    outer, is_eager, context, before = present
    try:
        if context is not None:
            context.pop(retval if isinstance(retval, BaseException) else None)
    finally:
        _present.set(outer)
        if thread.has_sessions and not is_eager:
            for end in end_sessions:
                end(task.name)
        request_id.end(before)
