"""The id and the trace of what goes on here, kept in a context variable."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from twopi_request_id.trace import TraceContext

HEADER = "X-Request-ID"
_valid = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}").fullmatch


class Current(NamedTuple):
    """What goes on here: a request, a task or a block."""

    request_id: str
    trace: TraceContext


current: ContextVar[Current | None] = ContextVar("twopi_request_id", default=None)


def begin(
    request_id: object, traceparent: object = None, tracestate: object = None
) -> Current:
    """Return what begins with the id and the trace that a caller sent.

    An id that is missing, or not fit for logs and headers, is the id of the trace. A
    trace that is missing or invalid is a new one.
    """
    caller = TraceContext.parse(traceparent, tracestate)
    trace = caller.child() if caller else TraceContext.new()
    if isinstance(request_id, str) and _valid(request_id):
        return Current(request_id, trace)
    return Current(trace.trace_id, trace)


def current_request_id() -> str | None:
    """Return the id of the request that is served, or that caused the present task.

    Returns:
        The id, or ``None`` outside of requests, tasks and `bind_request_id`.
    """
    here = current.get()
    return here and here.request_id


def current_trace() -> TraceContext | None:
    """Return the place in the trace.

    Where OpenTelemetry records a span, it is that span. Otherwise it is a place made
    for the request or task.

    Returns:
        The place, or ``None`` outside of requests, tasks and `bind_request_id`.
    """
    span = _opentelemetry()
    if span is not None:
        return span
    here = current.get()
    return here and here.trace


@contextmanager
def bind_request_id(
    request_id: str | None = None, *, traceparent: str = "", tracestate: str = ""
) -> Iterator[str]:
    """Give all that is done and sent within the block one id and one trace.

    For what is neither a request nor a task: a command, a consumer of another queue.

    .. code-block:: python

        from twopi_request_id import bind_request_id, current_request_id

        with bind_request_id("nightly-42"):
            assert current_request_id() == "nightly-42"
        assert current_request_id() is None

    Args:
        request_id: The id, of up to 128 characters of ``A-Z a-z 0-9 . _ : + / = @ -``.
            If it is missing or has others, it is the id of the trace.
        traceparent: The trace to continue, as its W3C header. If it is missing or
            invalid, a new trace begins.
        tracestate: The header of that name.

    Yields:
        The id.
    """
    here = begin(request_id, traceparent, tracestate)
    token = current.set(here)
    try:
        yield here.request_id
    finally:
        current.reset(token)


def outgoing_headers(header: str = HEADER) -> dict[str, str]:
    """Return the headers that tell another service what caused a request to it.

    Args:
        header: The name of the header with the id.

    Returns:
        The id, ``traceparent`` and, if there is one, ``tracestate``. Nothing outside of
        requests, tasks and `bind_request_id`, unless OpenTelemetry records a span.
    """
    headers = {}
    if request_id := current_request_id():
        headers[header] = request_id
    if trace := current_trace():
        headers["traceparent"] = trace.traceparent
        if trace.state:
            headers["tracestate"] = trace.state
    return headers


def _opentelemetry() -> TraceContext | None:
    """Return the span that OpenTelemetry records here, if an application uses it."""
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        return None
    span = api.get_current_span().get_span_context()
    if not span.is_valid:
        return None
    return TraceContext(
        f"{span.trace_id:032x}",
        f"{span.span_id:016x}",
        bool(span.trace_flags & 1),
        bool(span.trace_flags & 2),
        span.trace_state.to_header(),
    )
