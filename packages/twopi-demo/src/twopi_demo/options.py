"""What can be chosen when Punchcard starts, and what is raised if it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class StartError(Exception):
    """Punchcard cannot run like this; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What can be chosen: a port, a folder, how many rows, how long access lasts."""

    port: int
    data: Path | None
    rows: int
    access_ttl: int
    sentry_dsn: str | None
