"""The application: every twopi package, wired once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

import twopi_celery
import twopi_restful
import twopi_token_auth
import twopi_webargs
from twopi_demo import database, health, jobs
from twopi_demo.settings import DEFAULTS
from twopi_demo.views import auth, entries, projects, reports
from twopi_release import get_release, release_blueprint
from twopi_restful import output_json
from twopi_sentry import celery_inject_sentry, inject_sentry

log = logging.getLogger(__name__)

PREFIX = "/api/v1"


def create_app(config: Mapping[str, Any]) -> Flask:
    """Return Punchcard.

    Its Celery application is in ``app.extensions["twopi_celery"]``. Tables are made by
    `twopi_demo.seed.prepare`.

    Args:
        config: ``SECRET_KEY``, ``SQLALCHEMY_DATABASE_URI`` and the broker's settings,
            as `twopi_demo.settings.folder_settings` returns them; and what it adds to
            or changes of `twopi_demo.settings.DEFAULTS`.
    """
    app = Flask("twopi_demo", static_folder=None)
    app.config.update(DEFAULTS)
    app.config.update(config)

    celery = twopi_celery.init_app(app)
    database.init_app(app, celery)
    jobs.register(celery)

    for group in (auth, entries, projects, reports):
        app.register_blueprint(group.blueprint, url_prefix=PREFIX)
    app.register_blueprint(release_blueprint(checks=health.CHECKS))

    twopi_token_auth.init_app(app)
    twopi_restful.init_app(app, projects.api)
    twopi_webargs.init_app(app)
    app.register_error_handler(OperationalError, answer_outage)
    app.register_error_handler(StaleDataError, answer_conflict)
    app.register_error_handler(ObjectDeletedError, answer_conflict)
    app.version = get_release()  # type: ignore[attr-defined]
    inject_sentry(app)
    celery_inject_sentry(celery)
    return app


def answer_outage(error: OperationalError) -> Response:
    """Answer 503 while the database is down, or too busy to write to."""
    log.error("The database is not available", exc_info=error)
    return output_json("The database is not available.", 503, {"Retry-After": "5"})


def answer_conflict(_: Exception) -> Response:
    """Answer 409 if somebody deleted what a request was about to change."""
    return output_json("It has been deleted meanwhile.", 409)
