"""What is raised where a release is written; finding one never raises."""

from __future__ import annotations


class ReleaseError(ValueError):
    """There is no release to write, or it is not one line of printable text."""
