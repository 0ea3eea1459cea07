"""The release written down, for machines that have no git and no variables."""

from __future__ import annotations

import os
from pathlib import Path

from twopi_release import git
from twopi_release.errors import ReleaseError
from twopi_release.find import find_release


def stamp(
    path: str | os.PathLike[str] = "version.txt", value: str | None = None
) -> str:
    """Write the release into *path*, for `get_release` and `find_release` to read.

    The file is replaced in one step: a process that reads it meanwhile sees the old
    release or the new one.

    Args:
        path: The file to write; its folder is there already.
        value: The release. The default is ``TWOPI_RELEASE``, else ``git describe`` in
            the file's folder, else the environment variables of hosts. A file
            that is there already is not asked: it may be an old one.

    Returns:
        The release that was written.

    Raises:
        ReleaseError: There is no release to write, or it is not one line of
            printable text.
        OSError: The file cannot be written.
    """
    file = Path(path)
    text = current(file.parent) if value is None else value.strip()
    if not text:
        raise ReleaseError(
            "no release to write: give one, set TWOPI_RELEASE, or run in a git checkout"
        )
    if not text.isprintable():
        raise ReleaseError("a release is one line of printable text")
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        fresh.write_text(f"{text}\n", encoding="utf-8", newline="\n")
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    return text


def chosen() -> str:
    """Return ``TWOPI_RELEASE``, or the empty text."""
    found = find_release(env=("TWOPI_RELEASE",), search=False)
    return found.value if found.source != "unknown" else ""


def current(folder: Path) -> str:
    """Return the release of the sources in *folder*, or the empty text."""
    host = find_release(search=False)
    by_host = host.value if host.source != "unknown" else ""
    return chosen() or git.describe(folder) or by_host
