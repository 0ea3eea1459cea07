"""The database: a session for each request, each task and each thread."""

from __future__ import annotations

from typing import Any

from celery import Celery
from flask import Flask, current_app
from marshmallow import Schema
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, scoped_session
from werkzeug.local import LocalProxy

from twopi_celery import create_db_session


def init_app(app: Flask, celery: Celery) -> scoped_session[Session]:
    """Give *app* the database that *celery* is configured with, and return it."""
    scoped = create_db_session(celery)
    if engine_of(scoped).dialect.name == "sqlite":
        event.listen(engine_of(scoped), "connect", _prepare_sqlite)
    app.extensions["twopi_demo"] = scoped
    return scoped


def engine_of(scoped: scoped_session[Session]) -> Engine:
    """Return the engine that the sessions of *scoped* use."""
    engine: Engine = scoped.session_factory.kw["bind"]
    return engine


def commit_and_dump(schema: type[Schema], row: object) -> Any:
    """Commit, and return *row* as this transaction stored it.

    The row is read and dumped before the commit. After it, another request may have
    changed or deleted the row.

    Args:
        schema: What dumps the row.
        row: An object of the session, new or changed.

    Raises:
        IntegrityError: The row violates a constraint of the database.
    """
    session.flush()
    session.refresh(row)  # keys, defaults and types as the database has them
    stored = schema().dump(row)
    session.commit()
    return stored


def _prepare_sqlite(connection: Any, _: object) -> None:
    for pragma in (
        "busy_timeout = 30000",  # milliseconds that a writer waits for another
        "foreign_keys = ON",  # off unless asked for, on every connection
        "journal_mode = WAL",  # readers do not wait for a writer
        "synchronous = NORMAL",  # safe in WAL; a power cut may lose the last commit
    ):
        connection.execute(f"PRAGMA {pragma}")


session: scoped_session[Session] = LocalProxy(  # type: ignore[assignment]
    lambda: current_app.extensions["twopi_demo"]
)
"""The current application's scoped session."""
