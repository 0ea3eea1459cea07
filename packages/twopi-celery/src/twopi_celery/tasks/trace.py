"""The trace that a call belongs to, if OpenTelemetry is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

FIELDS = ("traceparent", "tracestate", "baggage")
"""The headers of W3C Trace Context and Baggage."""


def current_trace() -> dict[str, str]:
    """Return the headers of the current trace; none without OpenTelemetry."""
    propagate: Any = sys.modules.get("opentelemetry.propagate")
    if propagate is None:
        return {}
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return {name: carrier[name] for name in FIELDS if name in carrier}


@contextmanager
def continue_trace(headers: Mapping[str, str]) -> Iterator[None]:
    """Continue the trace in *headers*, so that what is published belongs to it.

    Args:
        headers: Those of a message.
    """
    propagate: Any = sys.modules.get("opentelemetry.propagate")
    if propagate is None or "traceparent" not in headers:
        yield
        return
    context: Any = sys.modules["opentelemetry.context"]
    carrier = {name: headers[name] for name in FIELDS if name in headers}
    token = context.attach(propagate.extract(carrier))
    try:
        yield
    finally:
        context.detach(token)
