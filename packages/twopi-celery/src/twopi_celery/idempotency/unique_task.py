"""Tasks that run once at a time: what takes and releases their locks."""

from __future__ import annotations

import functools
import inspect
import json
import logging
import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from celery import Celery, Task, states
from celery.exceptions import Ignore
from celery.signals import task_postrun
from celery.utils import uuid
from kombu.exceptions import EncodeError
from kombu.utils.json import dumps

from twopi_celery.errors import ConfigurationError
from twopi_celery.idempotency.keys import digest

if TYPE_CHECKING:
    from twopi_celery.idempotency.locks import Locks

log = logging.getLogger(__name__)


class UniqueTask(Task):  # type: ignore[type-arg]
    """A task that is unique if it has a time in ``unique_for``.

    Attributes:
        unique_for: For how many seconds its lock is valid; None: it is not unique.
    """

    abstract = True
    unique_for: float | None = None
    unique_locks: Locks

    def __init_subclass__(cls) -> None:
        """Raise for a time that is none, where the task is declared."""
        super().__init_subclass__()
        seconds: Any = cls.unique_for
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if seconds is not None and not (is_number and 0 < seconds < math.inf):
            raise ConfigurationError(
                f"unique_for of the task {cls.__name__} must be a number of seconds "
                f"above 0, not {seconds!r}"
            )

    def apply_async(
        self,
        args: Any = None,
        kwargs: Any = None,
        task_id: str | None = None,
        producer: Any = None,
        link: Any = None,
        link_error: Any = None,
        shadow: str | None = None,
        **options: Any,
    ) -> Any:
        """Send the task, unless another one has its lock; see Celery for the rest."""
        call = {"producer": producer, "link": link, "link_error": link_error}
        call |= {"shadow": shadow, **options}
        promised = task_id or link or link_error
        if not self.unique_for or promised or self.app.conf.task_always_eager:
            return super().apply_async(args, kwargs, task_id, **call)
        task_id, key = uuid(), key_of(self, args or (), kwargs or {})
        with _context(self.app):
            holder = self.unique_locks.take(key, task_id, self.unique_for)
        if holder != task_id:
            log.info("%s is not sent: %s waits or runs", self.name, holder)
            return self.AsyncResult(holder)
        try:
            return super().apply_async(args, kwargs, task_id, **call)
        except BaseException:
            with _context(self.app):
                self.unique_locks.release(key, task_id)
            raise

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Take the lock again, or end the task if another one has it."""
        if self.unique_for and not self.request.is_eager:
            key = key_of(self, args, kwargs)
            holder = self.unique_locks.take(key, task_id, self.unique_for)
            if holder != task_id:
                reason = f"{self.name} is unique, and {holder} waits or runs"
                log.warning("%s is not run: %s", task_id, reason)
                self.backend.mark_as_revoked(
                    task_id, reason, self.request, not self.ignore_result
                )
                raise Ignore(reason)
        super().before_start(task_id, args, kwargs)


def install(celery: Celery, locks: Locks) -> None:
    """Let tasks of *celery* be unique, whenever they are declared.

    Args:
        celery: The application.
        locks: Where their locks are.

    Raises:
        ConfigurationError: It was called before.
    """
    base: Any = celery.Task
    if issubclass(base, UniqueTask):
        raise ConfigurationError("Keys.install was called before for this application")

    def unique(cls: type) -> Any:
        body: dict[str, Any] = {"unique_locks": locks, "__module__": cls.__module__}
        body["unique_for"] = getattr(cls, "unique_for", None)
        return type(cls.__name__, (UniqueTask, cls), body)

    def adopt(**_: object) -> None:
        """Make those unique that exist, or have a base of their own."""
        for task in celery.tasks.values():
            if hasattr(task, "unique_for") and not isinstance(task, UniqueTask):
                task.__class__ = unique(type(task))

    celery.Task = unique(base)  # type: ignore[misc]
    _follow_tasks()
    celery.on_after_finalize.connect(adopt, weak=False)
    if celery.finalized:  # type: ignore[attr-defined]
        adopt()


@functools.cache
def _follow_tasks() -> None:
    task_postrun.connect(_release, weak=False)


def _release(
    task: Any, task_id: str, args: Any, kwargs: Any, state: str, **_: object
) -> None:
    """Release the lock, once the session of the task has ended, see `signals`."""
    if not getattr(task, "unique_for", None) or not isinstance(task, UniqueTask):
        return
    if task.request.is_eager or state == states.RETRY:
        return
    with _context(task.app):
        task.unique_locks.release(key_of(task, args, kwargs), task_id)


def key_of(task: Task[Any, Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Return the key of a call, which is the same before and after it was sent.

    Args:
        task: The task.
        args: Its arguments; however they are passed, equal ones make equal keys.
        kwargs: Its keyword arguments.

    Raises:
        TypeError: The task does not take these arguments.
        kombu.exceptions.EncodeError: They are not what JSON has.
    """
    bound = inspect.signature(task.run).bind(*args, **kwargs)
    bound.apply_defaults()
    try:
        plain = json.loads(dumps(bound.arguments))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise EncodeError(
            f"The arguments of {task.name}, which is unique, cannot be compared: "
            f"they are not what JSON has: {error}"
        ) from error
    return digest("unique", task.name, json.dumps(plain, sort_keys=True))


def _context(celery: Celery) -> AbstractContextManager[object]:
    """Return a Flask context for the session of Flask-SQLAlchemy, if there is none."""
    app = getattr(celery, "flask_app", None)
    if app is not None:
        from flask import has_app_context

        if not has_app_context():
            context: AbstractContextManager[object] = app.app_context()
            return context
    return nullcontext()
