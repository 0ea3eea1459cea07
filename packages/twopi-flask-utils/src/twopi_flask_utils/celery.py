"""Celery applications and their database sessions: the 1.x path of `twopi_celery`."""

from twopi_celery import create_celery, create_db_session

__all__ = ["create_celery", "create_db_session"]
