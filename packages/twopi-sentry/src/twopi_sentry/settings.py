"""The settings: ``SENTRY_DSN`` and ``SENTRY_SITE``.

They are read from the application's configuration and never from the environment,
so that a variable left over on a machine does not switch reporting on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sentry_sdk.utils import BadDsn, Dsn

WANTED = {
    "SENTRY_DSN": "a URL like https://<key>@<host>/<project>; copy it from the "
    "project's settings in Sentry, or remove it to switch reporting off",
    "SENTRY_SITE": "a text without line breaks, at most 200 characters; shorten it",
}


class ConfigurationError(ValueError):
    """A setting has a value that cannot be used; the value is not shown.

    Attributes:
        name: The setting.
        wanted: What it has to be, and the remedy.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.wanted = WANTED[name]
        super().__init__(f"{name} has to be {self.wanted}")


@dataclass(frozen=True)
class Settings:
    """What the configuration says."""

    dsn: str | None
    site: str | None

    @classmethod
    def read(cls, conf: Mapping[str, Any]) -> Settings:
        """Read and check the settings in *conf*.

        Raises:
            ConfigurationError: One of them cannot be used.
        """
        return cls(_dsn(conf.get("SENTRY_DSN")), _site(conf.get("SENTRY_SITE")))


def _dsn(value: Any) -> str | None:
    if value is None or value == "":
        return None
    try:
        Dsn(value)
    except (BadDsn, ValueError, TypeError, AttributeError):
        raise ConfigurationError("SENTRY_DSN") from None
    return str(value)


def _site(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 200 or "\n" in value:
        raise ConfigurationError("SENTRY_SITE")
    return value
