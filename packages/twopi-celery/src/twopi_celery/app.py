"""Celery applications made from the settings of the web application."""

from __future__ import annotations

from typing import Any

from celery import Celery

from twopi_celery.brokers.filesystem import TRANSPORT
from twopi_celery.brokers.filesystem_results import FILE
from twopi_celery.database.fork import follow_pools, survive_forks
from twopi_celery.settings import read_settings, require_broker
from twopi_celery.tasks import signals
from twopi_celery.workers.consuming import observe_workers
from twopi_celery.workers.orphans import end_orphans
from twopi_release import get_release


def create_celery(
    name: str, config_obj: object, inject_version: bool = True, **kwargs: Any
) -> Celery:
    """Create a Celery application.

    .. code-block:: python

        from twopi_celery import create_celery


        class Settings:
            CELERY_BROKER_URL = "redis://localhost:6379/0"
            CELERY_TASK_TIME_LIMIT = 300
            SITE_NAME = "shop"


        celery = create_celery("shop", Settings)
        assert celery.conf.task_time_limit == 300
        assert celery.conf.get("SITE_NAME") == "shop"

    Celery's settings may have their old names (``CELERYD_TASK_TIME_LIMIT``), their new
    ones (``task_time_limit``) and those behind a prefix (``CELERY_TASK_TIME_LIMIT``),
    side by side. All other settings stay readable by ``celery.conf.get``. They are read
    here and now, once. What Celery guarantees of the delivery of tasks is unchanged;
    see `reliable`. Tasks know the id of the request that caused them: see
    `current_request_id`.

    Args:
        name: The name of the application's main module.
        config_obj: The settings: a mapping such as ``app.config``, a module, a class,
            an object, or the name of one, ``"shop.settings:Production"``.
        inject_version: Whether to set the attribute ``version`` of the application
            to `twopi_release.get_release`.
        **kwargs: Further arguments of `celery.Celery`.

    Returns:
        The application.

    Raises:
        ConfigurationError: There is no broker, the settings cannot be imported, or one
            is given in two spellings with two values.

    .. versionchanged:: 2.0
        Mappings and names; names of settings mixed; a check for the broker.
    """
    settings = read_settings(config_obj)
    require_broker(settings, kwargs.get("broker"))
    signals.follow_tasks()
    survive_forks()
    follow_pools()
    celery = Celery(name, **kwargs)
    celery.config_from_object(settings)
    observe_workers(celery)
    if settings.get("broker_transport") == TRANSPORT:
        loader: Any = celery.loader
        loader.override_backends = {**loader.override_backends, "file": FILE}
        end_orphans()
    if inject_version:
        celery.version = get_release()  # type: ignore[attr-defined]
    return celery
