"""The release written down, for machines that have no git and no variables."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from twopi_release import git
from twopi_release.errors import ReleaseError
from twopi_release.find import find_release
from twopi_release.legal_name import legal_name
from twopi_release.project import project_name


def stamp(
    path: str | os.PathLike[str] = "version.txt",
    value: str | None = None,
    *,
    match: str | Iterable[str] | None = None,
) -> str:
    """Write the release into *path*, for `get_release` and `find_release` to read.

    The file is replaced in one step: a process that reads it meanwhile sees the old
    release or the new one. What Sentry rejects in a release becomes ``-``, as in
    `find_release`.

    Args:
        path: The file to write; its folder exists already.
        value: The release. The default is ``TWOPI_RELEASE``, else ``git describe`` in
            the file's folder, else the environment variables of hosts. A file
            that is there already is not asked: it may be an old one.
        match: The tags that count, as in `find_release`.

    Returns:
        The release that was written.

    Raises:
        ReleaseError: There is no release to write, or it is not one line of
            printable text. The message has git's reason if git refused to answer.
        OSError: The file cannot be written.

    .. versionchanged:: 2.0
        *match*.
    """
    file = Path(path)
    if value is None:
        text, problem = current(file.parent, match=match)
    else:
        text, problem = value.strip(), ""
    if not text:
        reason = f" ({problem})" if problem else ""
        raise ReleaseError(
            "no release to write: give one, set TWOPI_RELEASE, or run in a git "
            f"checkout{reason}"
        )
    if not text.isprintable():
        raise ReleaseError("a release is one line of printable text")
    text = legal_name(text)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        fresh.write_text(f"{text}\n", encoding="utf-8", newline="\n")
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    return text


def chosen() -> str:
    """Return ``TWOPI_RELEASE``, or the empty string."""
    found = find_release(env=("TWOPI_RELEASE",), search=False)
    return found.value if found.source != "unknown" else ""


def current(
    folder: Path,
    *,
    match: str | Iterable[str] | None = None,
    name: str | None = None,
) -> tuple[str, str]:
    """Return the release of the sources in *folder*, and why git has none.

    Args:
        folder: A folder of the project.
        match: The tags that count, as in `find_release`.
        name: The project's name; the default is that in its ``pyproject.toml``.

    Returns:
        The release and git's problem; each may be the empty string.
    """
    by_choice = chosen()
    if by_choice:
        return by_choice, ""
    answer = git.describe(folder, match, name or project_name(folder))
    if answer.text:
        return answer.text, ""
    host = find_release(search=False)
    return host.value if host.source != "unknown" else "", answer.problem
