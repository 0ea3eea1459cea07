"""The worker's work: computing a bill, and saying how far it is."""

from __future__ import annotations

import os
from collections import Counter

from celery import Celery
from flask import current_app
from sqlalchemy import func, select, update

from twopi_celery import delay_on_commit
from twopi_demo.billing import bill
from twopi_demo.database import session
from twopi_demo.days import midnight, month_after
from twopi_demo.models import Entry, Job, User

COMPUTE = "punchcard.compute_bill"
BATCH = 100


def register(celery: Celery) -> None:
    """Give *celery* the tasks of Punchcard."""
    celery.task(name=COMPUTE, ignore_result=True)(compute_bill)


def send(job: Job) -> None:
    """Hand a job to a worker, when it is committed."""
    task = current_app.extensions["twopi_celery"].tasks[COMPUTE]
    delay_on_commit(session, task, job.id)


def resume() -> None:
    """Send again what an earlier worker was sent and did not finish."""
    session.execute(update(Job).where(Job.state == "running").values(state="queued"))
    session.commit()
    for job in session.scalars(select(Job).where(Job.state == "queued")).all():
        send(job)
    session.commit()


def compute_bill(job_id: str) -> None:
    """Compute the bill of a job.

    A message that comes twice does no harm: only one can claim the job.
    """
    claim = update(Job).where(Job.id == job_id, Job.state == "queued")
    mine = claim.values(state="running", worker=os.getpid(), count=0)
    claimed = session.connection().execute(mine).rowcount
    session.commit()
    if not claimed:
        return
    job = session.execute(select(Job).where(Job.id == job_id)).scalar_one()
    try:
        count_minutes(job)
        job.state = "done"
    except Exception:
        session.rollback()
        job.state = "failed"
        raise
    finally:
        session.commit()


def count_minutes(job: Job) -> None:
    """Add up the minutes of each person, a batch of entries at a time."""
    of_month = (
        Entry.project_id == job.project_id,
        Entry.started >= midnight(job.month),
        Entry.started < midnight(month_after(job.month)),
    )
    job.total = session.scalar(select(func.count(Entry.id)).where(*of_month))
    rows = (
        select(Entry.id, User.username, Entry.minutes)
        .join(User)
        .where(*of_month)
        .order_by(Entry.id)
        .limit(BATCH)
    )
    minutes: Counter[str] = Counter()
    last = 0
    while batch := session.execute(rows.where(Entry.id > last)).all():
        for _, person, worked in batch:
            minutes[person] += worked
        last = batch[-1].id
        job.count += len(batch)
        session.commit()
    job.total = job.count
    job.result = bill(minutes, job.project.hourly_rate)
