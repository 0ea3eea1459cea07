"""The application: every twopi package, wired once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

import twopi_celery
import twopi_restful
import twopi_webargs
from twopi_celery import current_request_id, health_checks
from twopi_demo import database, jobs
from twopi_demo.auth import auth
from twopi_demo.models import heartbeats
from twopi_demo.row_id import RowId
from twopi_demo.settings import DEFAULTS
from twopi_demo.views import entries, me, projects, reports
from twopi_release import find_release, release_blueprint
from twopi_sentry import celery_inject_sentry, inject_sentry

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
    scoped = database.init_app(app, celery)
    heartbeats.install(celery, scoped)
    jobs.register(celery)

    app.url_map.converters["id"] = RowId
    for group in (me, entries, projects, reports):
        app.register_blueprint(group.blueprint, url_prefix=PREFIX)
    app.register_blueprint(auth.blueprint(url_prefix=PREFIX))
    checks = health_checks(celery, scoped, heartbeats=heartbeats)
    release = find_release("twopi-demo")
    blueprint = release_blueprint(release, checks=checks, header="X-Release")
    app.register_blueprint(blueprint)

    auth.init_app(app)
    twopi_restful.init_app(app, projects.api)
    twopi_webargs.init_app(app)
    twopi_restful.answer_database_errors(app)
    app.version = str(release)  # type: ignore[attr-defined]
    inject_sentry(app, request_id=current_request_id)
    celery_inject_sentry(celery)
    return app
