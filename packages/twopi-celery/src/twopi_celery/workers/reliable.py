"""Late acknowledgement: a task is done when it is done, whoever is killed meanwhile."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from celery import Celery

from twopi_celery.brokers.redis_options import REDIS_BOUNDS
from twopi_celery.errors import ConfigurationError
from twopi_celery.settings_names import spellings
from twopi_celery.workers.child_deaths import LookForDeaths
from twopi_celery.workers.patient_consumer import CONSUMER

log = logging.getLogger(__name__)

SETTINGS: dict[str, Any] = {
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    "broker_connection_retry_on_startup": True,
    "worker_consumer": CONSUMER,
}
"""What `reliable` sets; on RabbitMQ and Redis some transport options too."""

TRANSPORTS = {
    "redis": "twopi_celery.brokers.redis_transport.Transport",
    "amqp": "twopi_celery.brokers.amqp_transport.Transport",
}
"""Ours, which lose no message and wait for no silent server without end."""

TIMEOUTS = {"redis": 3600, "sqs": 1800, "amqp": 1800}
"""After how many seconds brokers hand out again what is not acknowledged.

That of RabbitMQ is its ``consumer_timeout``, 30 minutes since version 3.8.17.
"""


def reliable(celery: Celery, *, visibility_timeout: float | None = None) -> Celery:
    """Let every task of *celery* be run to its end at least once.

    .. code-block:: python

        from twopi_celery import create_celery, reliable

        settings = {"broker_url": "redis://localhost:6379/0", "task_time_limit": 300}
        celery = reliable(create_celery("shop", settings), visibility_timeout=600)
        assert celery.conf.task_acks_late


        @celery.task(acks_late=False)
        def remind():
            '''At most once: rather no mail than two.'''

    A worker then acknowledges a task after it has run, instead of before. If its
    process is killed, the task is run again: at once if it was a child of the pool or
    if the broker is RabbitMQ, after the visibility timeout on Redis. So a task may run
    more than once: make its effect depend on a key, ``self.request.id`` for example,
    which stays the same. A task that raises has run; use Celery's retries.

    A task that kills its process each time, as by memory, is put aside after 10
    deliveries (``twopi_delivery_limit``). A quorum queue of RabbitMQ counts by itself;
    give it an ``x-delivery-limit`` that is not lower. A task that a worker does not
    know, or a message that it cannot read, is put back, after 2, 4, 8 to 60 seconds; a
    worker of the next release may know it. After 12 times (``twopi_unknown_limit``) it
    is put aside. What is put aside from the queue ``celery`` is in ``celery.dead``; see
    `dead_letters` and `replay_dead_letters`.

    No call waits for a silent broker without end: RabbitMQ must confirm a message
    within 10 seconds, or else a ``kombu.exceptions.OperationalError`` is raised, and
    Redis must answer within 3.

    Call it before the first task is used. What it sets is in the documentation;
    settings that undo it are refused, and other combinations that lose or double tasks
    warned of.

    Args:
        celery: The application, made by `create_celery` or not.
        visibility_timeout: After how many seconds the broker hands out again what is
            not acknowledged. On Redis and SQS this is set; on RabbitMQ say what the
            server's ``consumer_timeout`` is, if not 30 minutes. By default it is what
            is configured, or the transport's own: 1 hour on Redis. It must be longer
            than any task, any ``countdown`` and any retry's delay.

    Returns:
        *celery*.

    Raises:
        ConfigurationError: A setting undoes it, a time limit exceeds the visibility
            timeout, or tasks have been used already.

    .. versionadded:: 2.0
    """
    _refuse_used(celery)
    celery.conf.get("broker_url")  # reads the settings, which replaces celery.conf
    conf = celery.conf
    _refuse(conf)
    conf.update({name: SETTINGS[name] for name in SETTINGS if not _given(conf, name)})
    celery.steps["worker"].add(LookForDeaths)
    with celery.connection_for_write() as connection:
        broker = connection.transport.driver_type
    options = dict(conf.broker_transport_options or {})
    own = _use_own_transport(celery, broker)
    if broker == "amqp":
        options.setdefault("confirm_publish", True)
    elif broker in TIMEOUTS:
        if visibility_timeout is not None:
            options["visibility_timeout"] = visibility_timeout
        options.setdefault("unacked_restore_throttle", 1)
        visibility_timeout = options.get("visibility_timeout")
        if broker == "redis" and not own:
            options = REDIS_BOUNDS | options
    conf.broker_transport_options = options
    if broker in TIMEOUTS:
        concern = _check_limits(celery, visibility_timeout or TIMEOUTS[broker])
    else:
        concern = (
            f"A worker that is killed loses what it has fetched from {broker}://; "
            "reliable() needs RabbitMQ, Redis or SQS"
        )
    for each in filter(None, [concern, _concern_of_timeouts(conf)]):
        warnings.warn(each, stacklevel=2)
    return celery


def _use_own_transport(celery: Celery, broker: str) -> bool:
    """Use our transport for the broker if it allows it; return whether it does.

    A ``rediss://`` or ``amqps://`` whose TLS kombu configures by the scheme alone keeps
    kombu's, and so do Sentinel and a transport that the settings name.
    """
    if broker not in TRANSPORTS:
        return False
    own = TRANSPORTS[broker]
    with (
        celery.connection_for_write() as theirs,
        celery.connection_for_write(transport=own) as ours,
    ):
        known = {"redis", "rediss", "amqp", "amqps", "pyamqp"}
        use = theirs.transport_cls in known and ours.ssl == theirs.ssl
    if use:
        celery.conf.broker_transport = own
    return bool(use)


def _refuse_used(celery: Celery) -> None:
    """Raise if there are tasks that have taken over the settings already."""
    known: Iterable[str] = celery._tasks  # type: ignore[attr-defined]  # noqa: SLF001
    used = sorted(name for name in known if not name.startswith("celery."))
    if used:
        raise ConfigurationError(
            f"reliable() comes too late for {', '.join(used[:3])}; call it where the "
            "application is created, before tasks are used"
        )


def _given(conf: Any, name: str) -> bool:
    """Tell whether the setting *name* has been given, in any spelling."""
    spelled = [spelling for spelling, known in spellings().items() if known == name]
    return any(each in layer for layer in conf.maps[:-1] for each in spelled)


def _refuse(conf: Any) -> None:
    """Raise for a setting that undoes what `reliable` is called for."""
    options = conf.broker_transport_options or {}
    bad: dict[str, Callable[[], bool]] = {
        "task_acks_late": lambda: not conf.task_acks_late,
        "task_reject_on_worker_lost": lambda: (
            not (
                conf.task_reject_on_worker_lost or conf.get("task_retry_on_worker_lost")
            )
        ),
        "worker_prefetch_multiplier": lambda: conf.worker_prefetch_multiplier < 1,
        "task_default_delivery_mode": lambda: (
            conf.task_default_delivery_mode in {1, "transient"}
        ),
    }
    names = [name for name, is_bad in bad.items() if _given(conf, name) and is_bad()]
    names += [
        f"broker_transport_options[{name!r}]"
        for name in ("ack_emulation", "confirm_publish")
        if not options.get(name, True)
    ]
    if names:
        raise ConfigurationError(
            f"{', '.join(names)} would lose tasks in spite of reliable(); remove it "
            "from the settings, or do without reliable()",
            *names,
        )


def _check_limits(celery: Celery, timeout: float) -> str | None:
    """Compare the time limits, of tasks once they are known, with the broker's."""
    limit = celery.conf.task_time_limit
    if limit is not None and limit >= timeout:
        raise ConfigurationError(
            f"task_time_limit is {limit:g} s, but what is not acknowledged after "
            f"{timeout:g} s is handed out again, to run twice at the same time; "
            "make the limit shorter or visibility_timeout longer",
            "task_time_limit",
            "visibility_timeout",
        )

    def check_tasks(**_: object) -> None:
        for name, task in celery.tasks.items():
            if not task.acks_late:
                continue
            if not (task.reject_on_worker_lost or _retries(task)):
                log.warning("%s is lost with its worker: reject_on_worker_lost", name)
            if task.time_limit is not None and task.time_limit >= timeout:
                log.warning(
                    "%s may run for %g s, but is handed out again after %g s: make its "
                    "time_limit shorter or visibility_timeout longer",
                    name,
                    task.time_limit,
                    timeout,
                )

    celery.on_after_finalize.connect(check_tasks, weak=False)
    if limit is not None:
        return None
    return (
        f"There is no task_time_limit: a task that takes longer than {timeout:g} s is "
        "handed out again then, to run twice at the same time"
    )


def _retries(task: Any) -> bool:
    return bool(getattr(task, "retry_on_worker_lost", False))  # new in Celery 5.7


def _concern_of_timeouts(conf: Any) -> str | None:
    acks = conf.get("task_acks_on_timeout")  # new in Celery 5.7
    if acks is None:
        acks = conf.task_acks_on_failure_or_timeout
    if acks:
        return None
    return (
        "With task_acks_on_failure_or_timeout or task_acks_on_timeout off, a task that "
        "exceeds its time limit is run again, for ever"
    )
