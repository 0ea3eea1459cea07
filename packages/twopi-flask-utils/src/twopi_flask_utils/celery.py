"""Celery applications and their database sessions: the 1.x path of `twopi_celery`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celery import Celery

import twopi_celery
from twopi_celery import create_celery
from twopi_flask_utils.deprecation import deprecate
from twopi_release import get_release  # noqa: F401  importable here in 1.x

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, scoped_session

__all__ = ["create_celery", "create_db_session"]

URI = "SQLALCHEMY_DATABASE_URI"


def create_db_session(celery: Celery) -> scoped_session[Session]:
    """Create a scoped SQLAlchemy session; see `twopi_celery.create_db_session`.

    A URL ``postgres://``, which SQLAlchemy took in the time of 1.x, is changed to
    ``postgresql://`` in ``celery.conf``.
    """
    url = celery.conf.get(URI)
    if isinstance(url, str) and url.startswith("postgres://"):
        deprecate(f"{URI} with postgres://", "postgresql://")
        celery.conf.update({URI: url.replace("postgres", "postgresql", 1)})
    return twopi_celery.create_db_session(celery)
