"""Billing reports: ask for one, watch it being computed, fetch it."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from flask import Blueprint, Response, abort, url_for
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from twopi_celery import PublishError
from twopi_demo import jobs
from twopi_demo.auth import bearer
from twopi_demo.billing import bill_csv
from twopi_demo.database import commit_and_dump, session
from twopi_demo.models import Job
from twopi_demo.schemas import JobSchema, ReportSchema
from twopi_pagination import paginated
from twopi_token_auth import scopes_required
from twopi_webargs import RequestValidationError, use_kwargs

log = logging.getLogger(__name__)

blueprint = Blueprint("reports", __name__)


@blueprint.post("/reports")
@bearer
@scopes_required("reports")
@use_kwargs(ReportSchema)
def create_report(project: int, month: dt.date) -> Any:
    """Have the worker compute a project's bill of a month."""
    job = Job(project_id=project, month=month)
    session.add(job)
    try:
        session.flush()  # a project that does not exist is found here
        jobs.send(job)
        stored = commit_and_dump(JobSchema, job)
    except IntegrityError:
        session.rollback()
        raise RequestValidationError({"project": ["No such project."]}) from None
    except PublishError:
        log.exception("The broker did not take a job")
        job.state = "failed"
        session.commit()
        abort(503, "No job can be taken now.", retry_after=5)
    place = url_for("reports.show_job", job_id=stored["id"])
    return stored, 202, {"Location": place}


@blueprint.get("/jobs")
@bearer
@scopes_required("reports")
def list_jobs() -> Any:
    """List the jobs, the latest first."""
    latest = select(Job).order_by(Job.created.desc(), Job.id)
    return paginated(latest, JobSchema, session=session).data


@blueprint.get("/jobs/<uuid:job_id>")
@bearer
@scopes_required("reports")
def show_job(job_id: str) -> Any:
    """Show how far a job is and, when it is done, its result."""
    return JobSchema().dump(find(job_id))


@blueprint.get("/reports/<uuid:job_id>.csv")
@bearer
@scopes_required("reports")
def download_report(job_id: str) -> Any:
    """Send the bill as CSV."""
    job = find(job_id)
    if job.result is None:
        abort(409, f"The report is not done; its job is {job.state}.")
    return Response(bill_csv(job.result), mimetype="text/csv")


def find(job_id: object) -> Job:
    """Return a job, or answer 404."""
    return session.get(Job, str(job_id)) or abort(404, "No such job.")
