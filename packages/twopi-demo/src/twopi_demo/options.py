"""What can be chosen when Punchcard starts, and what is raised if it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twopi_config import Secret, Settings, variable


class StartError(Exception):
    """Punchcard cannot run like this; the message says why and what to do."""


def number(default: int, lowest: int, highest: int) -> Any:
    """Declare a whole number within bounds."""
    return variable(
        default=default,
        check=lambda value: lowest <= value <= highest,
        wanted=f"a number from {lowest} to {highest}",
    )


class Options(Settings, prefix="PUNCHCARD_"):
    """What can be chosen, by variables or on the command line, which wins."""

    port: int = number(5005, 0, 65_535)
    data: Path | None = None
    rows: int = number(60_000, 0, 5_000_000)
    access_ttl: int = number(60, 1, 86_400)
    sentry_dsn: Secret | None = None
