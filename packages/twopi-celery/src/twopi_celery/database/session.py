"""SQLAlchemy sessions for tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celery import Celery

from twopi_celery.settings import read_engine

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, scoped_session


def create_db_session(celery: Celery) -> scoped_session[Session]:
    """Create a scoped SQLAlchemy session for the tasks of *celery*.

    Each thread has its own. It is removed after each task, whether that succeeded or
    not, so what a task did not commit is rolled back and the next one begins anew. A
    task that runs eagerly shares the session of its caller, and leaves it alone. If
    `init_app` was called, it is removed after each request and command as well, with
    the last application context of the thread.

    It may be created before a fork, as worker processes and web servers do: the child
    opens connections of its own and never touches those of its parent.

    These settings are read from ``celery.conf``, at once:

    ``SQLALCHEMY_DATABASE_URI``
        The URL of the database. Required.
    ``SQLALCHEMY_POOL_RECYCLE``
        After how many seconds to replace a connection, a number or its digits.
    ``SQLALCHEMY_ENGINE_OPTIONS``
        Arguments for `sqlalchemy.create_engine`, which win over the above and over
        ``pool_pre_ping``, which is on so that connections that the server has closed
        meanwhile (MySQL does after ``wait_timeout``) are replaced.

    .. note:: Reading them completes the configuration of *celery*. Connect handlers of
       its signal ``on_after_configure`` before.

    Args:
        celery: The application to read settings from, made by `create_celery` or not.

    Returns:
        The session. It has ``autoflush`` off, as in 1.x: call ``flush()`` before a
        query that has to see what was added.

    Raises:
        ConfigurationError: ``SQLALCHEMY_DATABASE_URI`` is missing, or one of the
            settings cannot be used.
        ModuleNotFoundError: SQLAlchemy is missing; install
            ``twopi-celery[sqlalchemy]``.

    .. versionchanged:: 2.0
        The end of a task, forks, ``pool_pre_ping``, ``SQLALCHEMY_ENGINE_OPTIONS``.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.orm import scoped_session

    from twopi_celery.database.session_end import SessionFactory, watch

    url, options = read_engine(celery.conf)
    factory = SessionFactory(bind=create_engine(url, **options), autoflush=False)
    session = scoped_session(factory)
    watch(session)
    return session
