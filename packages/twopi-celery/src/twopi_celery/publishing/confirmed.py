"""Publishing to a broker that says when it has what was published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.transport import pyamqp

CONFIRM_TIMEOUT = 30.0
"""For how many seconds RabbitMQ may think about a batch."""


class Publisher:
    """A connection to the broker of an application, reopened when it is needed.

    Redis, files and others have a message when publishing it returns. RabbitMQ has it
    when it confirms that, which is waited for once, at the end of each `batch`.

    Args:
        celery: The application.
    """

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._connection: Connection = celery.connection_for_write()
        self._producer: Any = None
        self._confirms: _Confirms | None = None

    @contextmanager
    def batch(self) -> Iterator[dict[str, Any]]:
        """Yield the options of ``apply_async`` that publish by way of this connection.

        When the block ends, the broker has all that was published in it; the connection
        is closed if the block raises.

        Raises:
            kombu.exceptions.OperationalError: The broker does not answer.
        """
        errors = self._connection.connection_errors + self._connection.channel_errors
        try:
            if self._producer is None:
                self._open()
            yield {"producer": self._producer, "retry": False}
            if self._confirms:
                self._confirms.wait()
        except errors as error:
            self.close()
            raise OperationalError(str(error)) from error
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self._connection = self._celery.connection_for_write()
        self._connection.connect()
        channel = self._connection.channel()
        if isinstance(channel, pyamqp.Channel):
            self._confirms = _Confirms(channel)
        self._producer = self._celery.amqp.Producer(channel)

    def close(self) -> None:
        """Close the connection; the next `batch` opens one."""
        self._producer = self._confirms = None
        self._connection.release()


class _Confirms:
    """What is published on an AMQP channel and not confirmed yet.

    See https://www.rabbitmq.com/docs/confirms: messages are numbered from 1.
    """

    def __init__(self, channel: Any) -> None:
        self._connection = channel.connection
        self._publish = channel.basic_publish
        self._last = 0
        self._open: set[int] = set()
        self._refused = False
        channel.confirm_select()
        channel.events["basic_ack"].add(self._ack)
        channel.events["basic_nack"].add(self._nack)
        channel.basic_publish = self._count

    def _count(self, *args: Any, **kwargs: Any) -> Any:
        self._last += 1
        self._open.add(self._last)
        return self._publish(*args, **kwargs)

    def _ack(self, delivery_tag: int, multiple: bool) -> None:
        if multiple:
            self._open = {tag for tag in self._open if tag > delivery_tag}
        else:
            self._open.discard(delivery_tag)

    def _nack(self, delivery_tag: int, multiple: bool) -> None:
        self._refused = True
        self._ack(delivery_tag, multiple)

    def wait(self) -> None:
        while self._open:
            self._connection.drain_events(timeout=CONFIRM_TIMEOUT)
        if self._refused:
            raise OperationalError("The broker refused a message")
