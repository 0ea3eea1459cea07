"""Error reports without secrets: the 1.x path of `twopi_sentry`."""

from twopi_sentry import celery_inject_sentry, create_client, inject_sentry

__all__ = ["celery_inject_sentry", "create_client", "inject_sentry"]
