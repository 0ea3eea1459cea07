"""The long search for the release, which says where it found it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from twopi_release import git as repository
from twopi_release.file import UNKNOWN, read_text

DEFAULT_ENV = (
    "TWOPI_RELEASE",
    "SENTRY_RELEASE",
    "HEROKU_BUILD_COMMIT",
    "HEROKU_SLUG_COMMIT",
    "SOURCE_VERSION",  # Heroku's and Scalingo's builds
    "RENDER_GIT_COMMIT",
    "RAILWAY_GIT_COMMIT_SHA",
    "VERCEL_GIT_COMMIT_SHA",
    "FLY_IMAGE_REF",
    "GAE_VERSION",
    "K_REVISION",  # Cloud Run and Knative
    "CODEBUILD_RESOLVED_SOURCE_VERSION",
    "CIRCLE_SHA1",
    "CI_COMMIT_SHA",  # GitLab
    "GITHUB_SHA",
)
"""Environment variables that hold a release: the ones to set, then those of hosts."""

MARKERS = ("pyproject.toml", "setup.cfg", "setup.py", ".git", ".hg")
"""What stands in the topmost folder of a project."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release and where it was found.

    Attributes:
        value: The release, or `UNKNOWN`. One line.
        source: ``"path"``, ``"env:NAME"``, ``"file"``, ``"dist:NAME"``, ``"git"`` or
            ``"unknown"``.
        path: The file that was read, or the folder git was asked about.
    """

    value: str
    source: str
    path: Path | None = None

    def __str__(self) -> str:
        """Return the release alone."""
        return self.value


def find_release(
    dist: str | None = None,
    path: str | os.PathLike[str] | None = None,
    env: Iterable[str] = DEFAULT_ENV,
    search: bool = True,
    git: bool = False,
) -> Release:
    """Find the release of the running application. It never raises.

    The first of these that holds any text counts, and its first line is taken:

    1. the file *path*;
    2. the environment variables *env*;
    3. ``version.txt`` in the working directory, then in the folders above it up to
       the one of the project (which has a ``pyproject.toml``, ``.git`` or the like);
       without such a folder only the working directory counts, so that a stranger's
       ``/tmp/version.txt`` is not taken;
    4. the metadata of the installed distribution *dist*;
    5. ``git describe`` in the working directory.

    Nothing is cached: call it once, when the application starts.

    Args:
        dist: The name of the distribution that is the application, as pip knows it.
        path: A file, for example ``Path(__file__).with_name("version.txt")``.
        env: Names of environment variables, or ``()``.
        search: Look for ``version.txt``.
        git: Ask git, which takes some milliseconds, at most five seconds.

    Returns:
        The release; its value is `UNKNOWN` if none was found.
    """
    candidates = _candidates(dist, path, env, search, git)
    found = (Release(_line(it.value), it.source, it.path) for it in candidates)
    return next((it for it in found if it.value), Release(UNKNOWN, "unknown"))


def _candidates(
    dist: str | None,
    path: str | os.PathLike[str] | None,
    env: Iterable[str],
    search: bool,
    git: bool,
) -> Iterator[Release]:
    if path is not None:
        yield Release(read_text(Path(path)), "path", Path(path))
    for name in [env] if isinstance(env, str) else env:
        yield Release(os.environ.get(name, ""), f"env:{name}")
    here = _working_directory()
    if search and here is not None:
        for folder in _folders(here):
            file = folder / "version.txt"
            yield Release(read_text(file), "file", file)
    if dist:
        yield Release(_version(dist), f"dist:{dist}")
    if git and here is not None:
        yield Release(repository.describe(here), "git", here)


def _working_directory() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # it was removed, as old releases are
        return None


def _folders(here: Path) -> list[Path]:
    """List *here* and the folders above it up to the project's."""
    above = [here, *here.parents]
    for count, folder in enumerate(above, start=1):
        if any(os.path.lexists(folder / marker) for marker in MARKERS):
            return above[:count]
    return [here]


def _version(dist: str) -> str:
    try:
        return str(metadata.version(dist) or "")
    except (metadata.PackageNotFoundError, KeyError, OSError, ValueError):
        return ""


def _line(text: str) -> str:
    """Return the first line; what is no Unicode in a variable becomes ``?``."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return next(iter(text.strip().splitlines()), "").strip()
