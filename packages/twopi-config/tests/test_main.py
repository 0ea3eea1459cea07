import os
import subprocess
import sys

import pytest

SOURCE = """
from twopi_config import Secret, Settings, variable

class Acme(Settings, prefix="ACME_"):
    database_url: Secret = variable(doc="Where the orders are kept")
    port: int = 8000

thing = 5
"""


@pytest.fixture(name="run")
def function_that_runs_the_command(tmp_path):
    (tmp_path / "acme.py").write_text(SOURCE)

    def run(*arguments, **environ):
        return subprocess.run(
            [sys.executable, "-m", "twopi_config", *arguments],
            cwd=tmp_path,
            env={**os.environ, **environ},
            check=False,
            capture_output=True,
            text=True,
        )

    return run


def test_check_says_where_values_come_from(run, tmp_path):
    (tmp_path / ".env").write_text("ACME_DATABASE_URL=zq\n")

    done = run("check", "acme:Acme", ACME_PORT="77")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("ACME_DATABASE_URL  .env\nACME_PORT          environment\n")


def test_check_fails_where_something_is_wrong(run):
    done = run("check", "acme:Acme", "--env-file", "other", ACME_PORT="zq")

    assert (done.returncode, done.stdout) == (1, "")
    assert "ACME_DATABASE_URL is missing" in done.stderr
    assert "ACME_PORT must be a whole number" in done.stderr
    assert "zq" not in done.stderr


def test_example(run):
    done = run("example", "acme:Acme")

    assert done.returncode == 0
    assert "ACME_DATABASE_URL=\n" in done.stdout
    assert "# ACME_PORT=8000\n" in done.stdout


def test_docs(run):
    done = run("docs", "acme:Acme")

    assert done.returncode == 0
    assert "| `ACME_PORT` | a whole number | `8000` |  |\n" in done.stdout


@pytest.mark.parametrize(
    "name", ["acme", "acme:", "acme:Nothing", "nowhere:Acme", "acme:thing"]
)
def test_a_name_that_is_no_settings(run, name):
    done = run("docs", name)

    assert done.returncode == 1
    assert done.stderr.startswith(repr(name))
    assert "Traceback" not in done.stderr


def test_without_a_command(run):
    assert run().returncode == 2
