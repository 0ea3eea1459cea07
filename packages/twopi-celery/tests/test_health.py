"""Health checks of real parts: files as broker, SQLite, workers, and dead addresses."""

import json
import logging
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import MetaData

from twopi_celery import (
    ConfigurationError,
    HealthError,
    Heartbeats,
    check,
    create_celery,
    create_db_session,
    filesystem_broker,
    health_blueprint,
    health_checks,
)
from twopi_celery.__main__ import main
from twopi_celery.health.check import Health

SECRET = "s3cr3t-of-the-broker"
opened = []


def application(broker, database="sqlite:///shop.db"):
    settings = {"broker_url": broker, "SQLALCHEMY_DATABASE_URI": database}
    celery = create_celery("shop", settings, set_as_current=False)
    session = create_db_session(celery)
    opened.append(session)
    return celery, session


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    while opened:
        session = opened.pop()
        engine = session.get_bind()
        session.remove()
        engine.dispose()


@contextmanager
def silent_server():
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def refusing():
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return closed.getsockname()[1]


def test_all_is_well(tmp_path):
    celery, session = application("memory://")

    report = check(celery, session, workers=0)

    assert report.ok
    assert report.as_dict() == {
        "status": "ok",
        "checks": {
            "broker": {"status": "ok", "url": "memory://localhost//", "detail": ""},
            "database": {"status": "ok", "url": "sqlite:///shop.db", "detail": ""},
        },
    }
    assert str(report).split() == [
        "broker",
        "ok",
        "memory://localhost//",
        "database",
        "ok",
        "sqlite:///shop.db",
    ]


def test_nobody_answers_a_ping():
    celery, _ = application("memory://")

    report = check(celery, timeout=3)

    assert not report.ok
    assert [each.detail for each in report.findings] == ["", "0 of 1"]


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_refuses(scheme, refusing, caplog):
    pytest.importorskip(scheme)
    celery, _ = application(f"{scheme}://shop:{SECRET}@127.0.0.1:{refusing}/0")

    with caplog.at_level(logging.DEBUG):
        broker, workers = check(celery, timeout=5).findings

    assert not broker.ok
    assert not workers.ok
    assert broker.url.startswith(f"{scheme}://shop:**@127.0.0.1:{refusing}/")
    assert broker.detail in {"OperationalError", "ConnectionRefusedError"}
    assert "broker" in caplog.text
    assert SECRET not in caplog.text + repr(broker) + repr(workers)


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_silent_broker_takes_no_longer_than_the_timeout_and_one_thread(scheme):
    pytest.importorskip(scheme)
    with silent_server() as port:
        celery, _ = application(f"{scheme}://:{SECRET}@127.0.0.1:{port}/0")
        health = Health(celery, workers=0, timeout=0.2)
        began = time.monotonic()
        threads = set()
        for _ in range(5):
            [broker] = health.report().findings
            threads.add(threading.active_count())

        assert time.monotonic() - began < 5
        assert (broker.ok, broker.detail) == (False, "no answer in time")
        assert broker.url.endswith(f":**@127.0.0.1:{port}/0")
        assert len(threads) == 1


def test_a_database_that_is_down(tmp_path, caplog):
    celery, session = application(
        "memory://", f"sqlite:///{tmp_path}/no/shop.db?timeout=1"
    )

    database = check(celery, session, workers=0).findings[1]

    assert not database.ok
    assert database.url == f"sqlite:///{tmp_path}/no/shop.db"
    assert database.detail == "OperationalError"


def test_a_password_of_the_database_is_masked():
    celery, session = application(
        "memory://",
        f"postgresql+psycopg://shop:{SECRET}@127.0.0.1:1/x?password={SECRET}",
    )

    database = check(celery, session, workers=0).findings[1]

    assert database.url == "postgresql+psycopg://shop:***@127.0.0.1:1/x"
    assert SECRET not in str(database)


def test_the_url_really_used_is_that_of_the_environment(monkeypatch):
    celery, _ = application("redis://elsewhere/0")
    monkeypatch.setenv("CELERY_BROKER_URL", "memory://")

    assert check(celery, workers=0).findings[0].url == "memory://localhost//"


def test_the_endpoint(tmp_path):
    celery, session = application("memory://")
    app = Flask(__name__)
    app.register_blueprint(health_blueprint(celery, session, workers=0))
    client = app.test_client()

    fine = client.get("/health")
    session.get_bind().dispose()
    app = Flask(__name__)
    app.register_blueprint(health_blueprint(celery, timeout=3, url="/live"))
    down = app.test_client().get("/live")

    assert (fine.status_code, fine.json["status"]) == (200, "ok")
    assert "Retry-After" not in fine.headers
    assert (down.status_code, down.json["status"]) == (503, "failed")
    assert down.json["checks"]["broker"]["status"] == "ok"
    assert down.json["checks"]["workers"]["status"] == "failed"
    assert down.headers["Retry-After"] == "1"
    assert down.headers["Cache-Control"] == fine.headers["Cache-Control"] == "no-store"


def test_checks_for_the_endpoint_of_another_package():
    celery, session = application("memory://")

    checks = health_checks(celery, session, timeout=3)

    assert list(checks) == ["broker", "database", "workers"]
    assert checks["broker"]() is checks["database"]() is None
    with pytest.raises(HealthError, match=r"workers +failed .* 0 of 1"):
        checks["workers"]()


@pytest.mark.parametrize("arguments", [{"timeout": 0}, {"workers": -1}])
def test_arguments_that_cannot_be_used(arguments):
    celery, _ = application("memory://")

    with pytest.raises(ConfigurationError, match="timeout above 0"):
        check(celery, **arguments)


def test_heartbeats_are_read_by_a_session():
    celery, _ = application("memory://")

    with pytest.raises(ConfigurationError, match="give one"):
        check(celery, heartbeats=Heartbeats(MetaData()))


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


def test_a_worker_lives_as_long_as_it_beats(tmp_path):
    celery, session = application("memory://", f"sqlite:///{tmp_path}/shop.db")
    clock = Clock()
    metadata = MetaData()
    heartbeats = Heartbeats(metadata, clock=clock, silence=5)
    metadata.create_all(session.get_bind())

    heartbeats.beat(session, "one")
    clock.now += 4
    heartbeats.beat(session, "two")
    both = heartbeats.alive(session)
    clock.now += 2
    heartbeats.beat(session, "two")
    report = check(celery, session, heartbeats=heartbeats)

    assert both == ["one", "two"]
    assert heartbeats.alive(session) == ["two"]
    assert report.findings[-1].detail == "two"
    assert not check(celery, session, heartbeats=heartbeats, workers=2).ok

    clock.now += 4000
    heartbeats.beat(session, "three")
    with session.session_factory() as own:
        assert [row.worker for row in own.execute(heartbeats.table.select())] == [
            "three"
        ]
    heartbeats.end(session, "three")
    assert heartbeats.alive(session) == []


TASKS = """
    import time
    from pathlib import Path

    from sqlalchemy import MetaData

    from twopi_celery import (
        Heartbeats, create_celery, create_db_session, filesystem_broker
    )

    here = Path(__file__).parent
    settings = filesystem_broker(here / "queue")
    settings["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{here}/shop.db"
    celery = create_celery("tasks", settings)
    session = create_db_session(celery)
    metadata = MetaData()
    heartbeats = Heartbeats(metadata, every=0.1)
    heartbeats.install(celery, session)
    metadata.create_all(session.get_bind())


    @celery.task
    def wait(name):
        (here / "started").touch()
        while not (here / name).exists():
            time.sleep(0.05)
"""


def test_a_worker_is_seen_on_the_command_line(
    start_worker, wait_for, monkeypatch, capsys
):
    with start_worker(TASKS) as worker:
        command = [sys.executable, "-m", "twopi_celery", "check", "tasks:celery"]
        done = subprocess.run(
            [*command, "--timeout", "20"],
            cwd=worker.folder,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        words = done.stdout.split()
        assert words[:3] == ["broker", "ok", f"filesystem://{worker.folder}/queue/data"]
        assert words[-4:-2] == ["workers", "ok"]
        assert words[-1].startswith("worker")

        monkeypatch.chdir(worker.folder)
        arguments = ["check", "tasks:celery", "--workers=2", "--timeout=6", "--json"]
        assert main(arguments) == 1
        checks = json.loads(capsys.readouterr().out)["checks"]
        assert checks["database"]["status"] == "ok"
        assert checks["workers"]["detail"].startswith("1 of 2 ")


def test_a_worker_lives_from_its_start_to_its_end(start_worker, wait_for):
    with start_worker(TASKS) as worker:
        _, session = application("memory://", f"sqlite:///{worker.folder}/shop.db")
        heartbeats = Heartbeats(MetaData())
        [name] = wait_for(lambda: heartbeats.alive(session))
        assert name.endswith(f"/{worker.process.pid}")
        client = create_celery("client", filesystem_broker(worker.folder / "queue"))
        client.send_task("tasks.wait", ["go"])
        wait_for((worker.folder / "started").exists)

        def seen():
            with session.session_factory() as own:
                return own.execute(heartbeats.table.select()).one().seen

        before = seen()
        wait_for(lambda: seen() > before)  # it lives also while it works
        (worker.folder / "go").touch()

        worker.stop()
        assert heartbeats.alive(session) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere:celery", "'nowhere:celery' cannot be imported: No module"),
        ("twopi_celery:check", "write module:attribute"),
        ("no name", "cannot be imported"),
    ],
)
def test_an_application_that_is_not_there(name, words):
    with pytest.raises(SystemExit, match=words):
        main(["check", name])


def test_the_celery_of_a_flask_application_is_found(monkeypatch, tmp_path, capsys):
    module = "flask_shop_of_a_test"
    (tmp_path / f"{module}.py").write_text(
        "import flask, twopi_celery\n"
        "app = flask.Flask('shop')\n"
        "app.config['CELERY_BROKER_URL'] = 'memory://'\n"
        "twopi_celery.init_app(app, set_as_current=False)\n"
    )
    monkeypatch.chdir(tmp_path)

    assert main(["check", f"{module}:app", "--workers", "0"]) == 0
    assert capsys.readouterr().out.split()[:2] == ["broker", "ok"]
