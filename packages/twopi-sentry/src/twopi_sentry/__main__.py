"""``python -m twopi_sentry check module:app``."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sentry_sdk
from sentry_sdk.utils import Dsn

from twopi_sentry.rehearsal import Rehearsal, rehearse_request, rehearse_task

EXTENSION = "twopi_sentry"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: The command line; the default is that of the process.

    Returns:
        0; 1 if nothing would be sent, a secret would, or a harmless text would not.
    """
    options = _parser().parse_args(arguments)
    rehearsal = _rehearse(_find(options.app), options.app, storm=options.storm)
    client = rehearsal.client
    sys.stdout.write(_where(client))
    for kind, content in () if options.storm else rehearsal.items:
        text = json.dumps(content, indent=2, ensure_ascii=False)
        sys.stdout.write(f"\n{kind}\n{text}\n")
    if not rehearsal.reported:
        return _fail(
            "the error would not be sent: a before_send hook, sample_rate or an error "
            "handler for Exception kept it back"
        )
    count = len(rehearsal.planted)
    leaks = rehearsal.leaks
    if options.storm:
        lost, of = rehearsal.unreadable, len(rehearsal.harmless)
        sys.stdout.write(
            f"leaks        {len(leaks)} of {count} secrets\n"
            f"readability  {of - len(lost)} of {of} harmless texts\n"
        )
    if rehearsal.words:
        sys.stdout.write(
            f"\nnot looked for, as words and short values are not: "
            f"{', '.join(dict.fromkeys(rehearsal.words))}\n"
        )
    if leaks:
        return _fail(f"secrets would be sent: {', '.join(leaks)}")
    if rehearsal.unreadable:
        return _fail(f"taken out without need: {', '.join(rehearsal.unreadable)}")
    sys.stdout.write(f"\n{count} secrets planted, none would be sent\n")
    if options.send and client.transport is not None:
        for envelope in rehearsal.envelopes:
            client.transport.capture_envelope(envelope)
        client.flush(timeout=10)
        sys.stdout.write("handed to Sentry; look for RehearsalError there\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m twopi_sentry", description="Look at what would be sent to Sentry."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser(
        "check", help="let a request or task fail, and print what would be sent"
    )
    check.add_argument(
        "app", metavar="module:app", help="a Flask or Celery application, or a factory"
    )
    check.add_argument(
        "--storm",
        action="store_true",
        help="plant a secret in every place of a report, and print two scores",
    )
    check.add_argument("--send", action="store_true", help="send it too")
    return parser


def _find(name: str) -> Any:
    """Return the application that *name* stands for, or exit."""
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        sys.exit(f"{name!r}: write module:app")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.removesuffix("()").split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        sys.exit(f"{name!r}: {error}")
    return found if _kind(found) or not callable(found) else found()


def _kind(app: Any) -> str | None:
    """Say whether *app* is a ``"flask"`` or a ``"celery"`` application."""
    for name, attribute in (("flask", "Flask"), ("celery", "Celery")):
        module = sys.modules.get(name)
        if module is not None and isinstance(app, getattr(module, attribute)):
            return name
    return None


def _rehearse(app: Any, name: str, *, storm: bool) -> Rehearsal:
    kind = _kind(app)
    if kind is None:
        sys.exit(f"{name!r} is no Flask or Celery application")
    extensions = app.extensions if kind == "flask" else vars(app)
    client = extensions.get(EXTENSION)
    if client is None:
        function = "inject_sentry" if kind == "flask" else "celery_inject_sentry"
        sys.exit(
            f"{name!r} reports nothing: SENTRY_DSN is not in its configuration, or "
            f"{function} has not been called"
        )
    if kind == "flask":
        return rehearse_request(app, client, storm=storm)
    return rehearse_task(app, client, storm=storm)


def _where(client: sentry_sdk.Client) -> str:
    """Say where it would be sent to, without the key."""
    dsn = Dsn(client.dsn or "")
    options = client.options
    return (
        f"to           {dsn.scheme}://{dsn.netloc}, project {dsn.project_id}\n"
        f"release      {options['release']}\n"
        f"environment  {options['environment']}\n"
    )


def _fail(message: str) -> int:
    sys.stderr.write(f"twopi_sentry: {message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
