"""URLs with some of their parts replaced: the 1.x path of `twopi_config`."""

from urllib.parse import urlparse  # noqa: F401  importable here in 1.x

from twopi_config import build_url

__all__ = ["build_url"]
