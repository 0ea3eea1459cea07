import json
import os
import subprocess
import sys

import pytest
import sentry_sdk
from celery import Celery
from flask import Flask
from marshmallow import ValidationError

from twopi_sentry import ConfigurationError, celery_inject_sentry, inject_sentry
from twopi_sentry.scrubbing.collect import _sources


def failing_celery(dsn, name="twopi-sentry-test", **conf):
    celery = Celery(name, broker="memory://", set_as_current=False)
    celery.conf.update(SENTRY_DSN=dsn, **conf)

    @celery.task(name="fail", bind=True, shared=False)
    def fail(self, x=None, token=None, **others):
        import logging

        innocent = [x, token, others, self.request.args, repr(self.request.kwargs)]
        logging.getLogger("app").warning("seen %r", innocent)
        sentry_sdk.set_extra("x", innocent)
        raise RuntimeError(innocent)

    @celery.task(name="nest", shared=False)
    def nest(token):
        fail.apply(kwargs={"x": token})

    return celery


def test_no_dsn_is_no_client(monkeypatch, dsn):
    monkeypatch.setenv("SENTRY_DSN", dsn)

    assert celery_inject_sentry(failing_celery(None)) is None


def test_a_bad_dsn_is_a_configuration_error():
    with pytest.raises(ConfigurationError):
        celery_inject_sentry(failing_celery("nonsense"))


def test_a_failing_task_is_one_event_with_release_and_site(recording, dsn):
    celery = failing_celery(dsn, SENTRY_SITE="akl")
    celery.version = "1.2"
    client = celery_inject_sentry(celery, transport=recording)
    assert celery_inject_sentry(celery) is client

    celery.tasks["fail"].apply()

    [event] = recording.events
    assert event["release"] == "1.2"
    assert event["tags"]["site"] == "akl"
    assert event["exception"]["values"][-1]["mechanism"]["type"] == "celery"
    assert not sentry_sdk.get_client().is_active()


def test_a_celery_without_a_version(recording, dsn):
    celery = failing_celery(dsn)
    celery_inject_sentry(celery, transport=recording)

    celery.tasks["fail"].apply()

    assert recording.events[0]["release"] == "__UNKNOWN__"


@pytest.mark.parametrize("ignored", [True, False])
def test_validation_errors_of_tasks_are_reported_unless_ignored(
    recording, dsn, ignored
):
    celery = failing_celery(dsn)
    options = {"ignore_common_http": True} if ignored else {}
    celery_inject_sentry(celery, transport=recording, **options)

    @celery.task(name="validate", shared=False)
    def validate():
        raise ValidationError("no")

    validate.apply()

    assert len(recording.events) == (0 if ignored else 1)


def test_two_celeries_do_not_mix(new_recording, dsn):
    recordings = [new_recording(), new_recording()]
    celeries = [failing_celery(dsn, SENTRY_SITE=site) for site in ["one", "two"]]
    for celery, recording in zip(celeries, recordings, strict=True):
        celery_inject_sentry(celery, transport=recording)

    for celery in [*celeries, failing_celery(dsn), celeries[0]]:
        celery.tasks["fail"].apply()

    sites = [[each["tags"]["site"] for each in one.events] for one in recordings]
    assert sites == [["one", "one"], ["two"]]


@pytest.mark.parametrize(
    "arguments",
    [
        {"kwargs": {"token": "zq-secret"}},
        {"kwargs": {"x": 1, "userPassword": "zq-secret"}},
        {"args": [5, "zq-secret"]},
        {"args": [{"a": [{"api_key": "zq-secret"}]}]},
        {"args": ["mysql://me:zq-secret@host/db"]},
    ],
    ids=str,
)
def test_secret_arguments_never_leave(recording, dsn, arguments):
    celery = failing_celery(dsn)
    client = celery_inject_sentry(celery, transport=recording, traces_sample_rate=1.0)

    celery.tasks["fail"].apply(**arguments)
    client.flush()

    assert len(recording.events) == 1
    assert recording.leaks("zq-secret") == []


def test_the_secrets_of_a_calling_task_are_known(recording, dsn):
    celery = failing_celery(dsn)
    celery_inject_sentry(celery, transport=recording)

    celery.tasks["nest"].apply(kwargs={"token": "zq-nested"})

    assert len(recording.events) == 1
    assert recording.leaks("zq-nested") == []


def test_nothing_is_left_of_a_task_that_is_over(recording, dsn):
    celery = failing_celery(dsn)
    celery_inject_sentry(celery, transport=recording)

    @celery.task(name="again", bind=True, shared=False, max_retries=2)
    def again(self, token):
        self.retry(countdown=0)

    scope = sentry_sdk.get_isolation_scope()
    for _ in range(3):
        celery.tasks["nest"].apply(kwargs={"token": "zq-nested"})
        again.apply(kwargs={"token": "zq-again"})

    assert _sources.get() == ()
    assert not sentry_sdk.get_client().is_active()
    assert sentry_sdk.get_isolation_scope() is scope
    assert recording.leaks("zq-again") == []


def test_a_task_in_a_request_reports_to_its_own_client(new_recording, dsn):
    recordings = [new_recording(), new_recording()]
    celery = failing_celery(dsn, SENTRY_SITE="celery")
    celery_inject_sentry(celery, transport=recordings[0])
    app = Flask(__name__)
    app.config.update(SENTRY_DSN=dsn, SENTRY_SITE="flask")
    inject_sentry(app, transport=recordings[1])

    @app.get("/")
    def view():
        celery.tasks["fail"].apply(args=["zq-of-request"])
        raise KeyError

    app.test_client().get("/?token=zq-of-request")

    sites = [[each["tags"]["site"] for each in one.events] for one in recordings]
    assert sites == [["celery"], ["flask"]]
    assert [one.leaks("zq-of-request") for one in recordings] == [[], []]


def test_a_worker_reports_to_its_client(recording, dsn):
    from celery.signals import worker_init

    celery = failing_celery(dsn)
    client = celery_inject_sentry(celery, transport=recording, traces_sample_rate=1.0)

    class Worker:
        app = celery

    worker_init.send(sender=Worker)
    assert sentry_sdk.get_client() is client
    celery.tasks["fail"].apply(kwargs={"token": "zq-secret"})

    [event] = recording.events
    assert event["extra"]["celery-job"]["task_name"] == "fail"
    assert recording.items("transaction")[0]["transaction"] == "fail"
    assert recording.leaks("zq-secret") == []


@pytest.mark.filterwarnings("ignore:The send_default_pii option")
def test_arguments_that_were_asked_for_are_sent_without_secrets(recording, dsn):
    from celery.signals import worker_init

    celery = failing_celery(dsn)
    celery_inject_sentry(
        celery, transport=recording, send_default_pii=True, traces_sample_rate=1.0
    )

    class Worker:
        app = celery

    worker_init.send(sender=Worker)
    celery.tasks["fail"].apply(args=[7, "zq-secret"], kwargs={"y": "zq-secret"})

    job = recording.events[0]["extra"]["celery-job"]
    assert (job["args"], job["kwargs"]) == ([7, "[Filtered]"], {"y": "[Filtered]"})
    [transaction] = recording.items("transaction")
    assert transaction["extra"]["celery-job"]["args"] == [7, "[Filtered]"]


WORKER = """
import sentry_sdk
from celery import Celery
from twopi_sentry import celery_inject_sentry

app = Celery("twopi-sentry-test", broker={broker!r})
app.conf.update(
    SENTRY_DSN={dsn!r}, SENTRY_SITE="worker", task_default_queue={queue!r},
    worker_hijack_root_logger=False,
)
app.version = "9"
celery_inject_sentry(app, traces_sample_rate=1.0)

@app.task(name="fail")
def fail(x, token=None, **others):
    raise RuntimeError(x, token, others)
"""


@pytest.mark.services
@pytest.mark.parametrize("pool", ["prefork", "solo", "threads"])
def test_a_real_worker(pool, tmp_path, loopback):
    broker = os.environ["TWOPI_TEST_REDIS_URL"]
    queue = f"twopi-sentry-{pool}-{os.getpid()}"
    script = WORKER.format(broker=broker, dsn=loopback.dsn, queue=queue)
    (tmp_path / "tasks.py").write_text(script)
    command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "-P", pool]
    log = (tmp_path / "log").open("w+")
    worker = subprocess.Popen(
        [*command, "-c", "1", "-Q", queue, "-n", f"{queue}@x", "--without-mingle"],
        cwd=tmp_path,
        stdout=log,
        stderr=log,
    )
    try:
        producer = Celery("producer", broker=broker, set_as_current=False)
        secrets = {"token": "zq-kwarg", "other": {"password": "zq-nested"}}
        headers = {"X-Request-ID": "r-77"}
        producer.send_task("fail", ["zq-kwarg"], secrets, queue=queue, headers=headers)
        loopback.wait(1, worker)
        worker.terminate()
        worker.wait(timeout=60)
        producer.close()
    finally:
        worker.kill()
        log.close()

    [event] = loopback.events
    assert (event["release"], event["tags"]["site"]) == ("9", "worker")
    assert event["tags"]["request_id"] == "r-77"
    assert event["extra"]["celery-job"]["task_name"] == "fail"
    assert len(loopback.items("transaction")) == 1
    assert loopback.leaks("zq-kwarg") == []
    assert loopback.leaks("zq-nested") == []
    assert json.dumps(loopback.items()).count("[Filtered]") > 2
