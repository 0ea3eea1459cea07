"""One id for all that a request causes: its log records, its tasks, and theirs."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from celery.app.task import Context
from celery.signals import (
    after_setup_logger,
    after_setup_task_logger,
    before_task_publish,
)

from twopi_celery.settings import read_request_id_header
from twopi_celery.tasks.present import Present, present

if TYPE_CHECKING:
    from flask import Flask, Response

MESSAGE_HEADER = "x_request_id"
"""The header of a task's message."""

AROUND = "twopi_celery.around"
"""Where a request keeps what is around it."""

_valid = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}").fullmatch


def current_request_id() -> str | None:
    """Return the id of the present request, or of that which caused the present task.

    .. versionadded:: 2.0
    """
    around = present.get()
    while around is not None:
        cause, _, around = around
        if isinstance(cause, str):
            return cause
        if around is None or not cause.is_eager:
            return _id_of(cause)
    return None


@contextmanager
def bind_request_id(request_id: str | None = None) -> Iterator[str]:
    """Give all that is done and sent within the block one id.

    For what is neither a request nor a task: a command, a consumer of another queue.

    .. code-block:: python

        from twopi_celery import bind_request_id, current_request_id

        with bind_request_id("nightly-42"):
            assert current_request_id() == "nightly-42"
        assert current_request_id() is None

    Args:
        request_id: The id, of up to 128 characters of ``A-Z a-z 0-9 . _ : + / = @ -``.
            If it is missing or not like that, as what strangers send may be, there is a
            new one.

    Yields:
        The id.

    .. versionadded:: 2.0
    """
    request_id = checked(request_id)
    token = present.set(Present(request_id, None, present.get()))
    try:
        yield request_id
    finally:
        present.reset(token)


def checked(request_id: object) -> str:
    """Return *request_id*, or a new one if it is not fit for logs and headers."""
    if isinstance(request_id, str) and _valid(request_id):
        return request_id
    return uuid.uuid4().hex


class RequestIdFilter(logging.Filter):
    """Gives each log record the attribute ``request_id``, ``"-"`` if there is none.

    The handlers that Celery sets up in a worker have it already: ``%(request_id)s`` can
    be used in ``worker_task_log_format`` and ``worker_log_format``. Add it to your own:

    .. code-block:: python

        import logging

        from twopi_celery import RequestIdFilter

        handler = logging.StreamHandler()
        handler.addFilter(RequestIdFilter())
        handler.setFormatter(logging.Formatter("%(request_id)s %(message)s"))

    .. versionadded:: 2.0
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let *record* pass, with its ``request_id``."""
        record.request_id = current_request_id() or "-"
        return True


def follow_messages() -> None:
    """Hand the id on with each task that is sent, and to the log of a worker."""
    before_task_publish.connect(_send, weak=False)
    for each in (after_setup_logger, after_setup_task_logger):
        each.connect(_add_filter, weak=False)


def _send(headers: dict[str, Any], **_: object) -> None:
    request_id = current_request_id()
    if request_id is not None:
        headers.setdefault(MESSAGE_HEADER, request_id)


def _id_of(request: Context) -> str:
    """Return the id of a task, and keep it with what its retries are sent with."""
    headers: dict[str, Any] = request.headers or {}
    sent = headers.get(MESSAGE_HEADER)
    request_id = checked(sent or request.root_id or request.id)
    if request_id != sent:
        request.headers = {**headers, MESSAGE_HEADER: request_id}
    return request_id


def _add_filter(logger: logging.Logger, **_: object) -> None:
    for handler in logger.handlers:
        handler.addFilter(RequestIdFilter())


def follow_requests(app: Flask) -> None:
    """Give each request of *app* the id in its header, or a new one, and send it back.

    Args:
        app: The Flask application; ``REQUEST_ID_HEADER`` names the header.

    Raises:
        ConfigurationError: ``REQUEST_ID_HEADER`` is no name of a header.
    """
    from flask import request, request_finished, request_started, request_tearing_down

    header = read_request_id_header(app.config)

    def begin(_: Flask, **__: object) -> None:
        request.environ[AROUND] = around = present.get()
        sent = request.headers.get(header) if header else None
        present.set(Present(checked(sent), None, around))

    def answer(_: Flask, response: Response, **__: object) -> None:
        if header:
            response.headers[header] = current_request_id() or ""

    def end(_: Flask, **__: object) -> None:
        if AROUND in request.environ:  # not so for a test_request_context
            present.set(request.environ.pop(AROUND))

    request_started.connect(begin, app, weak=False)
    request_finished.connect(answer, app, weak=False)
    request_tearing_down.connect(end, app, weak=False)
