"""Celery with your settings, sessions that end with their task, Flask contexts."""

from twopi_celery.app import create_celery
from twopi_celery.brokers.filesystem import filesystem_broker
from twopi_celery.database.session import create_db_session
from twopi_celery.errors import (
    ConfigurationError,
    HealthError,
    LockError,
    MisspeltSettingWarning,
    PublishError,
)
from twopi_celery.flask_app import init_app
from twopi_celery.health.blueprint import health_blueprint
from twopi_celery.health.check import check, health_checks
from twopi_celery.health.heartbeats import Heartbeats, Sign
from twopi_celery.health.report import Finding, Report
from twopi_celery.idempotency.keys import Keys
from twopi_celery.outbox.backlog import Backlog, DeadTask
from twopi_celery.outbox.monitoring import (
    outbox_check,
    outbox_numbers,
    register_outbox_metrics,
)
from twopi_celery.outbox.outbox import Outbox
from twopi_celery.publishing.on_commit import (
    aapply_async_on_commit,
    adelay_on_commit,
    apply_async_on_commit,
    delay_on_commit,
)
from twopi_celery.tasks.progress import Progress
from twopi_celery.tasks.request_id import (
    RequestIdFilter,
    bind_request_id,
    current_request_id,
)
from twopi_celery.workers.consuming import WorkerState
from twopi_celery.workers.dead_letters import (
    DeadLetter,
    dead_letters,
    replay_dead_letters,
)
from twopi_celery.workers.reliable import reliable

__all__ = [
    "Backlog",
    "ConfigurationError",
    "DeadLetter",
    "DeadTask",
    "Finding",
    "HealthError",
    "Heartbeats",
    "Keys",
    "LockError",
    "MisspeltSettingWarning",
    "Outbox",
    "Progress",
    "PublishError",
    "Report",
    "RequestIdFilter",
    "Sign",
    "WorkerState",
    "aapply_async_on_commit",
    "adelay_on_commit",
    "apply_async_on_commit",
    "bind_request_id",
    "check",
    "create_celery",
    "create_db_session",
    "current_request_id",
    "dead_letters",
    "delay_on_commit",
    "filesystem_broker",
    "health_blueprint",
    "health_checks",
    "init_app",
    "outbox_check",
    "outbox_numbers",
    "register_outbox_metrics",
    "reliable",
    "replay_dead_letters",
]
