"""Know which release is running, and say so over HTTP."""

from twopi_release.errors import ReleaseError
from twopi_release.file import UNKNOWN, get_release
from twopi_release.find import DEFAULT_ENV, Release, find_release
from twopi_release.health.blueprint import release_blueprint
from twopi_release.stamping import stamp

__all__ = [
    "DEFAULT_ENV",
    "UNKNOWN",
    "Release",
    "ReleaseError",
    "find_release",
    "get_release",
    "release_blueprint",
    "stamp",
]
