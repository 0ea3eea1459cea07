"""Pool processes that end with a worker that is killed."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import sys
from typing import Any

from celery import current_app
from celery.signals import worker_process_init

from twopi_celery.brokers.filesystem import TRANSPORT

PR_SET_PDEATHSIG = 1


@functools.cache
def end_orphans() -> None:
    """Let a pool process on Linux be killed with its worker.

    Only with `filesystem_broker`, where nothing else tells a child. Other systems have
    no such call: there a child ends after the task that it is working on.
    """
    worker_process_init.connect(_follow_parent, weak=False)


def _follow_parent(**_: object) -> None:
    conf: Any = current_app.conf
    if conf.broker_transport != TRANSPORT or not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was killed meanwhile
        os._exit(1)
