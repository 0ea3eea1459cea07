"""Tasks that run in the context of a Flask application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import Celery

from twopi_celery.app import create_celery
from twopi_celery.current_celery import make_default
from twopi_celery.database.fork import follow_pools, survive_forks
from twopi_celery.errors import ConfigurationError
from twopi_celery.tasks import request_id, signals
from twopi_celery.workers.consuming import observe_workers

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask, celery: Celery | None = None, **kwargs: Any) -> Celery:
    """Run the tasks of *celery* in the context of the Flask application *app*.

    In a worker each task has an application context of its own, so that ``current_app``
    and extensions work and are torn down when it ends. A task that runs eagerly uses
    the context of *app* that its caller is in, if any.

    .. code-block:: python

        from flask import Flask, current_app
        from twopi_celery import init_app

        app = Flask("shop")
        app.config["CELERY_BROKER_URL"] = "redis://localhost:6379/0"
        celery = init_app(app)


        @celery.task
        def greet():
            return f"Hello from {current_app.name}"


        assert greet.apply().get() == "Hello from shop"

    The sessions of `create_db_session` are removed with the last application context of
    a thread, that is at the end of a request or command, and with each task.

    Each request has an id, `current_request_id`: that in its header ``X-Request-ID`` if
    it is fit for a log, or else a new one. The response has it too, and so have the
    tasks that the request sends, and theirs.

    The application is found again as ``app.extensions["twopi_celery"]``, and is made
    the default one: tasks declared by ``@shared_task`` belong to it in all threads. If
    there are several Flask applications in a process, such a task belongs to the one in
    whose context it is called, and to the last one outside of any.

    Args:
        app: The Flask application.
        celery: The Celery application; by default one is created by `create_celery`
            from the settings in ``app.config``. A later call for another *app* moves
            the tasks over to that, as tests need it.
        **kwargs: Further arguments of `create_celery`, if *celery* is not given.

    Returns:
        The Celery application.

    Raises:
        ConfigurationError: *app* has one already, ``REQUEST_ID_HEADER`` is no name of a
            header, or what `create_celery` raises.
        ModuleNotFoundError: Flask is missing; install ``twopi-celery[flask]``.
    """
    if "twopi_celery" in app.extensions:
        raise ConfigurationError(
            "init_app was called before for this app; its Celery application is "
            "app.extensions['twopi_celery']"
        )
    if celery is None:
        celery = create_celery(app.import_name, app.config, **kwargs)
    elif kwargs:
        raise ConfigurationError(
            f"{', '.join(sorted(kwargs))} cannot be applied to a Celery application "
            "that exists; give them when it is created"
        )
    signals.follow_tasks()
    survive_forks()
    follow_pools()
    request_id.follow_requests(app)
    observe_workers(celery)
    celery.flask_app = app  # type: ignore[attr-defined]
    make_default(celery)
    app.extensions["twopi_celery"] = celery
    return celery
