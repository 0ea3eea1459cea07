"""Know which release is running, and say so over HTTP."""

from twopi_release.file import UNKNOWN, get_release
from twopi_release.health import release_blueprint

__all__ = ["UNKNOWN", "get_release", "release_blueprint"]
