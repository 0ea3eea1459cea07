"""The errors of a Celery application."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import sentry_sdk

from twopi_config import Vocabulary
from twopi_config.vocabulary import DEFAULT
from twopi_sentry import request_id as request_ids
from twopi_sentry.client import UNKNOWN, create_client
from twopi_sentry.scrubbing.collect import remember, sources
from twopi_sentry.scrubbing.sources import of_task

if TYPE_CHECKING:
    from celery import Celery, Task

EXTENSION = "twopi_sentry"


def celery_inject_sentry(
    celery: Celery,
    *,
    ignore_common_http: bool = False,
    request_id: request_ids.Hook | None = None,
    vocabulary: Vocabulary = DEFAULT,
    **options: Any,
) -> sentry_sdk.Client | None:
    """Report the failures of the tasks of *celery*, if its configuration has a DSN.

    Reads ``SENTRY_DSN`` and ``SENTRY_SITE`` from ``celery.conf``; a variable
    ``SENTRY_DSN`` of the environment does not count. The release is
    ``celery.version`` if there is one, else ``"__UNKNOWN__"``. Call it where the
    application is created, so that a worker does it before it starts. A second call
    returns the same client.

    A worker of *celery* reports everything to this client. In any other process it
    is bound to the tasks run there, eagerly for example.

    Args:
        celery: The Celery application.
        ignore_common_http: Whether to leave out HTTP errors below 500 and validation
            errors. Nobody is told of them when a task fails, so they are reported.
        request_id: A function that returns the id of the request that sent the
            task, for the tag ``request_id``; the default is the header
            ``X-Request-ID`` of the task's message.
        vocabulary: What secrets are called; see `create_client`.
        options: Options for `sentry_sdk.init`, except ``dsn``.

    Returns:
        The client, or ``None``.

    Raises:
        ConfigurationError: A setting cannot be used.
        ModuleNotFoundError: Celery is missing; install ``twopi-sentry[celery]``.
    """
    from celery import signals
    from sentry_sdk.integrations.celery import CeleryIntegration

    if EXTENSION in vars(celery):
        return vars(celery)[EXTENSION]  # type: ignore[no-any-return]
    given = [*options.pop("integrations", ())]
    if not any(isinstance(each, CeleryIntegration) for each in given):
        given.append(CeleryIntegration())
    version = getattr(celery, "version", None) or UNKNOWN
    client = create_client(
        celery.conf,
        version,
        ignore_common_http,
        request_id=request_id,
        vocabulary=vocabulary,
        integrations=given,
        **options,
    )
    if client is None:
        return None

    binding = _Binding(celery, client, request_id or request_ids.current)
    # Celery 5.4 takes the same method of two objects for one receiver
    uid = f"twopi_sentry.{id(binding)}"
    signals.worker_init.connect(binding.bind_worker, weak=False, dispatch_uid=uid)
    signals.task_prerun.connect(binding.bind_task, weak=False, dispatch_uid=uid)
    signals.task_postrun.connect(binding.release_task, weak=False, dispatch_uid=uid)
    vars(celery)[EXTENSION] = client
    return client


class _Binding:
    """The handlers that bind a client to the worker and the tasks of one app."""

    def __init__(
        self, celery: Celery, client: sentry_sdk.Client, request_id: request_ids.Hook
    ) -> None:
        self.celery = celery
        self.client = client
        self.request_id = request_id
        # an eager retry runs within the task whose id it has
        self.running: dict[str, list[ExitStack]] = {}

    def bind_worker(self, sender: Any, **_: Any) -> None:
        if getattr(sender, "app", None) is self.celery:
            sentry_sdk.get_global_scope().set_client(self.client)

    def bind_task(self, task_id: str, task: Task[Any, Any], **_: Any) -> None:
        if task.app is not self.celery:
            return
        end = ExitStack()
        self.running.setdefault(task_id, []).append(end)
        if sentry_sdk.get_client() is not self.client:
            isolation = end.enter_context(sentry_sdk.isolation_scope())
            isolation.set_client(self.client)
        end.enter_context(sources(alone=not task.request.is_eager))
        remember(of_task(task))
        request_ids.tag_scope(self.request_id)

    def release_task(self, task_id: str, **_: Any) -> None:
        if ends := self.running.get(task_id):
            ends.pop().close()
            if not ends:
                del self.running[task_id]
