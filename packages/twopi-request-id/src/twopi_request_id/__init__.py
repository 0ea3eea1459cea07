"""One id for all that a request causes: log records, requests to others, tasks.

`init_app` gives each request of a Flask application an id and continues its W3C trace.
`follow_tasks` hands both on to Celery's tasks, `follow_session` and `add_headers` to
the requests that the application sends, `RequestIdFilter` and `add_request_id` to its
logs.
"""

from twopi_request_id.celery import TaskIdFilter, follow_tasks
from twopi_request_id.clients import aadd_headers, add_headers, follow_session
from twopi_request_id.current import (
    bind_request_id,
    current_request_id,
    current_trace,
    outgoing_headers,
)
from twopi_request_id.errors import ConfigurationError
from twopi_request_id.flask import init_app
from twopi_request_id.logs import RequestIdFilter, add_request_id
from twopi_request_id.trace import TraceContext

__all__ = [
    "ConfigurationError",
    "RequestIdFilter",
    "TaskIdFilter",
    "TraceContext",
    "aadd_headers",
    "add_headers",
    "add_request_id",
    "bind_request_id",
    "current_request_id",
    "current_trace",
    "follow_session",
    "follow_tasks",
    "init_app",
    "outgoing_headers",
]
