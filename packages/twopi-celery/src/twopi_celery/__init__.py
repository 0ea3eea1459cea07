"""Celery with your settings, sessions that end with their task, Flask contexts."""

from twopi_celery.app import create_celery
from twopi_celery.context import init_app
from twopi_celery.exceptions import ConfigurationError, HealthError, PublishError
from twopi_celery.filesystem import filesystem_broker
from twopi_celery.health import (
    Finding,
    Report,
    check,
    health_blueprint,
    health_checks,
)
from twopi_celery.heartbeat import Heartbeats
from twopi_celery.on_commit import apply_async_on_commit, delay_on_commit
from twopi_celery.outbox import Backlog, Outbox
from twopi_celery.progress import Progress
from twopi_celery.reliable import reliable
from twopi_celery.request_id import (
    RequestIdFilter,
    bind_request_id,
    current_request_id,
)
from twopi_celery.session import create_db_session

__all__ = [
    "Backlog",
    "ConfigurationError",
    "Finding",
    "HealthError",
    "Heartbeats",
    "Outbox",
    "Progress",
    "PublishError",
    "Report",
    "RequestIdFilter",
    "apply_async_on_commit",
    "bind_request_id",
    "check",
    "create_celery",
    "create_db_session",
    "current_request_id",
    "delay_on_commit",
    "filesystem_broker",
    "health_blueprint",
    "health_checks",
    "init_app",
    "reliable",
]
