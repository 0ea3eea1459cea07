"""Messages that workers put aside: list them, send them again, drop them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from celery import Celery
from kombu import Queue

REASON = "x-twopi-reason"
TRIES = "x-twopi-tries"
DELIVERIES = "x-twopi-deliveries"
MOST = 10_000
"""How many dead letters are replayed at once."""

KEPT = ("correlation_id", "reply_to", "message_id", "priority", "type", "app_id")
"""Properties of a message that are kept when it is published again."""


def dead_queue(queue: str) -> Queue:
    """Return the queue for what could not be done from *queue*.

    Args:
        queue: The name of a queue of tasks.
    """
    return Queue(f"{queue}.dead", routing_key=f"{queue}.dead", durable=True)


def publish_again(
    celery: Celery,
    message: Any,
    headers: Mapping[str, Any],
    *,
    exchange: str = "",
    routing_key: str,
    declare: Queue | None = None,
) -> None:
    """Publish the *message* again, as it is, with other headers.

    Args:
        celery: The application.
        message: A message of kombu.
        headers: The headers.
        exchange: Where to.
        routing_key: Where to.
        declare: A queue to declare before.
    """
    properties = {
        name: value
        for name in KEPT
        if (value := message.properties.get(name)) is not None
    }
    body = message.body
    with celery.producer_or_acquire() as producer:
        producer.publish(
            body.encode() if isinstance(body, str) else body,
            exchange=exchange,
            routing_key=routing_key,
            content_type=message.content_type or "application/data",
            content_encoding=message.content_encoding or "binary",
            headers=dict(headers),
            declare=[declare] if declare is not None else None,
            delivery_mode=2,
            retry=True,
            retry_policy={"max_retries": 3},
            **properties,
        )


def park(celery: Celery, message: Any, reason: str) -> str:
    """Move a *message* to its dead letters; return their queue.

    Args:
        celery: The application.
        message: A message of kombu, which is acknowledged afterwards.
        reason: Why.
    """
    info = message.delivery_info or {}
    origin = info.get("routing_key") or celery.conf.task_default_queue
    queue = dead_queue(origin)
    headers = {**(message.headers or {}), REASON: reason, "x-twopi-origin": origin}
    if info.get("exchange"):
        headers["x-twopi-exchange"] = info["exchange"]
    publish_again(celery, message, headers, routing_key=queue.name, declare=queue)
    message.ack()
    return str(queue.name)


@dataclass(frozen=True)
class DeadLetter:
    """A message that was put aside.

    Attributes:
        id: The id of its task, or None.
        task: Its name, or None if the message cannot be read.
        reason: Why it was put aside.
        size: The length of its body, in bytes.
    """

    id: str | None
    task: str | None
    reason: str
    size: int


@contextmanager
def _take(celery: Celery, queue: str, limit: int) -> Iterator[list[Any]]:
    """Take messages of the dead letters; those not acknowledged go back."""
    with celery.connection_for_write() as connection:
        channel: Any = connection.default_channel
        bound = dead_queue(queue)(channel)
        bound.declare()
        taken: list[Any] = []
        while len(taken) < limit and (message := bound.get()) is not None:
            taken.append(message)
        try:
            yield taken
        finally:
            for message in reversed(taken):
                if not message.acknowledged:
                    message.requeue()


def _letter(message: Any) -> DeadLetter:
    headers = message.headers or {}
    return DeadLetter(
        headers.get("id"),
        headers.get("task"),
        str(headers.get(REASON, "")),
        len(message.body or ""),
    )


def dead_letters(
    celery: Celery, queue: str | None = None, limit: int = 100
) -> list[DeadLetter]:
    """Return the messages that workers have put aside from *queue*.

    Args:
        celery: The application.
        queue: The queue of the tasks; the default one if None.
        limit: How many at most.

    .. versionadded:: 2.0
    """
    with _take(celery, queue or celery.conf.task_default_queue, limit) as taken:
        return [_letter(message) for message in taken]


def replay_dead_letters(
    celery: Celery, queue: str | None = None, *ids: str, drop: bool = False
) -> int:
    """Send messages that workers have put aside to their queue again.

    Args:
        celery: The application.
        queue: The queue of the tasks; the default one if None.
        *ids: The ids of their tasks; all if there are none.
        drop: Whether to remove them instead.

    Returns:
        How many there were; call it again if that is 10,000.

    .. versionadded:: 2.0
    """
    queue = queue or celery.conf.task_default_queue
    count = 0
    with _take(celery, queue, MOST) as taken:
        for message in taken:
            headers = dict(message.headers or {})
            if ids and headers.get("id") not in ids:
                continue
            if not drop:
                origin = headers.pop("x-twopi-origin", queue)
                exchange = headers.pop("x-twopi-exchange", "")
                for name in (REASON, TRIES, DELIVERIES):
                    headers.pop(name, None)
                publish_again(
                    celery, message, headers, exchange=exchange, routing_key=origin
                )
            message.ack()
            count += 1
    return count
