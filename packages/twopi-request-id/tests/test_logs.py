"""The ids in log records, beside structlog and OpenTelemetry."""

import json
import logging

import structlog
from opentelemetry.sdk.trace import TracerProvider

from twopi_request_id import (
    RequestIdFilter,
    add_request_id,
    bind_request_id,
    current_trace,
    outgoing_headers,
)


def filtered():
    record = logging.makeLogRecord({})
    assert RequestIdFilter().filter(record)
    return record.request_id, record.trace_id, record.span_id


def test_records_carry_the_ids():
    with bind_request_id("abc"):
        here = current_trace()
        assert filtered() == ("abc", here.trace_id, here.span_id)
    assert filtered() == ("-", "-", "-")


def test_structlog_has_them(capsys):
    log = structlog.wrap_logger(
        structlog.PrintLogger(),
        processors=[add_request_id, structlog.processors.JSONRenderer()],
    )

    with bind_request_id("abc"):
        trace = current_trace().trace_id
        log.info("paid", span_id="own")
    log.info("idle")

    paid, idle = map(json.loads, capsys.readouterr().out.splitlines())
    expected = {"event": "paid", "request_id": "abc", "span_id": "own"}
    assert paid == expected | {"trace_id": trace}
    assert idle == {"event": "idle"}


def test_where_opentelemetry_records_its_span_is_the_place():
    tracer = TracerProvider().get_tracer("shop")

    with bind_request_id("abc"):
        own = current_trace()
        with tracer.start_as_current_span("pay") as span:
            theirs = span.get_span_context()
            request_id, trace_id, span_id = filtered()
            sent = outgoing_headers()
        assert current_trace() == own

    assert request_id == sent["X-Request-ID"] == "abc"
    assert int(trace_id, 16) == theirs.trace_id != int(own.trace_id, 16)
    assert int(span_id, 16) == theirs.span_id
    assert sent["traceparent"].startswith(f"00-{trace_id}-{span_id}-")
