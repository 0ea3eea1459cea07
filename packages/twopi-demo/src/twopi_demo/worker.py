"""The worker process: ``python -m twopi_demo.worker``, its settings on stdin.

They are one line of JSON, sent when the database is ready. The parent then keeps the
pipe open: when it closes it, or dies, the worker finishes its job, if that is soon, and
ends. Signals are not needed for that, and none can be missed.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import warnings

from celery.signals import worker_ready
from celery.worker import state

from twopi_demo import jobs
from twopi_demo.app import create_app

PATIENCE = 4.0
"""Seconds that a job may take to finish when the parent has gone."""


def main() -> None:
    """Work until stdin is closed."""
    settings = sys.stdin.readline()
    if not settings:
        return  # the parent ended before the database was ready
    app = create_app(json.loads(settings))

    def begin(**_: object) -> None:
        with app.app_context():
            jobs.resume()

    worker_ready.connect(begin, weak=False)
    threading.Thread(target=follow_parent, daemon=True).start()
    # Celery warns of the superuser because of pickled messages; these are JSON.
    warnings.filterwarnings("ignore", ".*worker with superuser privileges")
    switches = ["--without-gossip", "--without-heartbeat", "--without-mingle"]
    arguments = ["--quiet", "worker", "--pool=solo", "--loglevel=error", *switches]
    app.extensions["twopi_celery"].worker_main(arguments)


def follow_parent() -> None:
    """End this process when the other end of stdin is closed.

    Celery's own warm shutdown looks for a reason to stop every two seconds only. A job
    that is cut off here is done by the next worker of the same folder.
    """
    while os.read(sys.stdin.fileno(), 1):
        pass
    deadline = time.monotonic() + PATIENCE
    while state.active_requests and time.monotonic() < deadline:
        time.sleep(0.02)
    os._exit(0)


if __name__ == "__main__":
    main()
