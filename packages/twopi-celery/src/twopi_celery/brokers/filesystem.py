"""Settings for one machine without a server for messages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

TRANSPORT = "twopi_celery.brokers.filesystem_transport.Transport"


def filesystem_broker(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return settings that keep messages and results in files below *folder*.

    They use files like those of kombu's ``filesystem://``, made safe for several
    processes.

    For development, tests, and small deployments on one machine: web processes and
    workers that name the same local folder work together, and what is queued outlives
    all of them. A worker looks for tasks 20 times a second. When it is stopped it
    finishes or puts back what it has fetched; when it is killed, that is lost. Its pool
    processes are killed with it on Linux; elsewhere they first finish their task. Use
    RabbitMQ or Redis where this matters, or where there are several machines.

    If a folder is missing, full or not to be written, publishing and reading a result
    raise an error that is a ``kombu.exceptions.OperationalError``.

    .. code-block:: python

        import tempfile

        from twopi_celery import create_celery, filesystem_broker

        folder = tempfile.mkdtemp()
        celery = create_celery("shop", filesystem_broker(folder) | {"timezone": "UTC"})
        assert celery.conf.broker_url == "filesystem://"

    A client looks for a result twice a second, unless it is told otherwise:
    ``result.get(interval=0.05)``. Results stay until `celery beat` or
    ``celery.backend.cleanup()`` removes those older than ``result_expires``; set
    ``task_ignore_result`` if nobody reads them.

    Args:
        folder: A folder on a local disk; it and what is in it are created, and may then
            be read and written by this user alone. Whoever may write there can run
            tasks.

    Returns:
        Settings for `create_celery`.

    .. versionadded:: 2.0
    """
    root = Path(folder).absolute()
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    paths = {}
    for name in ("data", "processed", "control", "results"):
        root.joinpath(name).mkdir(mode=0o700, exist_ok=True)
        paths[name] = str(root / name)
    return {
        "broker_url": "filesystem://",
        "broker_transport": TRANSPORT,
        "broker_transport_options": {
            "data_folder_in": paths["data"],
            "data_folder_out": paths["data"],
            "processed_folder": paths["processed"],
            "control_folder": paths["control"],
            "polling_interval": 0.05,
        },
        "result_backend": f"file://{paths['results']}",
    }
