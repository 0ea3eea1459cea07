"""What is done before and after each task, by one receiver of each signal.

A signal costs about as much for each further receiver as all that ours do.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from celery import Task
from celery.signals import task_postrun, task_prerun

from twopi_celery import request_id

if TYPE_CHECKING:
    from flask import Flask

end_sessions: list[Callable[[str | None], None]] = []
"""What ends the sessions after the task of that name; `lifetime` adds it."""


@functools.cache
def follow_tasks() -> None:
    """Give tasks the id of their request, a Flask context and sessions that end."""
    request_id.follow_messages()
    task_prerun.connect(_begin, weak=False)
    task_postrun.connect(_end, weak=False)


def _begin(task: Task[Any, Any], task_id: str, **_: object) -> None:
    request: Any = task.request
    request.request_id_token = request_id.begin(request, task_id)
    app: Flask | None = getattr(task.app, "flask_app", None)
    if app is None or (request.is_eager and _is_current(app)):
        return
    context = app.app_context()
    context.push()
    request.flask_context = context


def _is_current(app: Flask) -> bool:
    from flask import current_app, has_app_context

    return has_app_context() and current_app == app


def _end(task: Task[Any, Any], retval: object, **_: object) -> None:
    request: Any = task.request
    try:
        context = getattr(request, "flask_context", None)
        if context is not None:
            context.pop(retval if isinstance(retval, BaseException) else None)
    finally:
        if not request.is_eager:
            for end in end_sessions:
                end(task.name)
        token = getattr(request, "request_id_token", None)
        if token is not None:
            request_id.end(token)
