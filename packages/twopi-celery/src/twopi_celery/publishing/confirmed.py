"""Publishing to a broker that says when it has what was published."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from celery import Celery
from kombu import Connection
from kombu.exceptions import EncodeError, OperationalError
from kombu.transport import pyamqp

from twopi_celery.errors import UndeliverableError
from twopi_celery.publishing.confirms import Confirms
from twopi_celery.publishing.failure import (
    Failure,
    describe,
    failure_of_broker,
    is_outage,
)
from twopi_celery.publishing.redis_batch import RedisBatch
from twopi_celery.publishing.strict_producer import StrictProducer, be_strict

TIMEOUT = 5.0
"""Seconds that a broker may take to answer, or to take what is written to it."""

OPTIONS: dict[str, dict[str, object]] = {
    "amqp": {"confirm_publish": False},  # a batch is confirmed as a whole
    "redis": {
        "socket_timeout": TIMEOUT / 2,
        "socket_connect_timeout": TIMEOUT / 2,
        "socket_keepalive": True,
        "retry_on_timeout": False,
    },
}
"""Options of transports by which each wait is bounded."""


class Publisher:
    """A connection to the broker of an application, reopened when it is needed.

    Files and others have a message when publishing it returns. RabbitMQ has it when it
    confirms that, and Redis when it answers, which is waited for once for all. What
    RabbitMQ cannot route it returns first, which is a failure.

    Args:
        celery: The application.
    """

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._connection: Connection | None = None
        self._producer: Any = None
        self._confirms: Confirms | RedisBatch | None = None
        self._errors: tuple[Any, ...] = ()

    def open(self) -> None:
        """Connect to the broker, if there is no connection.

        Raises:
            kombu.exceptions.OperationalError: The broker does not answer.
        """
        if self._producer is not None:
            return
        driver = self._celery.connection_for_write().transport.driver_type
        connection = self._celery.connection_for_write(
            transport_options=OPTIONS.get(driver), connect_timeout=TIMEOUT
        )
        errors: tuple[Any, ...] = (
            *connection.connection_errors,
            *connection.channel_errors,
        )
        try:
            connection.ensure_connection(
                max_retries=max(1, len(connection.alt)),
                interval_start=0,
                interval_step=0,
                timeout=int(TIMEOUT),
            )
            if driver == "amqp":
                connection.connection.transport.sock.settimeout(TIMEOUT)
            channel = connection.channel()
            self._confirms = _confirms_of(channel)
            self._producer = StrictProducer(channel, connection)
        except errors as error:
            _abandon(connection)
            raise OperationalError(describe(error)) from error
        self._connection, self._errors = connection, errors

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        self._producer = self._confirms = None
        if connection is not None:
            _abandon(connection)

    def send(
        self,
        keys: Iterable[int],
        publish: Callable[[int, dict[str, Any]], object],
        go_on: Callable[[], bool] = lambda: True,
    ) -> dict[int, Failure | None]:
        """Publish what the *keys* stand for, and return what became of it.

        Args:
            keys: What to publish, in this order.
            publish: Publishes one, given its key and the options of ``apply_async``
                which do that by way of this connection.
            go_on: Asked before each one, and while waiting.

        Returns:
            None for each key that the broker has, or the failure. A key that was not
            begun is not in it.

        Raises:
            kombu.exceptions.OperationalError: The broker does not answer.
        """
        self.open()
        outcomes: dict[int, Failure | None] = {}
        options = {"producer": self._producer, "retry": False}
        for key in keys:
            if not go_on():
                break
            if self._confirms:
                self._confirms.begin(key)
            outcomes[key] = failure = self._try(lambda: publish(key, options))  # noqa: B023
            if failure and failure.lost:
                break
        if self._confirms:
            outcomes |= self._confirm(self._confirms, outcomes, go_on)
        if any(each and each.lost for each in outcomes.values()):
            self.close()
        return outcomes

    def _try(self, publish: Callable[[], object]) -> Failure | None:
        try:
            publish()
        except UndeliverableError as error:
            return Failure(describe(error), counts=True)
        except EncodeError as error:
            return Failure(describe(error), never=True)
        except (*self._errors, OperationalError) as error:
            return failure_of_broker(error)
        except Exception as error:  # noqa: BLE001 - of a router, a receiver, a backend
            return Failure(describe(error), counts=not is_outage(error))
        return None

    def _confirm(
        self,
        confirms: Confirms | RedisBatch,
        outcomes: dict[int, Failure | None],
        go_on: Callable[[], bool],
    ) -> dict[int, Failure | None]:
        """Wait for the broker; return what changes."""
        lost = next((each for each in outcomes.values() if each and each.lost), None)
        if lost is None:
            lost = self._try(lambda: confirms.wait(go_on))
        changed: dict[int, Failure | None] = {
            key: confirms.returned.get(key, lost)
            for key in confirms.missing()
            if outcomes.get(key) is None
        }
        if confirms.returned:
            self._producer.forget()
        confirms.clear()
        return changed


def _confirms_of(channel: Any) -> Confirms | RedisBatch | None:
    if isinstance(channel, pyamqp.Channel):
        return Confirms(channel)
    be_strict(channel)
    if hasattr(channel, "_create_client"):  # Redis
        return RedisBatch(channel, channel._create_client())  # noqa: SLF001
    return None


def _abandon(connection: Connection) -> None:
    """Close *connection* without waiting for a server that may be silent."""
    with suppress(Exception):
        sock = connection.connection.transport.sock
        sock.settimeout(0.5)
    with suppress(Exception):
        connection.release()
