"""The headers of W3C Trace Context."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twopi_request_id import TraceContext

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def parent(version="00", trace=TRACE, span=SPAN, flags="01", rest=""):
    return f"{version}-{trace}-{span}-{flags}{rest}"


@pytest.mark.parametrize(
    ("header", "sampled", "random"),
    [
        (parent(), True, False),
        (parent(flags="00"), False, False),
        (parent(flags="03"), True, True),
        (parent(flags="ff"), True, True),
        (parent(version="01"), True, False),
        (parent(version="cc", rest="-what-the-future-will-be-like"), True, False),
        (parent(version="cc", rest="-"), True, False),
    ],
)
def test_a_valid_header_is_read(header, sampled, random):
    assert TraceContext.parse(header) == TraceContext(TRACE, SPAN, sampled, random)


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"00",
        "",
        "-",
        parent(version="ff"),
        parent(version="0"),
        parent(version="0G"),
        parent(trace="0" * 32),
        parent(trace=TRACE[:-1]),
        parent(trace=TRACE.upper()),
        parent(trace=TRACE[:-1] + "."),
        parent(span="0" * 16),
        parent(span=SPAN + "0"),
        parent(span=SPAN.upper()),
        parent(flags="0"),
        parent(flags="0x"),
        parent(rest="-what-the-future-will-be-like"),
        parent(rest="-"),
        parent(version="cc", rest=".what-the-future-will-be-like"),
        parent(version="cc", rest="-a\nb"),
        parent(rest="\n"),
        " " + parent(),
        f"{parent()},{parent()}",
        parent(trace="\u0660" * 32),
    ],
)
def test_an_invalid_header_is_none(header):
    assert TraceContext.parse(header) is None


@pytest.mark.parametrize(
    "state",
    [
        "",
        "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
        "a=1 , b=2,,c=3",
        "fw529a3039@dt=FfOzGYjxhfzEEQ",
        ",".join(f"k{number}=v" for number in range(32)),
        "x=" + "~" * 256,
    ],
)
def test_a_valid_state_is_handed_on_unchanged(state):
    assert TraceContext.parse(parent(), state).child().state == state


@pytest.mark.parametrize(
    "state",
    [
        None,
        "foo",
        "=1",
        "A=1",
        "a=",
        "a=1=2",
        "a=1,a=2",
        "a=\u00e9",
        "a=1\n",
        ",".join(f"k{number}=v" for number in range(33)),
        "x=" + "~" * 257,
        "k" * 257 + "=1",
        "x=" + "~" * 250 + "," + "y=" + "~" * 256 + ",z=1111",
    ],
)
def test_an_invalid_state_is_dropped_and_the_trace_goes_on(state):
    assert TraceContext.parse(parent(), state) == TraceContext(TRACE, SPAN, True, False)


def test_a_child_is_another_place_in_the_same_trace():
    caller = TraceContext(TRACE, SPAN, sampled=True)

    child = caller.child()

    assert (child.trace_id, child.sampled) == (TRACE, True)
    assert child.span_id != SPAN
    assert TraceContext.parse(child.traceparent) == child


@given(st.text(), st.text())
def test_whatever_is_sent_what_goes_out_is_valid(header, state):
    found = TraceContext.parse(header, state) or TraceContext.new()

    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]", found.traceparent)
    assert re.fullmatch("[ -~\t]{0,512}", found.state)
