import os
import shutil
import subprocess

import pytest

from twopi_release import DEFAULT_ENV


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    """Hide the variables of the machine that runs the tests."""
    for name in DEFAULT_ENV:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def git():
    """Return a function that runs git in a folder and prints no setting of yours.

    A machine without git can still test all else; a server must have it.
    """
    if shutil.which("git") is None and "CI" not in os.environ:
        pytest.skip("git is not installed")

    def run(folder, *command):
        environ = {name: os.environ[name] for name in ("PATH",)}
        environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(
            ["git", *author, *command],
            cwd=folder,
            env=environ,
            check=True,
            capture_output=True,
        )

    return run


@pytest.fixture
def checkout(tmp_path, git):
    """Return the folder of a repository with one commit, tagged v1.3.0."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "README.md").write_text("Acme")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "First")
    git(folder, "tag", "v1.3.0")
    return folder
