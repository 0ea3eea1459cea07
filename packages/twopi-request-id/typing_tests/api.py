from typing import assert_type

from flask import Flask

from twopi_request_id import (
    TraceContext,
    add_request_id,
    bind_request_id,
    current_request_id,
    current_trace,
    init_app,
    outgoing_headers,
)

init_app(Flask("shop"))
with bind_request_id("a", traceparent="", tracestate="") as bound:
    assert_type(bound, str)
assert_type(current_request_id(), str | None)
assert_type(current_trace(), TraceContext | None)
assert_type(outgoing_headers("X-Trace"), dict[str, str])
assert_type(TraceContext.parse("00-x"), TraceContext | None)
assert_type(TraceContext.new().child().traceparent, str)
add_request_id(None, "info", {"event": "paid"})
