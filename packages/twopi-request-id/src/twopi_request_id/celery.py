"""The id of the request that caused a task, in its message and in a worker's log."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from twopi_request_id.current import Current, begin, current, outgoing_headers
from twopi_request_id.logs import RequestIdFilter

if TYPE_CHECKING:
    import logging

MESSAGE_HEADER = "x_request_id"
"""The header of a task's message; a name that Celery keeps when a task is retried."""


@functools.cache
def follow_tasks() -> None:
    """Hand the id and the trace on with each task that is sent, in this process.

    A worker that calls it, too, runs each task under the id of the request that caused
    it, through any number of tasks, retries and callbacks. A task that no request
    caused has the id of the first task of its chain. A task that runs eagerly keeps the
    id of its caller. The handlers of the worker's log get a `TaskIdFilter`. A second
    call changes nothing.

    Raises:
        ModuleNotFoundError: Celery is missing; install ``twopi-request-id[celery]``.
    """
    from celery import signals

    signals.before_task_publish.connect(_send, weak=False)
    signals.task_prerun.connect(_begin, weak=False)
    signals.task_postrun.connect(_end, weak=False)
    signals.after_setup_logger.connect(_add_filter, weak=False)
    signals.after_setup_task_logger.connect(_add_filter, weak=False)


class TaskIdFilter(RequestIdFilter):
    """Gives log records the ids of the task too.

    Besides those of `RequestIdFilter` they have ``task_name``, ``task_id``,
    ``parent_id`` (the task that sent it) and ``root_id`` (the first one); each is
    ``"-"`` if there is none.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let *record* pass, with its ids."""
        celery = sys.modules.get("celery")
        task = celery.current_task if celery else None
        request = task.request if task else None
        record.task_name = task.name if task else "-"
        for name, field in [("task_id", "id"), ("parent_id",) * 2, ("root_id",) * 2]:
            setattr(record, name, getattr(request, field, None) or "-")
        return super().filter(record)


def _send(headers: dict[str, Any], **_: object) -> None:
    for name, value in outgoing_headers(MESSAGE_HEADER).items():
        headers.setdefault(name, value)


def _begin(task: Any, **_: object) -> None:
    request = task.request
    before = current.get()
    request.twopi_request_id_before = before
    if not (request.is_eager and before):
        current.set(_here(request))


def _here(request: Any) -> Current:
    """Return what begins with a message, and keep its id for a retry of the task."""
    headers = request.headers or {}
    sent = headers.get(MESSAGE_HEADER)
    here = begin(
        sent or request.root_id or request.id,
        headers.get("traceparent"),
        headers.get("tracestate"),
    )
    if here.request_id != sent:
        request.headers = {**headers, MESSAGE_HEADER: here.request_id}
    return here


def _end(task: Any, **_: object) -> None:
    current.set(getattr(task.request, "twopi_request_id_before", None))


def _add_filter(logger: logging.Logger, **_: object) -> None:
    for handler in logger.handlers:
        handler.addFilter(TaskIdFilter())
