"""The jobs, used from a copy of the repository as a contributor would."""

import os
import shutil
import subprocess
import sys

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
    assert "twopi-release" not in text


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
