"""A producer that raises for each message that reaches no queue."""

from __future__ import annotations

from typing import Any

from kombu import Connection, Producer
from kombu.transport import pyamqp

from twopi_celery.errors import UndeliverableError


def be_strict(channel: Any) -> None:
    """Let a virtual channel raise for what has no queue.

    Args:
        channel: A channel of kombu.
    """
    if not hasattr(channel, "_lookup"):
        return
    look_up = channel._lookup  # noqa: SLF001
    channel.deadletter_queue = None

    def strict(exchange: str, routing_key: str, default: str | None = None) -> Any:
        queues = look_up(exchange, routing_key, default)
        if not queues:
            raise UndeliverableError(
                f"Exchange {exchange!r} routes {routing_key!r} to no queue"
            )
        return queues

    channel._lookup = strict  # noqa: SLF001


class StrictProducer(Producer):
    """Declares each queue once, on a channel that may be closed by the server.

    Else an error in the declaration for one message would take along those that have
    been published and not confirmed.
    """

    def __init__(self, channel: Any, connection: Connection) -> None:
        super().__init__(channel, auto_declare=False)
        self._own = connection
        self._aside: Any = None
        self._declared: set[tuple[type, str]] = set()

    def forget(self) -> None:
        """Declare all again: something was deleted at the server."""
        self._declared.clear()
        known: set[Any] = self._own.declared_entities or set()
        known.clear()

    def maybe_declare(self, entity: Any, retry: bool = False, **_: Any) -> bool:  # noqa: ARG002
        """Declare a queue or an exchange, unless that has been done."""
        if entity is None or (type(entity), entity.name) in self._declared:
            return False
        channel = self._channel_aside()
        try:
            entity(channel).declare()
        except self._own.channel_errors as error:
            self._aside = None
            kind = type(entity).__name__.lower()
            raise UndeliverableError(
                f"The {kind} {entity.name!r} cannot be declared: {_text(error)}"
            ) from error
        self._declared.add((type(entity), entity.name))
        return True

    def require_exchange(self, name: str) -> None:
        """Raise unless there is an exchange *name*: the server would close the channel.

        Args:
            name: Its name.
        """
        if not name or (str, name) in self._declared:
            return
        channel = self._channel_aside()
        try:
            channel.exchange_declare(name, "direct", passive=True)
        except self._own.channel_errors as error:
            self._aside = None
            raise UndeliverableError(
                f"The exchange {name!r} cannot be used: {_text(error)}"
            ) from error
        self._declared.add((str, name))

    def publish(self, body: Any, **options: Any) -> Any:  # type: ignore[override]
        """Publish a message that has to reach a queue."""
        if isinstance(self.channel, pyamqp.Channel):
            exchange = options.get("exchange")
            for entity in options.get("declare") or ():
                self.maybe_declare(entity)
            self.require_exchange(getattr(exchange, "name", exchange) or "")
            is_task = "correlation_id" in options  # and not an event
            options |= {"mandatory": is_task, "declare": None}
        return super().publish(body, **options)

    def _channel_aside(self) -> Any:
        if not isinstance(self.channel, pyamqp.Channel):
            return self.channel
        if self._aside is None:
            self._aside = self._own.channel()
        return self._aside


def _text(error: BaseException) -> str:
    code = getattr(error, "reply_code", "")
    return f"{code} {getattr(error, 'reply_text', '')}".strip() or type(error).__name__
