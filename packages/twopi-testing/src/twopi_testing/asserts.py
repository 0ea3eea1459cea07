"""What a response must be: its status, its JSON, its problem details."""

from __future__ import annotations

from typing import Any

from flask import json
from werkzeug.test import TestResponse

from twopi_testing.exchange import Exchange

MEMBERS = {"type": str, "title": str, "status": int, "detail": str, "instance": str}
"""The members that RFC 9457, section 3.1, defines, all optional."""


def assert_status(rv: TestResponse, *codes: int) -> None:
    """Require one of *codes*; a failure shows method, URL, status and body.

    Args:
        rv: A response of a test client.
        codes: The statuses that are right, at least one.

    Raises:
        AssertionError: The status is another.
        ValueError: No status was given.
    """
    __tracebackhide__ = True
    if not codes:
        raise ValueError("assert_status needs at least one status")
    Exchange.of(rv).expect(codes)


def assert_json(rv: TestResponse, subset: Any, *, exact: bool = False) -> None:
    """Require a JSON body that has everything *subset* has.

    Objects may have more names than those of *subset*, at any depth; arrays must
    have the same length and order. *subset* is compared as JSON, in which a tuple is
    an array and a date is a text, while ``true`` is not 1.

    Args:
        rv: A response of a test client, with any status.
        subset: What the body must have.
        exact: Refuse names that *subset* does not have.

    Raises:
        AssertionError: The body is different; the message starts with the path of
            the first difference, such as ``$.items[0].name``.
    """
    __tracebackhide__ = True
    sent = Exchange.of(rv)
    expected = json.loads(json.dumps(subset))
    reason = _difference(sent.json(), expected, "$", exact=exact)
    if reason:
        sent.fail(reason)


def assert_problem(rv: TestResponse, status: int) -> dict[str, Any]:
    """Require problem details (RFC 9457) with *status*, and return them.

    Args:
        rv: A response of a test client.
        status: The status of the response, and of the problem if it has one.

    Returns:
        The problem, with its extension members.

    Raises:
        AssertionError: The status, the content type or a member is wrong.
    """
    __tracebackhide__ = True
    sent = Exchange.of(rv).expect(status)
    if rv.mimetype != "application/problem+json":
        sent.fail(f"expected application/problem+json, not {rv.mimetype!r}")
    problem = sent.json_object()
    for name, kind in MEMBERS.items():
        if name in problem and type(problem[name]) is not kind:
            sent.fail(f"$.{name} is {problem[name]!r}, expected {kind.__name__}")
    if problem.get("status", status) != status:
        sent.fail(f"$.status is {problem['status']}, expected {status}")
    return problem


def _difference(actual: Any, expected: Any, path: str, *, exact: bool) -> str | None:
    """Describe the first difference, if there is one."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, value in expected.items():
            here = f"{path}.{name}" if name.isidentifier() else f"{path}[{name!r}]"
            if name not in actual:
                return f"{here} is missing, expected {value!r}"
            if reason := _difference(actual[name], value, here, exact=exact):
                return reason
        more = sorted(actual.keys() - expected.keys())
        return f"{path} also has {', '.join(more)}" if exact and more else None
    if isinstance(expected, list) and isinstance(actual, list):
        for index, (item, value) in enumerate(zip(actual, expected, strict=False)):
            if reason := _difference(item, value, f"{path}[{index}]", exact=exact):
                return reason
        counts = len(actual), len(expected)
        same = counts[0] == counts[1]
        return None if same else f"{path} has {counts[0]} items, expected {counts[1]}"
    if isinstance(actual, bool) is isinstance(expected, bool) and actual == expected:
        return None
    return f"{path} is {actual!r}, expected {expected!r}"
