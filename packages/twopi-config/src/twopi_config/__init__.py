"""Change one part of a database, broker or service URL and nothing else."""

from twopi_config.build import build_url
from twopi_config.errors import UrlError
from twopi_config.parts import Parts, parse_url

__all__ = ["Parts", "UrlError", "build_url", "parse_url"]
