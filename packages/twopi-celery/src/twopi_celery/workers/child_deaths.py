"""Which came first, the death of a child or the time limit of its task?"""

from __future__ import annotations

from typing import Any

from celery.bootsteps import StartStopStep


class LookForDeaths(StartStopStep):
    """Lets a pool look for dead children before it acts upon a time limit.

    Celery tells the loss of a child from the end of a task only once it has seen the
    death. A task whose limit passes before that is taken to have exceeded it, and is
    acknowledged: it would be lost.
    """

    requires = ("celery.worker.components:Pool",)

    def start(self, parent: Any) -> None:
        """Put it before what the pool of the worker *parent* does at a limit."""
        pool: Any = getattr(parent.pool, "_pool", None)
        limit = getattr(pool, "on_hard_timeout", None)
        if limit is None:  # only prefork has children
            return

        def on_hard_timeout(job: Any) -> None:
            pool.maintain_pool()
            pid = job._worker_pid  # noqa: SLF001
            alive = {child.pid for child in pool._pool}  # noqa: SLF001
            if not job.ready() and pid not in alive:
                pool.on_job_process_lost(job, pid, 0)
            limit(job)  # does nothing for a task that is known to be lost

        pool.on_hard_timeout = on_hard_timeout
