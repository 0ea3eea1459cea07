"""The jobs, used from a copy of the repository as a contributor would."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest


@pytest.fixture
def copy(root, tmp_path):
    target = tmp_path / "twopi"
    (target / "packages").mkdir(parents=True)
    shutil.copy(root / "noxfile.py", target)
    model = "packages/twopi-release"
    shutil.copytree(root / model, target / model)
    return target


def run(copy, root, *arguments):
    """Run the copy's noxfile from another folder, with the nox of this checkout."""
    environment = os.environ | {"PYTHONPATH": str(root / ".nox" / "_nox")}
    environment.pop("TWOPI_FAILURES", None)  # of the run that these tests are part of
    command = [sys.executable, str(copy / "noxfile.py"), *arguments]
    return subprocess.run(
        command,
        cwd=copy.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_new_package_is_in_every_session(copy, root):
    made = run(copy, root, "-s", "new", "--", "twopi-widget", "Widgets for Flask.")
    listed = run(copy, root, "-l").stdout

    assert made.returncode == 0, made.stderr
    assert "test(twopi-widget)" in listed
    assert "matrix-3.13(twopi-widget, oldest)" in listed
    text = (copy / "packages/twopi-widget/pyproject.toml").read_text("utf-8")
    assert 'description = "Widgets for Flask."' in text
    assert "release" not in text
    assert "hatch-vcs" not in text


@pytest.mark.parametrize(
    "arguments", [[], ["widget", "W."], ["twopi-Widget", "W."], ["twopi-w"]]
)
def test_new_says_how_it_is_used(copy, root, arguments):
    made = run(copy, root, "-s", "new", "--", *arguments)

    assert made.returncode == 1
    assert "usage" in made.stderr
    assert [path.name for path in (copy / "packages").iterdir()] == ["twopi-release"]


def test_new_overwrites_nothing(copy, root):
    before = (copy / "packages/twopi-release/README.md").read_text("utf-8")
    made = run(copy, root, "-s", "new", "--", "twopi-release", "Another.")

    assert made.returncode == 1
    assert (copy / "packages/twopi-release/README.md").read_text("utf-8") == before


PIP = """
import os, sys, time
from pathlib import Path

target = Path(sys.argv[sys.argv.index("--target") + 1])
target.parent.mkdir(exist_ok=True)
for name in ("PIP_USER", "PIP_REQUIRE_VIRTUALENV"):
    if os.environ.get(name, "0") != "0":
        sys.exit("pip: not here")
if "STAND_STILL" in os.environ:
    target.mkdir()
    time.sleep(600)
os.symlink(os.environ["REAL_NOX"], target)
"""


@pytest.fixture
def _ctrl_c():
    """Let processes started here get Ctrl-C, which the shell of a job may ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def first_run(copy, root, tmp_path, _ctrl_c):
    """Start the copy's noxfile where nox is missing, beside a pip of the test's own."""
    module = tmp_path / "path" / "pip"
    module.mkdir(parents=True)
    (module / "__init__.py").touch()
    (module / "__main__.py").write_text(PIP)
    environment = {
        **os.environ,
        "PYTHONPATH": str(module.parent),
        "REAL_NOX": str(root / ".nox" / "_nox"),
    }

    def start(**settings):
        return subprocess.Popen(
            [sys.executable, str(copy / "noxfile.py"), "-l"],
            env=environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def test_settings_of_pip_do_not_stop_the_first_run(copy, first_run):
    process = first_run(PIP_USER="1", PIP_REQUIRE_VIRTUALENV="1")

    listed, said = process.communicate(timeout=120)

    assert process.returncode == 0, said
    assert "test(twopi-release)" in listed


def test_an_interrupted_first_run_says_so_in_one_line(copy, first_run):
    process = first_run(STAND_STILL="1")
    deadline = time.monotonic() + 60
    while not list(copy.glob(".nox/_nox.*")):
        assert time.monotonic() < deadline
        time.sleep(0.02)

    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]

    assert process.returncode == 1
    assert said == "twopi: interrupted; run the same command to start again\n"
    assert list(copy.glob(".nox/*")) == []


def test_what_failed_is_named_at_the_end(copy, root):
    model = copy / "packages" / "twopi-release"
    shutil.rmtree(model / "tests")
    (model / "tests").mkdir()
    (model / "tests" / "test_it.py").write_text("def test_it():\n    assert False\n")
    for name in ("conftest.py", "pytest.ini", "tests-integration"):
        source = root / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)

    done = run(copy, root, "-s", "test(twopi-release)", "--", "-k", "test_it")

    assert done.returncode == 1
    failed = ["twopi: 1 failed:", "  packages/twopi-release/tests/test_it.py::test_it"]
    assert done.stderr.splitlines()[-2:] == failed
