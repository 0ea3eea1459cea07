"""The web server: the application, its database, and waitress in front."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import time
from collections.abc import Callable
from pathlib import Path

import waitress  # type: ignore[import-untyped]
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from twopi_demo import seed
from twopi_demo.app import create_app
from twopi_demo.database import engine_of, session
from twopi_demo.models import heartbeats
from twopi_demo.options import Options, StartError
from twopi_demo.settings import folder_settings
from twopi_demo.worker_process import WorkerProcess
from twopi_sentry import ConfigurationError

THREADS = 8
PATIENCE = 60.0
"""Seconds that the worker may take to give its first sign of life."""


def serve(
    options: Options,
    listener: socket.socket,
    folder: Path,
    worker: WorkerProcess,
    ready: Callable[[Flask, int], None],
) -> None:
    """Fill the database, set the worker to work, and answer requests."""
    with contextlib.ExitStack() as stack:
        try:
            dsn = options.sentry_dsn and options.sentry_dsn.reveal()
            settings = folder_settings(folder) | {"SENTRY_DSN": dsn}
            lifetime = dt.timedelta(seconds=options.access_ttl)
            app = create_app({**settings, "SHORT_LIVED_TOKEN_EXPIRY": lifetime})
            with app.app_context():
                engine = engine_of(session)
            stack.callback(engine.dispose)
            seed.prepare(engine, options.rows)
        except ConfigurationError as error:
            raise StartError(f"{error}") from error
        except (OSError, SQLAlchemyError) as error:
            cause = getattr(error, "orig", None) or error
            raise StartError(
                f"cannot use what is in {folder}: {cause}; choose another --data"
            ) from error
        stack.callback(worker.stop)
        worker.work(settings)
        wait_for(worker, app)
        server = waitress.create_server(app, sockets=[listener], threads=THREADS)
        stack.callback(server.close)
        ready(app, listener.getsockname()[1])
        server.run()


def wait_for(worker: WorkerProcess, app: Flask) -> None:
    """Return when the worker has given a sign of life."""
    deadline = time.monotonic() + PATIENCE
    while not worker.deaths and time.monotonic() < deadline:
        with app.app_context():
            names = heartbeats.alive(session)
        if any(name.endswith(f"/{worker.pid}") for name in names):
            return
        time.sleep(0.05)
    raise StartError("the worker did not start; what it said stands above")
