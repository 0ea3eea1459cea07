import os
import subprocess
import sys
from importlib.metadata import version

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


def test_check_reads_several_files_and_a_folder(run, tmp_path):
    (tmp_path / "a.env").write_text("ACME_PORT=1\n")
    (tmp_path / "b.env").write_text("ACME_PORT=2\n")
    (tmp_path / "ACME_DATABASE_URL").write_text("zq")
    options = ["--env-file", "a.env", "--env-file", "b.env", "--secrets-dir", "."]

    done = run("check", "acme:Acme", *options)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "ACME_DATABASE_URL  secrets_dir\nACME_PORT          b.env\n"


def test_check_says_that_a_file_it_was_given_is_not_there(run):
    done = run("check", "acme:Acme", "--env-file", "typo.env", ACME_DATABASE_URL="x")

    assert done.returncode == 0
    assert done.stderr == "typo.env does not exist, so nothing is read from it\n"


def test_check_fails_where_a_line_or_a_name_is_wrong(run, tmp_path):
    (tmp_path / ".env").write_text("ACME_DATABASE_URL: zq\n")

    done = run("check", "acme:Acme", ACME_PROT="zq")

    assert (done.returncode, done.stdout) == (1, "")
    assert ".env:1 is not a line like NAME=value" in done.stderr
    assert "ACME_PROT is not a declared setting; did you mean ACME_PORT?" in done.stderr
    assert "zq" not in done.stderr


def test_its_version(run):
    assert run("--version").stdout == f"twopi-config {version('twopi-config')}\n"


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
    "name",
    ["acme", "acme:", "acme:Nothing", "nowhere:Acme", "acme:thing", "1:2"],
)
def test_a_name_that_is_no_settings(run, name):
    done = run("docs", name)

    assert done.returncode == 1
    assert done.stderr.startswith(repr(name))
    assert "Traceback" not in done.stderr


def test_without_a_command(run):
    assert run().returncode == 2
