"""The release that is running: the 1.x path of `twopi_release`."""

from twopi_release import get_release

__all__ = ["get_release"]
