"""Progress, counted against a clock of our own and read from a real worker."""

from itertools import pairwise

import pytest
from celery.exceptions import Ignore
from hypothesis import given
from hypothesis import strategies as st

from twopi_celery import (
    ConfigurationError,
    Progress,
    create_celery,
    filesystem_broker,
)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def celery():
    return create_celery("shop", {"broker_url": "memory://"}, set_as_current=False)


@pytest.fixture
def task(celery):
    @celery.task(shared=False)
    def export(): ...

    return export


def test_reports_come_at_once_then_now_and_then_and_at_the_end(task):
    clock, reports = Clock(), []
    progress = Progress(
        task, every=2, report=lambda it: reports.append(it.as_dict()), clock=clock
    )
    for _ in progress.track(range(7)):
        clock.now += 0.75

    assert [report["count"] for report in reports] == [0, 3, 6, 7]
    assert reports[0] == {"count": 0, "total": 7, "eta": None}
    assert reports[1] == {"count": 3, "total": 7, "eta": 3.0}
    assert reports[-1] == {"count": 7, "total": 7, "eta": 0.0}


@given(
    st.none() | st.integers(0, 50),
    st.floats(0, 5),
    st.lists(st.tuples(st.integers(0, 9), st.floats(0, 3)), min_size=1),
)
def test_any_course_of_things(total, every, steps):
    celery = create_celery("shop", {"broker_url": "memory://"}, set_as_current=False)
    clock, reports = Clock(), []
    progress = Progress(
        celery.tasks["celery.backend_cleanup"],
        total,
        every=every,
        report=lambda it: reports.append((clock.now, it.as_dict())),
        clock=clock,
    )
    for count, seconds in steps:
        clock.now += seconds
        progress.add(count)

    assert progress.count == sum(count for count, _ in steps)
    assert reports[0][1]["count"] == steps[0][0]
    for (then, _), (now, report) in pairwise(reports):
        finished = total is not None and report["count"] >= total
        assert now - then >= every or finished
    if total is not None and progress.count >= total:
        assert reports[-1][1]["count"] == progress.count
    assert all(report["eta"] is None or report["eta"] >= 0 for _, report in reports)


def test_things_without_a_number(task):
    reports = []

    assert list(Progress(task, report=reports.append).track(iter("abc"))) == [*"abc"]
    assert reports[0].total is None
    assert reports[0].eta is None


@pytest.mark.parametrize("arguments", [{"total": -1}, {"every": -0.1}])
def test_arguments_that_cannot_be(task, arguments):
    with pytest.raises(ConfigurationError, match="0 or more"):
        Progress(task, **arguments)


def test_a_report_that_raises_ends_the_task(celery):
    def cancel(progress):
        if progress.count:
            raise Ignore("cancelled")

    @celery.task(bind=True, shared=False)
    def count(self):
        return list(Progress(self, every=0, report=cancel).track("abc"))

    assert count.apply().state == "IGNORED"


def test_a_task_that_is_called_or_runs_eagerly_reports_to_nobody(celery):
    @celery.task(bind=True, shared=False)
    def count(self):
        return list(Progress(self, every=0).track("abc"))

    assert count() == count.apply().get() == [*"abc"]


def test_a_backend_that_fails_does_not_fail_the_task(celery, caplog):
    @celery.task(bind=True, shared=False)
    def count(self):
        self.request.update(id="1", is_eager=False)
        return list(Progress(self, every=0).track("ab"))

    def fail(*_, **__):
        raise OSError("no backend")

    count.update_state = fail

    assert count() == ["a", "b"]
    assert "The progress of 1 is not stored" in caplog.text


TASKS = """
    import time
    from pathlib import Path

    from twopi_celery import Progress, create_celery, filesystem_broker

    here = Path(__file__).parent
    celery = create_celery("tasks", filesystem_broker(here / "queue"))


    @celery.task(bind=True)
    def export(self):
        for number in Progress(self, every=0).track(range(4)):
            while number == 2 and not (here / "go").exists():
                time.sleep(0.05)
        return "exported"
"""


def test_who_waits_sees_how_far_a_task_is(start_worker, wait_for):
    with start_worker(TASKS) as worker:
        client = create_celery("client", filesystem_broker(worker.folder / "queue"))
        result = client.send_task("tasks.export")
        wait_for(lambda: result.state == "PROGRESS" and result.info["count"] == 2)
        info = result.info
        (worker.folder / "go").touch()

        assert info.keys() == {"count", "total", "eta"}
        assert info["total"] == 4
        assert info["eta"] >= 0
        assert result.get(timeout=120, interval=0.05) == "exported"
