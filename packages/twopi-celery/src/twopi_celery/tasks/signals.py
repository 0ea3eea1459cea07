"""What is done before and after each task, by one receiver of each signal.

A signal costs about as much for each further receiver as all that ours do. They name
whatever Celery sends: to gather it in a dictionary takes longer.
"""
# ruff: noqa: ARG001

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from celery import Task
from celery.app.task import Context
from celery.signals import task_postrun, task_prerun

from twopi_celery.tasks.present import Present, present
from twopi_celery.tasks.request_id import follow_messages

if TYPE_CHECKING:
    from flask import Flask

end_sessions: list[Callable[[str | None], None]] = []
"""What ends the sessions after the task of that name; `lifetime` adds it."""


class _Thread(threading.local):
    has_sessions = False


thread = _Thread()
"""Whether this thread has been given sessions since the last ones were ended."""


@functools.cache
def follow_tasks() -> None:
    """Give tasks the id of their request, a Flask context and sessions that end."""
    follow_messages()
    task_prerun.connect(_begin, weak=False)
    task_postrun.connect(_end, weak=False)


def in_task() -> bool:
    """Tell whether a task is running here, be it eagerly."""
    return next(_tasks(), None) is not None


def ends_sessions() -> bool:
    """Tell whether a task is running here that ends the sessions it uses."""
    request = next(_tasks(), None)
    return request is not None and not request.is_eager


def _tasks() -> Iterator[Context]:
    """Yield the requests of the tasks that are running here, the innermost first."""
    around = present.get()
    while around is not None:
        cause, _, around = around
        if isinstance(cause, Context):
            yield cause


def _begin(
    sender: object,
    signal: object,
    task: Task[Any, Any],
    task_id: object,
    args: object,
    kwargs: object,
    **_: object,
) -> None:
    request: Any = task.request_stack.top
    app: Flask | None = getattr(task.app, "flask_app", None)
    context = None
    if app is not None and not (request.is_eager and _is_current(app)):
        context = app.app_context()
    present.set(Present(request, context, present.get()))
    if context is not None:
        context.push()


def _is_current(app: Flask) -> bool:
    from flask import current_app, has_app_context

    return has_app_context() and current_app == app


def _end(
    sender: object,
    signal: object,
    task: Task[Any, Any],
    task_id: object,
    args: object,
    kwargs: object,
    retval: object,
    state: object,
    **_: object,
) -> None:
    around = present.get()
    while around is not None:
        request, context, around = around
        if isinstance(request, Context):  # not what the task has failed to leave
            break
    else:  # the task had begun before `follow_tasks`
        return
    try:
        if context is not None:
            context.pop(retval if isinstance(retval, BaseException) else None)
    finally:
        present.set(around)
        if thread.has_sessions and not request.is_eager:
            for end in end_sessions:
                end(task.name)
