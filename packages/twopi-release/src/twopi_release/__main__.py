"""``python -m twopi_release show|stamp|labels``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from twopi_release import git
from twopi_release.errors import ReleaseError
from twopi_release.find import find_release
from twopi_release.stamping import stamp


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The command line; the default is that of the process.

    Returns:
        0, or 1 if there is no release or it cannot be written.
    """
    options = _parser().parse_args(arguments)
    if options.command == "stamp":
        try:
            written = stamp(options.file, options.release, match=options.match)
        except (OSError, ReleaseError) as error:
            _say(str(error))
            return 1
        if options.release is not None and written != options.release.strip():
            _say(f"{options.release!r} is written {written!r}, as Sentry accepts it")
        _print({"release": written, "path": options.file}, written, options.json)
        return 0
    found = find_release(
        options.dist, options.path, git=not options.no_git, match=options.match
    )
    if found.source == "unknown":
        _say("no release found")
        return 1
    if options.command == "labels":
        labels = {"org.opencontainers.image.version": found.value}
        if not options.no_git and (commit := git.revision(Path())):
            labels["org.opencontainers.image.revision"] = commit
        lines = "\n".join(f"{name}={text}" for name, text in labels.items())
        _print(labels, lines, options.json)
        return 0
    place = None if found.path is None else str(found.path)
    facts = {"release": found.value, "source": found.source, "path": place}
    if found.original is not None:
        facts["original"] = found.original
    was = None if found.original is None else f"written {found.original}"
    origin = " ".join(filter(None, [found.source, place, was]))
    _print(facts, f"{found.value}  ({origin})", options.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m twopi_release", description="Show or write the release."
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", required=True)
    show = commands.add_parser("show", help="print the release and where it was found")
    labels = commands.add_parser("labels", help="print labels of an OCI image")
    writer = commands.add_parser("stamp", help="write the release into a file")
    for command in (show, labels):
        command.add_argument("--dist", help="an installed distribution")
        command.add_argument("--path", help="a file to look into first")
        command.add_argument("--no-git", action="store_true", help="do not ask git")
    writer.add_argument("file", nargs="?", default="version.txt")
    writer.add_argument("release", nargs="?", help="the default is what git says")
    for command in (show, labels, writer):
        command.add_argument(
            "--match", metavar="PATTERN", action="append", help="tags that count"
        )
        command.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _version() -> str:
    return f"twopi-release {metadata.version('twopi-release')}"


def _say(message: str) -> None:
    sys.stderr.write(f"twopi_release: {message}\n")


def _print(facts: Mapping[str, str | None], text: str, as_json: bool) -> None:
    sys.stdout.write(f"{json.dumps(facts) if as_json else text}\n")


if __name__ == "__main__":
    sys.exit(main())
