"""What an event consists of: which keys hold values, and which are Sentry's own.

The keys are those of Sentry's protocol
(https://develop.sentry.dev/sdk/foundations/transport/event-payloads/). What is not
named here is looked at like what a user has put there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True)
class Kind:
    """How a value is looked at."""

    name: str


FIXED: Final = Kind("fixed")
"""Sentry's own: ids, types, names of functions and files, numbers. Left as it is."""
TEXT: Final = Kind("text")
"""A text, or what a user has put in place of one."""
BAG: Final = Kind("bag")
"""Whatever a user has put there, by names."""
CODE: Final = Kind("code")
"""Lines of source code."""
NAMES: Final = Kind("names")
"""A bag whose keys alone may be secrets."""
HIDDEN: Final = Kind("hidden")
"""A mapping all of whose values are secrets."""


@dataclass(frozen=True)
class Fields:
    """A mapping with keys of the protocol; *others* are the rest of them."""

    named: Mapping[str, Shape]
    others: Shape = FIXED


@dataclass(frozen=True)
class Each:
    """A list of *shape*, or a mapping that has such a list as ``values``."""

    shape: Shape


Shape: TypeAlias = "Kind | Fields | Each"

_STACK = Fields(
    {
        "frames": Each(
            Fields(
                {
                    "vars": BAG,
                    "context_line": CODE,
                    "pre_context": CODE,
                    "post_context": CODE,
                }
            )
        )
    }
)
_SPAN = Fields(
    {
        "description": TEXT,
        "name": TEXT,
        "data": BAG,
        "tags": BAG,
        "attributes": BAG,
        "links": BAG,
    }
)
_SAMPLING = Fields(
    dict.fromkeys(
        ("trace_id", "public_key", "release", "environment", "sampled", "org_id"),
        FIXED,
    )
    | dict.fromkeys(("sample_rate", "sample_rand", "replay_id"), FIXED),
    BAG,
)
EVENT: Final = Fields(
    {
        **dict.fromkeys(
            (
                *("event_id", "timestamp", "start_timestamp", "platform", "level"),
                *("type", "sdk", "modules", "release", "environment", "dist", "logger"),
                *("check_in_id", "status", "monitor_slug", "duration", "errors"),
                *("transaction_info", "measurements", "debug_meta", "received"),
                *("trace_id", "span_id", "parent_span_id", "is_segment", "unit"),
                *("end_timestamp", "severity_text", "severity_number", "value"),
                *("time_unix_nano", "_segment_span", "_dropped_spans"),
                *("_has_gen_ai_span", "_metrics_summary", "version"),
            ),
            FIXED,
        ),
        "exception": Each(
            Fields(
                {
                    "type": FIXED,
                    "module": FIXED,
                    "thread_id": FIXED,
                    "value": TEXT,
                    "stacktrace": _STACK,
                    "raw_stacktrace": _STACK,
                    "mechanism": Fields({"data": BAG, "description": TEXT}),
                },
                BAG,
            )
        ),
        "threads": Each(Fields({"name": TEXT, "stacktrace": _STACK})),
        "stacktrace": _STACK,
        "breadcrumbs": Each(Fields({"message": TEXT, "data": BAG})),
        "request": Fields({"method": FIXED, "cookies": HIDDEN}, BAG),
        "contexts": Fields(
            {
                "trace": Fields({**_SPAN.named, "dynamic_sampling_context": _SAMPLING}),
                "profile": FIXED,
            },
            BAG,
        ),
        "spans": Each(_SPAN),
        "_meta": NAMES,
    },
    BAG,
)
"""An event, transaction, check-in, log, metric or span."""

ROUTES: Final = frozenset({"component", "route", "view", "task"})
"""Where the name of a transaction is from if it is the application's own."""
