"""`/livez`, `/readyz` and `/healthz`: what a cluster needs of them."""

import asyncio
import itertools
import logging
import threading

import pytest
from flask import Flask, current_app, g

from twopi_release import release_blueprint
from twopi_release.health.checks import Checks

HEALTH_JSON = "application/health+json"
LONG = 60  # what nobody waits for: each check that is given it ends at once


@pytest.fixture
def hang():
    """Return a check that hangs until the test is over."""
    over = threading.Event()
    yield lambda: over.wait(LONG)
    over.set()


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that stands still, and that every blueprint is given."""

    class Clock:
        now = 1000.0

        def __call__(self):
            return self.now

    made = Clock()
    init = Checks.__init__
    monkeypatch.setattr(
        Checks,
        "__init__",
        lambda self, checks, timeout: init(self, checks, timeout, made),
    )
    return made


def client_of(checks, **options):
    app = Flask(__name__)
    options = {"timeout": LONG, **options}
    app.register_blueprint(release_blueprint("1.0", checks=checks, **options))
    return app.test_client()


def fail():
    raise RuntimeError("password=hunter2")


@pytest.mark.parametrize("path", ["/readyz", "/healthz"])
class TestBoth:
    @pytest.mark.parametrize("result", [False, [], {}, 0, "", set()])
    def test_a_false_value_is_a_failure(self, result, path, caplog):
        answer = client_of({"worker": lambda: result}).get(path)

        assert answer.status_code == 503
        assert answer.json == {"status": "failed", "checks": {"worker": "failed"}}
        assert f"it returned a false {type(result).__name__}" in caplog.text

    @pytest.mark.parametrize("result", [None, True, [1], "OK", object()])
    def test_any_other_value_is_not(self, result, path):
        answer = client_of({"worker": lambda: result}).get(path)

        assert (answer.status_code, answer.json["status"]) == (200, "ok")

    @pytest.mark.parametrize("error", [RuntimeError, SystemExit, KeyboardInterrupt])
    def test_whatever_is_raised_is_a_failure(self, error, path, caplog):
        def check():
            raise error("hunter2")

        answer = client_of({"db": check}).get(path)

        assert answer.json["checks"] == {"db": "failed"}
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert "hunter2" in caplog.text
        assert "hunter2" not in answer.text

    def test_an_async_check_is_awaited(self, path):
        async def works():
            await asyncio.sleep(0)
            return True

        async def fails():
            await asyncio.sleep(0)
            raise RuntimeError("down")

        async def is_false():
            return False

        checks = {"a": works, "b": fails, "c": is_false}
        answer = client_of(checks).get(path)

        assert answer.json["checks"] == {"a": "ok", "b": "failed", "c": "failed"}

    def test_those_that_hang_are_named(self, path, hang, caplog):
        names = [f"c{number}" for number in range(10)]
        slow = {"c2", "c5", "c9"}
        checks = {name: hang if name in slow else bool(1).__bool__ for name in names}
        client = client_of(checks, timeout=0.1)

        expected = {name: "failed" if name in slow else "ok" for name in names}
        for _ in range(600):  # the others may take long on a machine that is busy
            answer = client.get(path)
            assert answer.status_code == 503
            assert {answer.json["checks"][name] for name in slow} == {"failed"}
            if answer.json["checks"] == expected:
                break

        assert answer.json["checks"] == expected
        for name in slow:
            message = f"Health check '{name}' did not end within 0.1 s"
            assert caplog.text.count(message) == 1

    def test_they_run_at_once(self, path):
        """Each waits for the other two, which none could do after another."""
        barrier = threading.Barrier(3)
        client = client_of(dict.fromkeys("abc", lambda: barrier.wait(LONG) is not None))

        assert client.get(path).json["status"] == "ok"

    def test_one_that_hangs_is_not_started_again(self, path, hang):
        count = itertools.count()

        def check():
            next(count)
            return hang()

        client = client_of({"db": check}, timeout=0.01, max_age=0)

        answers = {client.get(path).status_code for _ in range(20)}

        assert (answers, next(count)) == ({503}, 1)

    def test_it_runs_again_once_it_has_ended(self, path):
        going = threading.Event()
        ended = threading.Event()

        def check():
            going.wait(LONG)
            ended.set()

        app = Flask(__name__)
        options = {"checks": {"db": check}, "max_age": 0}
        app.register_blueprint(release_blueprint("1", timeout=0.01, **options))
        patient = app.test_client()
        assert patient.get(path).status_code == 503
        going.set()
        assert ended.wait(LONG)

        statuses = (patient.get(path).status_code for _ in range(10_000))

        assert 200 in statuses

    def test_optional_ones_only_degrade(self, path):
        client = client_of({"db": bool(1).__bool__, "mail": fail}, optional=["mail"])
        worse = client_of({"db": fail, "mail": fail}, optional="mail")

        answer = client.get(path)
        assert (answer.status_code, answer.json) == (
            200,
            {"status": "degraded", "checks": {"db": "ok", "mail": "failed"}},
        )
        assert "Retry-After" not in answer.headers
        assert worse.get(path).json["status"] == "failed"
        assert worse.get(path).status_code == 503

    def test_changes_are_logged_and_not_each_request(self, path, caplog):
        up = []
        client = client_of({"db": lambda: up or fail()}, max_age=0)
        caplog.set_level(logging.INFO, "twopi_release")

        for state in ([], [1], []):
            up[:] = state
            for _ in range(5):
                client.get(path)

        messages = [record.getMessage() for record in caplog.records]
        assert messages == [
            "Health check 'db' failed",
            "Health check 'db' works again",
            "Health check 'db' failed",
        ]
        assert caplog.text.count("Traceback") == 2

    def test_what_never_failed_is_not_logged(self, path, caplog):
        caplog.set_level(logging.INFO, "twopi_release")

        client_of({"db": bool(1).__bool__}).get(path)

        assert caplog.records == []

    def test_a_check_has_a_context_of_its_own(self, path):
        ended = []

        def check():
            g.mine = threading.get_ident()
            assert current_app.config["NAME"] == "shop"

        client = client_of({"db": check})
        client.application.config["NAME"] = "shop"
        client.application.teardown_appcontext(
            lambda _: ended.append(g.get("mine"))  # where sessions are removed
        )

        assert client.get(path).json["status"] == "ok"
        assert any(each not in {None, threading.get_ident()} for each in ended)

    @pytest.mark.parametrize(
        "accept",
        [
            HEALTH_JSON,
            "application/health+json, application/json;q=0.9, */*;q=0.1",
            "application/json, Application/Health+JSON",
        ],
    )
    def test_health_json_for_who_asks(self, accept, path):
        checks = {"db": bool(1).__bool__, "mail": fail, "mq": fail}
        client = client_of(checks, optional=["mail"])

        answer = client.get(path, headers={"Accept": accept})

        assert (answer.status_code, answer.mimetype) == (503, HEALTH_JSON)
        assert answer.json == {
            "status": "fail",
            "releaseId": "1.0",
            "checks": {
                "db": [{"status": "pass"}],
                "mail": [{"status": "warn"}],
                "mq": [{"status": "fail"}],
            },
        }

    @pytest.mark.parametrize(
        "accept",
        [
            None,
            "*/*",
            "application/*",
            "text/html",
            "application/json",
            "application/health+json;q=0",
            "application/json, application/health+json;q=0.5",
            ";;,=\x00é",
        ],
    )
    def test_plain_json_for_others(self, accept, path):
        headers = {} if accept is None else {"Accept": accept}

        answer = client_of({}).get(path, headers=headers)

        assert (answer.mimetype, answer.json["status"]) == ("application/json", "ok")
        assert answer.headers["Vary"] == "Accept"

    def test_too_many_threads(self, path, monkeypatch, caplog):
        def refuse(_):
            raise RuntimeError("can't start new thread")

        client = client_of({"db": bool(1).__bool__})
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            answer = client.get(path)

        assert answer.json["checks"] == {"db": "failed"}
        assert "can't start new thread" in caplog.text


class TestCost:
    def test_a_thousand_probes_a_minute_are_one_check_a_second(self, clock):
        count = itertools.count()
        client = client_of({"db": lambda: next(count) >= 0})

        for _ in range(1000):
            assert client.get("/readyz").status_code == 200
            clock.now += 0.06

        assert next(count) <= 61

    def test_a_failure_is_shared_too(self, clock):
        count = itertools.count()
        client = client_of({"db": lambda: next(count) and fail()})

        statuses = [client.get("/readyz").status_code for _ in range(50)]

        assert (statuses, next(count)) == ([503] * 50, 1)

    def test_a_result_is_no_older_than_is_wanted(self, clock):
        count = itertools.count(1)
        client = client_of({"db": lambda: next(count)}, max_age=5)

        client.get("/readyz")
        clock.now += 4.9
        client.get("/readyz")
        assert next(count) == 2
        clock.now += 0.2
        client.get("/readyz")
        assert next(count) == 4

    def test_healthz_runs_them_each_time(self, clock):
        count = itertools.count(1)
        client = client_of({"db": lambda: next(count)})

        for _ in range(3):
            client.get("/healthz")

        assert next(count) == 4

    def test_probes_at_the_same_time_share_a_run(self, hang):
        """Twenty requests, one thread that checks."""
        count, started = itertools.count(), threading.Event()

        def check():
            next(count)
            started.set()
            return hang()

        client = client_of({"db": check}, timeout=0.5)
        statuses = []
        threads = [
            threading.Thread(
                target=lambda: statuses.append(client.get("/readyz").status_code)
            )
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG)

        assert started.is_set()
        assert (statuses, next(count)) == ([503] * 20, 1)

    def test_frames_of_a_failure_are_let_go(self):
        """They hold connections, which must not live until the next probe."""
        freed = threading.Event()

        class Connection:
            def __del__(self):
                freed.set()

        def check():
            connection = Connection()
            raise RuntimeError(str(connection))

        logging.getLogger("twopi_release").disabled = True
        try:
            client_of({"db": check}).get("/readyz")
        finally:
            logging.getLogger("twopi_release").disabled = False

        assert freed.wait(LONG)


def test_a_run_that_was_lost_in_a_fork_is_started_again(hang):
    """A child has no threads of its parent: what hung there does not hang here."""
    count = itertools.count()

    def check():
        return hang() if next(count) == 0 else True

    checks = Checks({"db": check}, 0.01)
    app = Flask(__name__)
    assert checks.failed(app.app_context, 0) == {"db"}
    checks._runs["db"]._thread = threading.Thread()  # one that does not live

    found = (checks.failed(app.app_context, 0) for _ in range(10_000))

    assert set() in found


class TestLife:
    def test_it_asks_nothing(self, hang):
        client = client_of({"db": fail, "mq": hang})

        answer = client.get("/livez")

        assert (answer.status_code, answer.json) == (200, {"status": "ok"})
        assert answer.headers["Cache-Control"] == "no-store"

    def test_as_health_json(self):
        answer = client_of({"db": fail}).get("/livez", headers={"Accept": HEALTH_JSON})

        assert answer.mimetype == HEALTH_JSON
        assert answer.json == {"status": "pass", "releaseId": "1.0", "checks": {}}

    @pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
    def test_a_probe_may_ask_for_the_head_alone(self, path):
        answer = client_of({}).head(path)

        assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": 0}, "timeout must be above"),
        ({"timeout": float("nan")}, "timeout must be above"),
        ({"max_age": -1}, "max_age 0 or more"),
        ({"optional": ["db"]}, "optional has 'db', which is not in checks"),
    ],
)
def test_what_cannot_work_fails_at_the_start(options, message):
    with pytest.raises(ValueError, match=message):
        release_blueprint("1", **options)
