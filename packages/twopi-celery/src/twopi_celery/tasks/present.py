"""What is going on in this thread or context: requests and tasks, nested."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from celery.app.task import Context

if TYPE_CHECKING:
    from flask.ctx import AppContext


class Present(NamedTuple):
    """One request, task or bound id, and what surrounds it.

    Attributes:
        cause: A request id, or the `Context` of a task, whose id is found on demand.
        context: The Flask context that was made for the task, if any.
        around: What was going on before.
    """

    cause: str | Context
    context: AppContext | None
    around: Present | None


present: ContextVar[Present | None] = ContextVar("twopi_celery_present", default=None)
