"""Punchcard as its users run it: as processes."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from twopi_demo.client import API, Client

COMMAND = [sys.executable, "-m", "twopi_demo"]
READY = re.compile(r"Punchcard is ready: http://127\.0\.0\.1:(\d+) ")


def wait_until(fact, seconds=60):
    """Return what *fact* returns as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (answer := fact()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return answer


@pytest.fixture
def box(tmp_path):
    """Return an empty folder; everything that a test starts puts its files there."""
    folder = tmp_path / "box"
    folder.mkdir()
    yield folder
    for pid in processes(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def processes(box):
    """List the processes that were started with *box* for their temporary files."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"TMPDIR={box}".encode() in environment.read_bytes().split(b"\0"):
                found.append(int(environment.parent.name))
    return found


class Running:
    """A ``twopi-demo`` that runs."""

    def __init__(self, box, *options):
        self.box = box
        self.process = subprocess.Popen(
            [*COMMAND, "--port", "0", "--rows", "200", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=box,
            env={**os.environ, "TMPDIR": str(box)},
        )
        self.port = int(READY.match(self.process.stdout.readline())[1])
        self.client = Client(self.port)

    @property
    def worker(self):
        [pid] = {*processes(self.box)} - {self.process.pid}
        return pid

    def stop(self, number):
        """Send a signal; return the exit status and all that was still said."""
        self.process.send_signal(number)
        said = self.process.communicate(timeout=60)
        return self.process.returncode, said


def done(client, place):
    job = client.send("GET", place).json
    return job if job["state"] == "done" else None


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
class TestProcesses:
    def test_the_check_of_everything_passes_and_leaves_nothing(self, box):
        done = subprocess.run(
            [*COMMAND, "--once", "--rows", "500", "--access-ttl", "2"],
            capture_output=True,
            text=True,
            cwd=box,
            env={**os.environ, "TMPDIR": str(box)},
            timeout=100,
            check=False,
        )

        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[-1].startswith("Punchcard passed 14 trials")
        [theft] = done.stderr.splitlines()
        assert theft.startswith("A refresh token was reused")
        assert list(box.iterdir()) == []
        assert processes(box) == []

    def test_kept_data_outlives_what_may_happen_to_its_processes(self, box):
        running = Running(box, "--data", "kept")
        bob = running.client.log_in("bob", "punchcard")
        entry = {"project": 1, "started": "2030-01-01T00:00:00Z", "minutes": 7}
        place = bob.send("POST", f"{API}/entries", entry).headers["Location"]
        for reason, options in (
            ("address already in use", ["--port", str(running.port)]),
            ("another punchcard does", ["--port", "0", "--data", "kept"]),
        ):
            other = subprocess.run(
                [*COMMAND, *options],
                capture_output=True,
                text=True,
                cwd=box,
                check=False,
            )
            assert other.returncode == 1
            assert reason in other.stderr.lower()
            assert len(other.stderr.splitlines()) == 1
            assert other.stderr.count("127.0.0.1") <= 1
        assert running.stop(signal.SIGINT) == (0, ("", ""))
        assert processes(box) == []
        assert [path.name for path in box.iterdir()] == ["kept"]

        again = Running(box, "--data", "kept", "--rows", "300")
        later = Client(again.port)
        later.token, later.refresh_token = bob.token, bob.refresh_token
        assert later.exchange("GET", place).json["minutes"] == 7
        assert later.renew().status == 200
        ada = again.client.log_in("ada", "punchcard")
        assert ada.send("GET", f"{API}/entries", offset=0).json["totalItems"] == 201

        worker = again.worker
        os.kill(worker, signal.SIGKILL)
        order = {"project": 1, "month": "2025-03"}
        job = ada.send("POST", f"{API}/reports", order).headers["Location"]
        finished = wait_until(lambda: done(ada, job))
        assert finished["worker"] == again.worker != worker

        again.process.kill()
        assert "The worker ended (-9); another starts" in again.process.communicate()[1]
        wait_until(lambda: processes(box) == [])

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_while_it_starts_leaves_nothing(self, box, number):
        process = subprocess.Popen(
            [*COMMAND, "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=box,
            env={**os.environ, "TMPDIR": str(box)},
        )
        wait_until(lambda: len(processes(box)) == 2)

        process.send_signal(number)
        said = process.communicate(timeout=60)

        assert (process.returncode, said) == (0, (b"", b""))
        assert list(box.iterdir()) == []
        assert processes(box) == []


@pytest.mark.parametrize(
    ("options", "status", "reason"),
    [
        (["--port", "70000"], 2, "PUNCHCARD_PORT must be a number from 0 to 65535"),
        (["--port", "x"], 2, "PUNCHCARD_PORT must be a number from 0 to 65535"),
        (["--rows", "-1"], 2, "PUNCHCARD_ROWS must be a number from 0 to 5000000"),
        (
            ["--access-ttl", "0"],
            2,
            "PUNCHCARD_ACCESS_TTL must be a number from 1 to 86400",
        ),
        (["--host", "0.0.0.0"], 2, "unrecognized arguments: --host 0.0.0.0"),
        (["--once", "--data", "x"], 2, "--once makes a folder of its own"),
        (["--port", "0", "--data", "file/folder"], 1, "Not a directory"),
        (["--port", "0", "--data", "broken"], 1, "file is not a database"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(tmp_path, options, status, reason):
    (tmp_path / "file").write_text("")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "punchcard.sqlite").write_text("no database" * 100)

    done = subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, cwd=tmp_path, check=False
    )

    assert done.returncode == status
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("twopi-demo: ")
    assert reason in line
