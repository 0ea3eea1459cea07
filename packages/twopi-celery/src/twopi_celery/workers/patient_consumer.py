"""A consumer that throws no message away.

Celery acknowledges what it cannot read and rejects tasks that it does not know, which
loses them. During a rolling deployment another worker may know them soon.
"""

from __future__ import annotations

import logging
from typing import Any

from celery.worker import consumer

from twopi_celery.workers.dead_letters import DELIVERIES, TRIES, park, publish_again

log = logging.getLogger(__name__)

MOST_TRIES = 12
"""How often a message that a worker does not know is put back: about eight minutes."""

LONGEST_DELAY = 60.0
MOST_DELIVERIES = 10
"""How often a message may be delivered again: its task may be what kills workers."""

CONSUMER = "twopi_celery.workers.patient_consumer:Consumer"


class Consumer(consumer.Consumer):
    """Puts back what it cannot handle, some times, and then puts it aside."""

    # Celery's, which has no types
    app: Any
    timer: Any
    qos: Any
    connection_errors: Any

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Any:
        """Return what handles messages; those that come again and again are counted."""
        handle = super().create_task_handler(*args, **kwargs)
        limit = self.app.conf.get("twopi_delivery_limit", MOST_DELIVERIES)

        def count(message: Any) -> Any:
            headers = message.headers or {}
            deliveries = headers.get("x-delivery-count")  # of a quorum queue
            if deliveries is not None:
                if deliveries <= limit:
                    return handle(message)
            elif not (message.delivery_info or {}).get("redelivered"):
                return handle(message)
            else:
                deliveries = headers.get(DELIVERIES, 0) + 1
            return self._again(message, int(deliveries), limit)

        return count

    def _again(self, message: Any, deliveries: int, limit: int) -> None:
        if deliveries > limit:
            self._park(message, f"It was delivered {deliveries} times and never ended")
        else:
            headers = {**message.headers, DELIVERIES: deliveries}
            headers.pop("redelivered", None)
            self._put_back(message, headers)

    def on_unknown_message(self, body: Any, message: Any) -> None:  # noqa: ARG002
        """Handle a message that is not that of a task."""
        self._later(message, "It is not a task")

    def on_unknown_task(self, body: Any, message: Any, exc: Any) -> None:  # noqa: ARG002
        """Handle a task that this worker does not know."""
        self._later(message, f"Unknown task {exc}")

    def on_invalid_task(self, body: Any, message: Any, exc: Any) -> None:  # noqa: ARG002
        """Handle a message that this worker does not accept."""
        self._later(message, f"Invalid task: {type(exc).__name__}")

    def on_decode_error(self, message: Any, exc: Any) -> None:
        """Handle a message that this worker cannot decode."""
        self._later(message, f"It cannot be decoded: {type(exc).__name__}")

    def _later(self, message: Any, reason: str) -> None:
        headers = dict(message.headers or {})
        tries = int(headers.get(TRIES, 0)) + 1
        if tries > self.app.conf.get("twopi_unknown_limit", MOST_TRIES):
            self._park(message, reason)
            return
        delay = min(LONGEST_DELAY, 2.0**tries)
        log.warning("%s; putting it back in %g s", reason, delay)
        self.qos.increment_eventually()  # it takes no place meanwhile

        def put_back() -> None:
            self._put_back(message, {**headers, TRIES: tries})
            self.qos.decrement_eventually()

        self.timer.call_after(delay, put_back)

    def _put_back(self, message: Any, headers: dict[str, Any]) -> None:
        """Publish a message again; if that fails the broker delivers the old one."""
        info = message.delivery_info or {}
        try:
            publish_again(
                self.app,
                message,
                headers,
                exchange=info.get("exchange") or "",
                routing_key=info.get("routing_key") or "",
            )
            message.ack()
        except Exception:
            log.exception("A message is not put back; the broker keeps it")

    def _park(self, message: Any, reason: str) -> None:
        try:
            queue = park(self.app, message, reason)
        except Exception:
            log.exception("A message is not put aside; the broker keeps it")
        else:
            log.error("%s; it is in the queue %s", reason, queue)
