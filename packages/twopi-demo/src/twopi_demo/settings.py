"""The settings of Punchcard, and the folder where one machine keeps its data."""

from __future__ import annotations

import datetime as dt
import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from twopi_celery import filesystem_broker

DEFAULTS = {
    "SHORT_LIVED_TOKEN_EXPIRY": dt.timedelta(minutes=1),
    "TOKEN_AUTH_QUERY_STRING": False,  # URLs end up in logs
    "TOKEN_AUTH_REQUIRE": ["exp"],
    "TOKEN_AUTH_REQUIRE_STRONG_SECRET": True,
}
"""What Punchcard sets of the packages' settings; a configuration can change it."""


def folder_settings(folder: Path) -> dict[str, Any]:
    """Return settings that keep database, messages and secret in *folder*.

    Only the owner can read these, whatever the mode of the folder or of files that an
    earlier version made. The settings are plain JSON, so that they can be handed to the
    worker process.
    """
    file = folder / "punchcard.sqlite"
    file.touch()
    messages = folder / "broker"
    messages.mkdir(exist_ok=True)
    messages.chmod(0o700)
    for kept in (file, *folder.glob("punchcard.sqlite-*")):
        kept.chmod(0o600)  # SQLite gives the files beside it the mode of its database
    database = URL.create("sqlite", database=str(file))
    return {
        "SECRET_KEY": _secret(folder / "secret"),
        "SQLALCHEMY_DATABASE_URI": database.render_as_string(),
        **filesystem_broker(messages),
    }


def _secret(file: Path) -> str:
    if not file.exists():
        fresh = file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(32), encoding="ascii")
        fresh.rename(file)
    file.chmod(0o600)
    return file.read_text(encoding="ascii")
