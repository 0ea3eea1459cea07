"""The report of a health check as a view of Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celery import Celery

from twopi_celery.health.check import Health

if TYPE_CHECKING:
    from flask import Blueprint, Response
    from sqlalchemy.orm import Session, scoped_session

    from twopi_celery.health.heartbeats import Heartbeats


def health_blueprint(
    celery: Celery,
    session: scoped_session[Session] | None = None,
    *,
    workers: int = 1,
    heartbeats: Heartbeats | None = None,
    timeout: float = 1.0,
    url: str = "/health",
) -> Blueprint:
    """Return a blueprint that answers ``GET /health`` with the report of `check`.

    The status is 200, or 503 with ``Retry-After: 1`` if anything is down. It shows
    addresses and names of workers: keep it from strangers.

    Args:
        celery: See `check`, also for the others.
        session: The session of a database to ask.
        workers: How many workers have to answer.
        heartbeats: What to count the workers by.
        timeout: Seconds for all together.
        url: The path to answer.

    Raises:
        ConfigurationError: As `check`.
        ModuleNotFoundError: Flask is missing; install ``twopi-celery[flask]``.

    .. versionadded:: 2.0
    """
    from flask import Blueprint, jsonify

    health = Health(
        celery, session, workers=workers, heartbeats=heartbeats, timeout=timeout
    )
    blueprint = Blueprint("twopi_celery", __name__)

    @blueprint.get(url)
    def show_health() -> Response:
        report = health.report()
        response = jsonify(report.as_dict())
        response.headers["Cache-Control"] = "no-store"
        if not report.ok:
            response.status_code = 503
            response.headers["Retry-After"] = "1"
        return response

    return blueprint
