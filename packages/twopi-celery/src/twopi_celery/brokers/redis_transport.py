"""Kombu's Redis transport, with no moment in which a message is nowhere.

Kombu takes a message off its list and notes it among the unacknowledged ones when it
has arrived. If the worker or its connection dies in between, the message is lost. Here
one script does both. The keys and their contents are kombu's, so that workers and
clients may use either transport.

There is a price: a script cannot wait for a message. While there is none, it is run
again every 0.2 seconds; or as soon as one is added to the first queue, for which this
waits by moving the message from the end of the list to the end of the list.
"""

from __future__ import annotations

import logging
import select
import time
from queue import Empty
from typing import Any

from kombu.transport import redis
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import loads

from twopi_celery.brokers.redis_options import REDIS_BOUNDS
from twopi_celery.errors import ConfigurationError

log = logging.getLogger(__name__)

WAIT = 0.2
"""Seconds until the queues are looked through again."""

SILENCE = 2.0
"""Seconds after which a Redis that does not answer is connected to again."""

NEEDED = (6, 2)
"""The first version of Redis that has BLMOVE."""

TAKE = """
local function unacknowledged(item)
  local message = cjson.decode(item)
  local origin = message.properties.delivery_info
  local place = cjson.encode(origin.exchange) .. ',' .. cjson.encode(origin.routing_key)
  return message.properties.delivery_tag, '[' .. item .. ',' .. place .. ']'
end

for i = 3, #KEYS do
  local item = redis.call('RPOP', KEYS[i])
  if item then
    local is_message, tag, value = pcall(unacknowledged, item)
    if is_message then
      redis.call('ZADD', KEYS[2], ARGV[1], tag)
      redis.call('HSET', KEYS[1], tag, value)
    end
    return {i - 3, item}
  end
end
return false
"""


class Channel(redis.Channel):
    """A channel that takes and notes a message in one step."""

    socket_timeout = REDIS_BOUNDS["socket_timeout"]
    socket_connect_timeout = REDIS_BOUNDS["socket_connect_timeout"]
    socket_keepalive = REDIS_BOUNDS["socket_keepalive"]
    retry_on_timeout = REDIS_BOUNDS["retry_on_timeout"]
    health_check_interval = REDIS_BOUNDS["health_check_interval"]
    brpop_timeout = REDIS_BOUNDS["brpop_timeout"]

    _taking = False
    _checked = False
    _queues: list[str]

    # kombu's, which has no types
    qos: Any
    connection: Any
    _in_poll: Any
    _brpop_sent_at: float
    ResponseError: Any
    connection_errors: Any
    _queue_cycle: Any
    _q_for_pri: Any

    def conn_or_acquire(self, client: Any = None) -> Any:
        """Return a client; raise what a worker expects once the connection is given up.

        Kombu 5.7 raises an AttributeError then, at the first acknowledgement that comes
        late, and the worker ends where it should connect again.
        """
        if client is None and getattr(self.connection, "client", None) is None:
            raise ConnectionError("The connection to Redis was closed")
        return super().conn_or_acquire(client)

    def _brpop_start(self, timeout: float | None = None) -> None:  # noqa: ARG002
        """Ask for a message, or else wait for one, in turns."""
        queues = self._queue_cycle.consume(len(self.active_queues))
        if not queues:
            return
        if not self._checked:
            self._require_version()
            self._checked = True
        self._taking = not self._taking
        lists = [(queue, step) for step in self.priority_steps for queue in queues]
        self._queues = [queue for queue, _ in lists]
        keys = self._prefixed(*(self._q_for_pri(*each) for each in lists))
        self._in_poll = self.client.connection
        self._brpop_sent_at = time.monotonic()
        if self._taking:
            notes = self._prefixed(self.unacked_key, self.unacked_index_key)
            command = ["EVAL", TAKE, len(notes + keys), *notes, *keys, time.time()]
        else:
            command = ["BLMOVE", keys[0], keys[0], "RIGHT", "RIGHT", WAIT]
        self._in_poll.send_command(*command)

    def _require_version(self) -> None:
        """Raise for a Redis that is too old; one that does not tell is taken as new."""
        try:
            with self.conn_or_acquire() as client:
                version = str(client.info("server")["redis_version"])
        except (KeyError, self.ResponseError):
            return
        numbers = tuple(int(each) for each in version.split(".")[:2] if each.isdigit())
        if numbers < NEEDED:
            raise ConfigurationError(
                f"reliable() needs Redis 6.2 or later, and this is {version}; install "
                "another one, or set broker_transport to 'redis'",
                "broker_transport",
            )

    def give_up_silent(self) -> None:
        """Close the connection of a question that is not answered.

        Kombu before 5.7 cannot ask again on another one; there the worker connects
        again.
        """
        connection, asked = self._in_poll, self._brpop_sent_at
        if not connection or time.monotonic() - asked < SILENCE:
            return
        sock = connection._sock  # noqa: SLF001
        if sock is not None and select.select([sock], [], [], 0)[0]:
            return  # the answer is there, and was not read yet
        log.warning("Redis has not answered for %g s; connecting again", SILENCE)
        connection.disconnect()
        if not hasattr(self.connection.cycle, "maybe_check_brpop_health"):
            raise ConnectionError("Redis does not answer")

    def _prefixed(self, *keys: str) -> list[str]:
        return [f"{self.global_keyprefix}{key}" for key in keys]

    def _brpop_read(self, **options: Any) -> bool:
        """Deliver the message that was asked for, if there was one."""
        try:
            found = self._read_reply(**options)
        finally:
            self._in_poll = None
            if hasattr(self, "_flush_brpop_reauth"):  # new in kombu 5.6
                self._flush_brpop_reauth()
        if not self._taking or not found:
            raise Empty
        self._taking = False  # do not wait before the next one
        number, item = found
        queue = self._queues[number]
        self._queue_cycle.rotate(queue)
        message = loads(bytes_to_str(item))
        self.connection._deliver(message, queue)  # noqa: SLF001
        self._forget_unless_delivered(message)
        return True

    def _read_reply(self, **options: Any) -> Any:
        try:
            return self.client.parse_response(self.client.connection, "EVAL", **options)
        except self.connection_errors:
            self.client.connection.disconnect()
            raise

    def _forget_unless_delivered(self, message: dict[str, Any]) -> None:
        """Remove the note of a message that nobody is going to acknowledge."""
        tag = message["properties"]["delivery_tag"]
        if tag not in self.qos._delivered:  # noqa: SLF001
            self.qos._remove_from_indices(tag).execute()  # noqa: SLF001


class Transport(redis.Transport):
    """The transport that `twopi_celery.workers.reliable` chooses for Redis."""

    Channel = Channel

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        """Read from Redis in the event loop of a worker, and look for its silence."""
        super().register_with_event_loop(connection, loop)
        cycle: Any = self.cycle
        timer = getattr(cycle, "silence_timer", None)
        if timer is not None:
            timer.cancel()

        def look() -> None:
            for channel in list(cycle._channels):  # noqa: SLF001
                channel.give_up_silent()

        cycle.silence_timer = loop.call_repeatedly(1.0, look)
