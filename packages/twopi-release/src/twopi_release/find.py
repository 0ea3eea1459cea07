"""The long search for the release, which says where it found it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from twopi_release import git as repository
from twopi_release.file import UNKNOWN, read_text
from twopi_release.legal_name import legal_name
from twopi_release.project import folders_up_to_project, project_name

log = logging.getLogger("twopi_release")

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
    "CONTAINER_APP_REVISION",  # Azure Container Apps
    "CF_PAGES_COMMIT_SHA",  # Cloudflare Pages
    "WORKERS_CI_COMMIT_SHA",  # Cloudflare Workers Builds
    "SCM_COMMIT_ID",  # Azure App Service, its deployments from git
    "BUILD_SOURCEVERSION",  # Azure Pipelines
    "CODEBUILD_RESOLVED_SOURCE_VERSION",
    "CIRCLE_SHA1",
    "CI_COMMIT_SHA",  # GitLab
    "GITHUB_SHA",
)
"""Environment variables that hold a release: the ones to set, then those of hosts."""


@dataclass(frozen=True, slots=True)
class Release:
    r"""A release and where it was found.

    Attributes:
        value: The release, or `UNKNOWN`. One line that Sentry accepts as a release.
        source: ``"path"``, ``"env:NAME"``, ``"file"``, ``"dist:NAME"``, ``"git"`` or
            ``"unknown"``.
        path: The file that was read, or the folder git was asked about.
        original: The text that was found, if Sentry rejects it and *value* is
            another one: ``/``, ``\`` and control characters become ``-``, and 200
            characters are kept.

    .. versionchanged:: 2.0
        *original*.
    """

    value: str
    source: str
    path: Path | None = None
    original: str | None = None

    def __str__(self) -> str:
        """Return the release alone."""
        return self.value


def find_release(
    dist: str | None = None,
    path: str | os.PathLike[str] | None = None,
    env: Iterable[str] = DEFAULT_ENV,
    search: bool = True,
    git: bool = False,
    match: str | Iterable[str] | None = None,
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
    5. ``git describe`` in the working directory. If git refuses to answer, which it
       does where another user owns the checkout, that is logged as a warning.

    Nothing is cached: call it once, when the application starts.

    Args:
        dist: The name of the distribution that is the application, as pip knows it.
        path: A file, for example ``Path(__file__).with_name("version.txt")``.
        env: Names of environment variables, or ``()``.
        search: Look for ``version.txt``.
        git: Ask git, which takes some milliseconds, at most fifteen seconds.
        match: The tags that count, as a pattern or several, such as ``"acme-*"``. By
            default these are, in a repository of several projects, the tags of the
            project *dist*, or of the one whose ``pyproject.toml`` is found, and plain
            versions: ``acme-1.0``, ``acme@1.0``, ``acme/1.0``, ``v1.0``.

    Returns:
        The release; its value is `UNKNOWN` if none was found.

    .. versionchanged:: 2.0
        *match*; the value is always one that Sentry accepts.
    """
    asked = _candidates(dist, path, env, search, git, match)
    found = (_made_legal(_line(it.value), it.source, it.path) for it in asked)
    release = next((it for it in found if it.value), Release(UNKNOWN, "unknown"))
    if release.original is not None:
        log.info(
            "The release %r (%s) is written %r, as Sentry accepts it",
            release.original,
            release.source,
            release.value,
        )
    return release


def _made_legal(text: str, source: str, path: Path | None) -> Release:
    value = legal_name(text)
    return Release(value, source, path, None if value == text else text)


def _candidates(
    dist: str | None,
    path: str | os.PathLike[str] | None,
    env: Iterable[str],
    search: bool,
    git: bool,
    match: str | Iterable[str] | None,
) -> Iterator[Release]:
    if path is not None:
        yield Release(read_text(Path(path)), "path", Path(path))
    for name in [env] if isinstance(env, str) else env:
        yield Release(os.environ.get(name, ""), f"env:{name}")
    here = _working_directory()
    if search and here is not None:
        for folder in folders_up_to_project(here):
            file = folder / "version.txt"
            yield Release(read_text(file), "file", file)
    if dist:
        yield Release(_version(dist), f"dist:{dist}")
    if git and here is not None:
        answer = repository.describe(here, match, dist or project_name(here))
        if answer.problem:
            log.warning("No release from git: %s", answer.problem)
        yield Release(answer.text, "git", here)


def _working_directory() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # it was removed, as old releases are
        return None


def _version(dist: str) -> str:
    try:
        return str(metadata.version(dist) or "")
    except (metadata.PackageNotFoundError, KeyError, OSError, ValueError):
        return ""


def _line(text: str) -> str:
    """Return the first line; characters that are not valid Unicode become ``?``."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return next(iter(text.strip().splitlines()), "").strip()
