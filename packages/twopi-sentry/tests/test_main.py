import json
import re
import subprocess
import sys

import pytest

from twopi_sentry.__main__ import main

SOURCE = """
import sentry_sdk
from celery import Celery
from flask import Flask
from twopi_sentry import celery_inject_sentry, inject_sentry

def create_app():
    app = Flask("shop")
    app.version = "1.4.2"
    app.config.update(SENTRY_DSN={dsn!r}, SENTRY_SITE="akl", TESTING=True)
    inject_sentry(app, environment="staging", before_send=before_send)
    return app

def before_send(event, hint):
    event["extra"] = {{"seen": "by the hook"}}
    return event

app = create_app()

@app.before_request
def never():
    raise AssertionError("no code of the application runs")

configured = create_app()
configured.config["DATABASE_URL"] = "postgresql://me:zq-of-database@db/x"
configured.config["MAIL_PASSWORD"] = "words"

plain = Flask("plain")
plain.config["SENTRY_DSN"] = {dsn!r}
inject_sentry(plain)

silent = Flask("silent")
swallowing = create_app()
swallowing.register_error_handler(Exception, lambda error: ("", 500))

leaking = create_app()
leaking.extensions["twopi_sentry"].options["before_send"] = None

celery = Celery("shop", broker="memory://")
celery.conf.SENTRY_DSN = {dsn!r}
celery_inject_sentry(celery, traces_sample_rate=1.0)
number = 5
"""


@pytest.fixture(name="shop")
def module_with_applications(tmp_path, loopback, monkeypatch):
    (tmp_path / "shop.py").write_text(SOURCE.format(dsn=loopback.dsn))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    sys.modules.pop("shop", None)


@pytest.fixture(name="run")
def function_that_runs_the_command(shop, capsys):
    def run(*arguments):
        try:
            status = main(arguments)
        except SystemExit as left:
            sys.stderr.write(str(left.code))
            status = 1
        return status, *capsys.readouterr()

    return run


def test_the_command(shop, tmp_path):
    command = [sys.executable, "-W", "error", "-m", "twopi_sentry", "check", "shop:app"]

    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\n6 secrets planted, none would be sent\n")


@pytest.mark.parametrize("name", ["app", "create_app", "create_app()"])
def test_a_flask_application(run, loopback, name):
    status, out, err = run("check", f"shop:{name}")

    assert (status, err) == (0, "")
    host = loopback.dsn.replace("key@", "").removesuffix("/1")
    assert out.startswith(
        f"to           {host}, project 1\n"
        "release      1.4.2\nenvironment  staging\n\nevent\n{"
    )
    assert out.endswith("\n6 secrets planted, none would be sent\n")
    event = json.loads(
        re.search(r"^event\n(\{.*?^\})", out, re.MULTILINE | re.DOTALL)[1]
    )
    assert event["tags"] == {"site": "akl", "request_id": "twopi-sentry-check"}
    assert event["extra"] == {"seen": "by the hook"}
    assert event["request"]["query_string"] == "token=[Filtered]"
    assert loopback.sent == []


def test_a_celery_application(run, loopback):
    status, out, err = run("check", "shop:celery")

    assert (status, err) == (0, "")
    assert out.endswith("\n3 secrets planted, none would be sent\n")
    assert "\ntransaction\n{" in out
    assert loopback.sent == []


@pytest.mark.parametrize("name", ["app", "celery"])
def test_it_may_be_sent(run, loopback, name):
    _, out, _ = run("check", f"shop:{name}", "--send")

    assert out.endswith("handed to Sentry; look for RehearsalError there\n")
    [event] = loopback.errors
    assert event["exception"]["values"][-1]["type"] == "RehearsalError"


def test_a_secret_that_would_be_sent(run, loopback):
    status, _, err = run("check", "shop:leaking", "--send")

    assert status == 1
    assert "secrets would be sent: header" in err
    assert loopback.sent == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shop:silent", "reports nothing: SENTRY_DSN is not in its configuration"),
        ("shop:swallowing", "the error would not be sent: a before_send hook"),
        ("shop:number", "is no Flask or Celery application"),
        ("shop:nothing", "has no attribute 'nothing'"),
        ("nowhere:app", "No module named 'nowhere'"),
        ("shop", "write module:app"),
    ],
)
def test_what_cannot_be_checked(run, name, message):
    status, _, err = run("check", name)

    assert status == 1
    assert message in err
    assert "Traceback" not in err


def test_the_configuration_is_planted(run):
    status, out, err = run("check", "shop:configured")

    assert (status, err) == (0, "")
    assert "zq-of-database" not in out
    assert "not looked for, as words and short values are not: MAIL_PASSWORD\n" in out
    assert out.endswith("\n7 secrets planted, none would be sent\n")


@pytest.mark.parametrize(
    ("name", "count", "texts"), [("plain", 51, 40), ("celery", 48, 45)]
)
def test_a_storm(run, name, count, texts):
    status, out, err = run("check", f"shop:{name}", "--storm")

    assert (status, err) == (0, "")
    assert f"\nleaks        0 of {count} secrets\n" in out
    assert f"\nreadability  {texts} of {texts} harmless texts\n" in out


def test_a_storm_that_leaks_and_one_that_takes_too_much(run, monkeypatch):
    status, _, err = run("check", "shop:leaking", "--storm")

    assert status == 1
    assert "exception as base64" in err
    monkeypatch.setattr(
        "twopi_config.vocabulary.DEFAULT.find", lambda text, **_: [(0, 9)]
    )
    status, _, err = run("check", "shop:app", "--storm")
    assert status == 1
    assert "taken out without need: " in err
