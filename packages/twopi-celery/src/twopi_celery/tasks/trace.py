"""The trace that a call belongs to, if OpenTelemetry is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

FIELDS = ("traceparent", "tracestate", "baggage")
"""The headers of W3C Trace Context and Baggage."""


def current_trace() -> dict[str, str]:
    """Return the headers of the current trace; none without OpenTelemetry."""
    if "opentelemetry.propagate" not in sys.modules:
        return {}
    from opentelemetry.propagate import inject

    carrier: dict[str, str] = {}
    inject(carrier)
    return {name: carrier[name] for name in FIELDS if name in carrier}


@contextmanager
def continue_trace(headers: Mapping[str, str]) -> Iterator[None]:
    """Continue the trace in *headers*, so that what is published belongs to it.

    Args:
        headers: Those of a message.
    """
    if "opentelemetry.propagate" not in sys.modules or "traceparent" not in headers:
        yield
        return
    from opentelemetry import context
    from opentelemetry.propagate import extract

    token = context.attach(extract({k: headers[k] for k in FIELDS if k in headers}))
    try:
        yield
    finally:
        context.detach(token)
