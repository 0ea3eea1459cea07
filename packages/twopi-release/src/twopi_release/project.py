"""The project that a folder belongs to."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from twopi_release.file import read_text

MARKERS = ("pyproject.toml", "setup.cfg", "setup.py", ".git", ".hg")
"""What stands in the topmost folder of a project."""


def folders_up_to_project(here: Path) -> list[Path]:
    """Return *here* and the folders above it up to the project's.

    Without a project that is *here* alone.
    """
    above = [here, *here.parents]
    for count, folder in enumerate(above, start=1):
        if any(os.path.lexists(folder / marker) for marker in MARKERS):
            return above[:count]
    return [here]


def project_name(here: Path) -> str | None:
    """Return the name that the project's ``pyproject.toml`` has for it, or `None`."""
    folder = folders_up_to_project(here.absolute())[-1]
    try:
        name = tomllib.loads(read_text(folder / "pyproject.toml"))["project"]["name"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return name if isinstance(name, str) else None
