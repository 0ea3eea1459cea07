"""Celery with your settings, sessions that end with their task, Flask contexts."""

from twopi_celery.app import create_celery
from twopi_celery.context import init_app
from twopi_celery.exceptions import ConfigurationError
from twopi_celery.filesystem import filesystem_broker
from twopi_celery.session import create_db_session

__all__ = [
    "ConfigurationError",
    "create_celery",
    "create_db_session",
    "filesystem_broker",
    "init_app",
]
