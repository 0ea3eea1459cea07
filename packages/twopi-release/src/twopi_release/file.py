"""The release written into a file when the application was deployed."""

from __future__ import annotations

from pathlib import Path

UNKNOWN = "__UNKNOWN__"
"""What `get_release` answers where no release has been written."""


def get_release() -> str:
    """Return the stripped text of ``version.txt`` in the working directory.

    The file is read anew at each call, as UTF-8 whatever the locale says; a byte
    order mark, as PowerShell writes it, is not part of the release.

    Returns:
        The release, or `UNKNOWN` if the file is missing, empty or no readable text.
    """
    return read_text(Path("version.txt")) or UNKNOWN


def read_text(path: Path) -> str:
    """Return the stripped text of *path*; the empty text if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except (OSError, ValueError):  # ValueError: no UTF-8, or a NUL in the path
        return ""
