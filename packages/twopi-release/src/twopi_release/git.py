"""What git says about a checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SECONDS = 5.0
"""How long git may take; a network file system must not hold up a start."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_VERSIONS = ("v[0-9]*", "[0-9]*")


@dataclass(frozen=True, slots=True)
class Answer:
    """What git says.

    Attributes:
        text: Its answer; the empty string if it has none.
        problem: Why it has none, with the remedy; the empty string outside of a
            checkout, where it is not expected to have one.
    """

    text: str = ""
    problem: str = ""


def describe(
    folder: Path, match: str | Iterable[str] | None = None, name: str | None = None
) -> Answer:
    """Return tag, distance, commit and ``-dirty``, as ``git describe`` prints them.

    Without a tag that counts, that is the commit.

    Args:
        folder: A folder of the checkout.
        match: The patterns of tags that count, such as ``"acme-*"``.
        name: The project's name, for where there is no *match*: its own tags
            (``acme-1.0``, ``acme-v1.0``, ``acme@1.0``, ``acme/1.0``) and plain versions
            (``v1.0``, ``1.0``) count. If there is none of them, any tag counts, except
            in a folder below the topmost one: there it may be another project's.
    """
    if match is not None:
        return _describe(folder, [match] if isinstance(match, str) else match)
    if name is None or not _NAME.fullmatch(name):
        return _describe(folder, ())
    found = _describe(folder, [*_tags_of(name), *_VERSIONS], always=False)
    if found.text:
        return found
    below = _ask(folder, "rev-parse", "--show-prefix").text
    return _describe(folder, _VERSIONS if below else ())


def revision(folder: Path) -> str:
    """Return the full name of the commit that is checked out."""
    return _ask(folder, "rev-parse", "--verify", "HEAD").text


def _tags_of(name: str) -> list[str]:
    """Return patterns of the tags of one project of several in a repository."""
    plain = re.sub(r"[-_.]+", "-", name).lower()
    names = dict.fromkeys([name, plain, plain.replace("-", "_")])
    return [
        f"{each}{between}{start}[0-9]*"
        for each in names
        for between in "-_@/"
        for start in ("", "v")
    ]


def _describe(folder: Path, match: Iterable[str], *, always: bool = True) -> Answer:
    options = [f"--match={each}" for each in match]
    if always:
        options.append("--always")
    return _ask(folder, "describe", "--tags", "--dirty", *options)


def _ask(folder: Path, *command: str) -> Answer:
    git = shutil.which("git")
    if git is None:
        return Answer(problem="git is not installed")
    # In a git hook these would point to the repository that runs the hook.
    local = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    environ = {name: text for name, text in os.environ.items() if name not in local}
    environ |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(  # noqa: S603
            [git, *command],
            cwd=folder,
            env=environ,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Answer(problem=f"git did not answer within {SECONDS:g} seconds")
    except (OSError, ValueError) as error:  # too long an argument, or a NUL in it
        missing = not folder.is_dir()
        return Answer(problem="" if missing else f"git could not be run: {error}")
    if done.returncode:
        return Answer(problem=_problem(done.stderr.decode("utf-8", "replace")))
    return Answer(done.stdout.decode("utf-8", "replace").strip())


def _problem(said: str) -> str:
    """Return git's refusal in one line; the empty string outside of a checkout."""
    if "(or any" in said:  # "not a git repository (or any of the parent directories)"
        return ""
    remedy = re.search(r"git config --global --add safe\.directory .*", said)
    if remedy:
        return (
            "git does not trust the checkout, which another user owns (dubious "
            f"ownership): run {remedy[0].strip()}"
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f"git: {lines[0][:200]}" if lines else "git failed"
