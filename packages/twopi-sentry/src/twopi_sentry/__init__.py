"""Report the errors of Flask and Celery applications to Sentry, and no secret."""

from twopi_sentry.celery import celery_inject_sentry
from twopi_sentry.client import create_client
from twopi_sentry.flask import inject_sentry
from twopi_sentry.settings import ConfigurationError

__all__ = [
    "ConfigurationError",
    "celery_inject_sentry",
    "create_client",
    "inject_sentry",
]
