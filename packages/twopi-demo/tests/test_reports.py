import contextlib
import csv
import datetime as dt
import io
import os
import shutil
import sqlite3
import uuid
from decimal import ROUND_HALF_UP, Decimal

import pytest
from sqlalchemy import event, select, update

from twopi_demo import jobs
from twopi_demo.database import session
from twopi_demo.models import Entry, Job, Project, User

API = "/api/v1"
ORDER = {"project": 1, "month": "2025-03"}


def order(client, **changes):
    return client.post(f"{API}/reports", json={**ORDER, **changes})


def test_a_report_is_right_to_the_cent(app, ada):
    sent = order(ada)
    job = ada.get(sent.headers["Location"]).json

    with app.app_context():
        worked = session.execute(
            select(User.username, Entry.minutes, Entry.started, Project.hourly_rate)
            .join(User, User.id == Entry.user_id)
            .join(Project, Project.id == Entry.project_id)
            .where(Project.id == 1)
        ).all()
    minutes = {}
    rate = worked[0].hourly_rate
    for person, entry, started, _ in worked:
        if f"{started:%Y-%m}" == "2025-03":
            minutes[person] = minutes.get(person, 0) + entry
    amounts = {
        person: str(
            (Decimal(total) / 60 * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
        )
        for person, total in minutes.items()
    }
    assert sent.status_code == 202
    assert job["state"] == "done"
    assert job["worker"] == os.getpid()
    assert job["progress"]["count"] == job["progress"]["total"] > 0
    lines = job["result"]["lines"]
    assert {line["person"]: line["amount"] for line in lines} == amounts
    assert Decimal(job["result"]["total"]) == sum(map(Decimal, amounts.values()))


def test_the_csv_says_the_same(ada):
    job = ada.get(order(ada).headers["Location"]).json

    answer = ada.get(f"{API}/reports/{job['id']}.csv")

    *lines, total = csv.DictReader(io.StringIO(answer.text))
    assert answer.content_type == "text/csv; charset=utf-8"
    assert [line["amount"] for line in lines] == [
        line["amount"] for line in job["result"]["lines"]
    ]
    assert total == {
        "person": "total",
        "minutes": str(job["result"]["minutes"]),
        "amount": job["result"]["total"],
    }


def test_a_month_without_entries_costs_nothing(ada):
    job = ada.get(order(ada, month="1999-12").headers["Location"]).json

    assert job["progress"] == {"count": 0, "total": 0}
    assert (job["result"]["lines"], job["result"]["total"]) == ([], "0.00")


def test_others_see_the_progress_while_a_job_runs(app, ada, tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 2)
    seen = []
    with contextlib.closing(sqlite3.connect(tmp_path / "punchcard.sqlite")) as other:

        def look(_):
            seen.extend(other.execute("SELECT count, total, state FROM jobs"))

        event.listen(app.extensions["twopi_demo"], "after_commit", look)
        order(ada)

    counts = [count for count, _, state in seen if state == "running"]
    total = seen[-1][1]
    assert counts == [0, *range(2, total, 2), total][: len(counts)]
    assert len(counts) > 2
    assert seen[-1] == (total, total, "done")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"project": 2**63 - 1}, "project"),
        ({"project": None}, "project"),
        ({"month": "2025-13"}, "month"),
        ({"month": "9999-12"}, "month"),
        ({"month": "0001-01"}, "month"),
    ],
)
def test_a_bad_order_is_422(ada, changes, field):
    answer = order(ada, **changes)

    assert answer.status_code == 422
    assert answer.json["json"].keys() == {field}


def test_members_get_no_reports(ada, bob):
    job = order(ada)
    place = job.headers["Location"]

    answers = [
        order(bob),
        bob.get(f"{API}/jobs"),
        bob.get(place),
        bob.get(f"{API}/reports/{job.json['id']}.csv"),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4


def test_jobs_are_listed_the_latest_first(ada):
    sent = [order(ada).json["id"] for _ in range(3)]

    listed = ada.get(f"{API}/jobs").json

    assert [job["id"] for job in listed["items"]] == sent[::-1]


@pytest.mark.parametrize("number", [uuid.uuid4(), "x", "%00"])
def test_a_job_that_is_not_there(ada, number):
    assert ada.get(f"{API}/jobs/{number}").status_code == 404
    assert ada.get(f"{API}/reports/{number}.csv").status_code == 404


def waiting_job(**values):
    """Commit a job that no worker has finished, and return its id."""
    job = Job(project_id=1, month=dt.date(2025, 3, 1), **values)
    session.add(job)
    session.commit()
    return job.id


def test_a_report_that_is_not_done_has_no_csv(app, ada):
    with app.app_context():
        number = waiting_job()

    answer = ada.get(f"{API}/reports/{number}.csv")

    assert answer.status_code == 409
    assert answer.json == {"_errors": ["The report is not done; its job is queued."]}


def test_a_message_that_comes_twice_is_done_once(app):
    with app.app_context():
        number = waiting_job()
        jobs.compute_bill(number)
        session.execute(update(Job).values(worker=0))
        session.commit()

        jobs.compute_bill(number)

        assert session.get(Job, number).worker == 0


def test_a_job_that_is_gone_is_no_error(app):
    with app.app_context():
        jobs.compute_bill(str(uuid.uuid4()))


def test_a_job_that_fails_says_so(app, ada, monkeypatch):
    def broken(*_):
        raise RuntimeError("no more ink")

    monkeypatch.setattr(jobs, "bill", broken)
    with app.app_context():
        number = waiting_job()
        with pytest.raises(RuntimeError, match="no more ink"):
            jobs.compute_bill(number)

    job = ada.get(f"{API}/jobs/{number}").json
    assert (job["state"], job["result"]) == ("failed", None)


def test_without_a_broker_no_job_is_taken(app, make_app, tmp_path, log_in):
    client = log_in("ada")
    app.extensions["twopi_celery"].conf.task_always_eager = False
    messages = tmp_path / "broker" / "data"
    shutil.rmtree(messages)
    messages.touch()  # where a folder has to be

    answer = order(client)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.json == {"_errors": ["No job can be taken now."]}
    assert client.get(f"{API}/jobs").json["items"][0]["state"] == "failed"


def test_a_new_worker_does_what_an_earlier_one_left(app):
    with app.app_context():
        left = [waiting_job(state="running", count=3), waiting_job(state="queued")]
        waiting_job(state="failed")

        jobs.resume()

        states = {job.id: job.state for job in session.scalars(select(Job))}
        assert [states.pop(number) for number in left] == ["done", "done"]
        assert list(states.values()) == ["failed"]
