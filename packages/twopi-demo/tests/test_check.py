import os
import subprocess
import sys

import pytest

from twopi_demo.check import leftovers, untried
from twopi_demo.trials import TRIALS


def test_a_file_that_is_left_is_named(tmp_path):
    (tmp_path / "version.txt").write_text("check")
    (tmp_path / "left").touch()

    assert list(leftovers(tmp_path)) == [f"the file {tmp_path}/left is left"]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_a_process_that_is_left_is_named(tmp_path):
    command = [sys.executable, "-c", "print(flush=True); input()"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        process.stdout.readline()
        found = list(leftovers(tmp_path))
        process.communicate(b"\n")

    assert found == [f"the process {process.pid} is left"]


def test_an_endpoint_nobody_asked_is_named(app):
    asked = {("GET", "/healthz"), ("POST", "/healthz"), ("GET", "/nowhere")}

    missed = list(untried(app, asked))

    assert "GET /release was not tried" in missed
    assert "GET /healthz was not tried" not in missed
    assert "PUT /api/v1/entries/<id:entry_id> was not tried" in missed


def test_trials_say_what_they_try():
    assert all(trial.__doc__.endswith(".") for trial in TRIALS)
