"""The ids in log records, for the standard library's logging and for structlog."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from twopi_request_id.current import current_request_id, current_trace


class RequestIdFilter(logging.Filter):
    """Gives each log record ``request_id``, ``trace_id`` and ``span_id``.

    Each is ``"-"`` if there is none. Add it to handlers, so that the records of every
    logger have them:

    .. code-block:: python

        import logging

        from twopi_request_id import RequestIdFilter

        handler = logging.StreamHandler()
        handler.addFilter(RequestIdFilter())
        handler.setFormatter(logging.Formatter("%(request_id)s %(message)s"))
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let *record* pass, with its ids."""
        trace = current_trace()
        record.request_id = current_request_id() or "-"
        record.trace_id = trace.trace_id if trace else "-"
        record.span_id = trace.span_id if trace else "-"
        return True


def add_request_id(
    _: object, __: str, event_dict: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Add ``request_id``, ``trace_id`` and ``span_id``, as a processor of structlog.

    .. code-block:: python

        from twopi_request_id import add_request_id, bind_request_id

        with bind_request_id("r-17"):
            assert (
                add_request_id(None, "info", {"event": "paid"})["request_id"] == "r-17"
            )

    Args:
        event_dict: The event; what it has under these names stays.

    Returns:
        The same dictionary.
    """
    if request_id := current_request_id():
        event_dict.setdefault("request_id", request_id)
    if trace := current_trace():
        event_dict.setdefault("trace_id", trace.trace_id)
        event_dict.setdefault("span_id", trace.span_id)
    return event_dict
