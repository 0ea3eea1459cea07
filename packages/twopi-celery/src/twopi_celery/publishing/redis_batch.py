"""Messages for Redis, sent together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kombu.utils.json import dumps

from twopi_celery.publishing.failure import Failure, describe


class RedisBatch:
    """What is published on a channel of Redis and not sent yet.

    Like `twopi_celery.publishing.confirms.Confirms`: after `wait` Redis has all that
    is neither in `missing` nor in `returned`.

    Args:
        channel: A channel of kombu's Redis transport.
        client: Its client.
    """

    def __init__(self, channel: Any, client: Any) -> None:
        self._channel = channel
        self._pipeline = client.pipeline(transaction=False)
        self._key = 0
        self._keys: list[int] = []
        self.returned: dict[int, Failure] = {}
        channel._put = self._put  # noqa: SLF001

    def begin(self, key: int) -> None:
        """Note that the next messages are those of *key*."""
        self._key = key

    def missing(self) -> set[int]:
        """Return the keys of messages that Redis does not have."""
        return {*self._keys, *self.returned}

    def clear(self) -> None:
        """Forget what was not sent."""
        self._pipeline.reset()
        self._keys.clear()
        self.returned.clear()

    def wait(self, _: Callable[[], bool]) -> None:
        """Send all; an error of one command is that of its message alone."""
        keys = list(self._keys)
        if not keys:
            return
        answers = self._pipeline.execute(raise_on_error=False)
        self._keys.clear()
        for key, answer in zip(keys, answers, strict=True):
            if isinstance(answer, Exception):  # such as: no memory, a replica
                self.returned[key] = Failure(describe(answer))

    def _put(self, queue: str, message: Any, **_: Any) -> None:
        channel = self._channel
        priority = channel._get_message_priority(message, reverse=False)  # noqa: SLF001
        name = channel._q_for_pri(queue, priority)  # noqa: SLF001
        self._pipeline.lpush(name, dumps(message))
        self._keys.append(self._key)
        expires = getattr(channel, "_expires", None) or {}
        if queue in expires:
            for step in channel.priority_steps:
                each = channel._q_for_pri(queue, step)  # noqa: SLF001
                self._pipeline.pexpire(each, expires[queue])
                self._keys.append(self._key)
