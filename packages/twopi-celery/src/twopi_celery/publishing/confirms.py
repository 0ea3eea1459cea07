"""Publisher confirms of RabbitMQ."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kombu.exceptions import OperationalError

from twopi_celery.publishing.failure import Failure

TIMEOUT = 5.0
"""Seconds that RabbitMQ may take to confirm a batch."""


class Confirms:
    """What is published on an AMQP channel and not confirmed yet.

    See https://www.rabbitmq.com/docs/confirms: messages are numbered from 1. One that
    cannot be routed is returned before it is confirmed.
    """

    def __init__(self, channel: Any) -> None:
        self._connection = channel.connection
        self._publish = channel.basic_publish
        self._last = 0
        self._key = 0
        self._open: dict[int, int] = {}
        self._ids: dict[str, int] = {}
        self.returned: dict[int, Failure] = {}
        channel.confirm_select()
        channel.events["basic_ack"].add(self._ack)
        channel.events["basic_nack"].add(self._nack)
        channel.events["basic_return"].add(self._return)
        channel.basic_publish = self._count

    def begin(self, key: int) -> None:
        """Note that the next messages are those of *key*."""
        self._key = key

    def missing(self) -> set[int]:
        """Return the keys of messages that the broker does not have."""
        return {*self._open.values(), *self.returned}

    def clear(self) -> None:
        """Forget what is not confirmed."""
        self._open.clear()
        self._ids.clear()
        self.returned.clear()

    def wait(self, go_on: Callable[[], bool]) -> None:
        """Wait until all is confirmed; not so long any more once told not to go on."""
        deadline = time.monotonic() + TIMEOUT
        while self._open:
            left = deadline - time.monotonic()
            if left <= 0 or not (go_on() or left > TIMEOUT - 1):
                raise OperationalError(
                    "The broker confirms nothing"
                ) from TimeoutError()
            with suppress(TimeoutError):
                self._connection.drain_events(timeout=min(left, 0.5))

    def _count(self, message: Any, *args: Any, **kwargs: Any) -> Any:
        self._last += 1
        self._open[self._last] = self._key
        self._ids[message.properties.get("correlation_id", "")] = self._key
        return self._publish(message, *args, **kwargs)

    def _ack(self, delivery_tag: int, multiple: bool) -> None:
        if multiple:
            for tag in [tag for tag in self._open if tag <= delivery_tag]:
                del self._open[tag]
        else:
            self._open.pop(delivery_tag, None)

    def _nack(self, delivery_tag: int, multiple: bool) -> None:
        for tag in [tag for tag in self._open if tag <= delivery_tag]:
            if multiple or tag == delivery_tag:
                failure = Failure("The broker refuses the message: its queue is full?")
                self.returned.setdefault(self._open.pop(tag), failure)

    def _return(self, _: object, exchange: str, routing_key: str, message: Any) -> None:
        key = self._ids.get(message.properties.get("correlation_id", ""))
        if key is not None:
            text = f"Exchange {exchange!r} routes {routing_key!r} to no queue"
            self.returned[key] = Failure(text, counts=True)
