"""Kombu's AMQP transport, which waits for no silent server without end.

RabbitMQ stops reading while it has a memory or disk alarm, and a connection may be half
open. With publisher confirms, kombu would wait for ever then, in a web process too.
"""

from __future__ import annotations

import socket
from typing import Any

from kombu.exceptions import OperationalError
from kombu.transport import pyamqp

amqp: Any = vars(pyamqp)["amqp"]
"""The library that kombu uses, py-amqp."""

TIMEOUT = 10.0
"""Seconds that RabbitMQ may take to confirm a message or to answer."""


class Channel(pyamqp.Channel):
    """A channel that gives up a connection on which nothing is confirmed in time."""

    # py-amqp's, which has no types
    _basic_publish: Any
    _confirm_selected: bool

    def basic_publish_confirm(self, *args: Any, **kwargs: Any) -> Any:
        """Publish a message and wait until RabbitMQ has it.

        Raises:
            kombu.exceptions.OperationalError: It has not confirmed it in time. It may
                have the message, or not.
        """
        timeout = kwargs.pop("confirm_timeout", None) or TIMEOUT
        connection = self.connection
        if not self._confirm_selected:
            self._confirm_selected = True
            self.confirm_select()
        before = connection.transport.sock.gettimeout() if connection else None
        try:
            if connection:
                connection.transport.sock.settimeout(timeout)
            published = self._basic_publish(*args, **kwargs)
            self.wait(
                [amqp.spec.Basic.Ack, amqp.spec.Basic.Nack],
                callback=_refuse,
                timeout=timeout,
            )
        except TimeoutError as error:
            connection.collect()  # else a later message would take its confirmation
            raise OperationalError(
                f"RabbitMQ has not confirmed a message within {timeout:g} s; it has a "
                "memory or disk alarm, or the connection is broken"
            ) from error
        if connection.transport is not None:
            connection.transport.sock.settimeout(before)
        return published


def _refuse(method: Any, *_: object) -> None:
    if method == amqp.spec.Basic.Nack:
        raise amqp.exceptions.MessageNacked


class Connection(pyamqp.Connection):
    """A connection of such channels."""

    Channel = Channel


class Transport(pyamqp.Transport):
    """The transport that `twopi_celery.reliable` chooses for RabbitMQ."""

    Connection = Connection

    def establish_connection(self) -> Any:
        """Connect, and let each wait without a timeout of its own have one."""
        connection = super().establish_connection()
        sock: socket.socket = connection.transport.sock
        sock.settimeout(TIMEOUT)
        for name, value in (("KEEPIDLE", 2), ("KEEPINTVL", 1), ("KEEPCNT", 3)):
            option = getattr(socket, f"TCP_{name}", None)
            if option is not None and sock.family != getattr(socket, "AF_UNIX", None):
                sock.setsockopt(socket.IPPROTO_TCP, option, value)
        return connection
