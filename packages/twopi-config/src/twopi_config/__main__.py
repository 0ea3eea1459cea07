"""``python -m twopi_config check|example|docs module:Settings``."""

from __future__ import annotations

import argparse
import pkgutil
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from twopi_config.errors import SettingsError
from twopi_config.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The command line; the default is that of the process.

    Returns:
        0; 1 if ``check`` found settings that cannot be used.
    """
    options = _parser().parse_args(arguments)
    settings = _find(options.settings)
    if options.command == "example":
        sys.stdout.write(settings.example())
    elif options.command == "docs":
        sys.stdout.write(settings.table())
    else:
        for name in options.env_file or []:
            if not Path(name).exists():
                sys.stderr.write(f"{name} does not exist, so nothing is read from it\n")
        try:
            origins = settings.origins(
                env_file=options.env_file or [".env"], secrets_dir=options.secrets_dir
            )
        except SettingsError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        width = max(map(len, origins), default=0)
        for name, origin in origins.items():
            sys.stdout.write(f"{name:<{width}}  {origin}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m twopi_config", description="Check settings, or write about them."
    )
    version = f"twopi-config {metadata.version('twopi-config')}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="print where each value comes from")
    check.add_argument(
        "--env-file",
        action="append",
        metavar="FILE",
        help="the default is .env; of several the last one counts",
    )
    check.add_argument(
        "--secrets-dir", metavar="DIR", help="a folder with a file for each variable"
    )
    commands.add_parser("example", help="print a .env.example")
    commands.add_parser("docs", help="print a Markdown table")
    for command in commands.choices.values():
        command.add_argument("settings", metavar="module:Settings")
    return parser


def _find(name: str) -> type[Settings]:
    """Return the class that *name* refers to, or exit."""
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        sys.exit(f"{name!r}: write module:Settings")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        sys.exit(f"{name!r}: {error}")
    if not (isinstance(found, type) and issubclass(found, Settings)):
        sys.exit(f"{name!r} is not a subclass of twopi_config.Settings")
    return found


if __name__ == "__main__":
    sys.exit(main())
