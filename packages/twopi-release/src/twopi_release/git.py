"""What git says of a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SECONDS = 5.0
"""How long git may take; a network file system must not hold up a start."""


def describe(folder: Path) -> str:
    """Return tag, distance, commit and ``-dirty``, as ``git describe`` prints them."""
    return _ask(folder, "describe", "--tags", "--always", "--dirty")


def revision(folder: Path) -> str:
    """Return the full name of the commit that is checked out."""
    return _ask(folder, "rev-parse", "--verify", "HEAD")


def _ask(folder: Path, *command: str) -> str:
    """Return git's answer, or the empty text if there is none."""
    git = shutil.which("git")
    if git is None:
        return ""
    # In a git hook these would point to the repository that runs the hook.
    local = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    environ = {name: text for name, text in os.environ.items() if name not in local}
    try:
        answer = subprocess.run(  # noqa: S603
            [git, *command],
            cwd=folder,
            env=environ,
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return answer.stdout.decode("utf-8", "replace").strip()
