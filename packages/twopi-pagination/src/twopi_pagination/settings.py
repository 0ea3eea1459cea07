"""The settings, read and validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, has_app_context


@dataclass(frozen=True)
class Settings:
    """What ``PAGINATION_*`` in the application's configuration says."""

    default_limit: int = 20
    max_limit: int = 100
    max_offset: int | None = None

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Settings:
        """Read the settings out of *config*.

        Raises:
            ValueError: A setting has the wrong shape; the message names it.
        """
        return cls(
            default_limit=_whole(config, "PAGINATION_DEFAULT_LIMIT", cls.default_limit),
            max_limit=_whole(config, "PAGINATION_MAX_LIMIT", cls.max_limit),
            max_offset=(
                None
                if config.get("PAGINATION_MAX_OFFSET") is None
                else _whole(config, "PAGINATION_MAX_OFFSET", 0, least=0)
            ),
        )


def current_settings() -> Settings:
    """Return the current application's settings, or the defaults outside of one."""
    return Settings.of(current_app.config) if has_app_context() else Settings()


def init_app(app: Flask) -> None:
    """Check the settings when the application starts; `paginated` needs no more.

    Without it, a bad setting is found by the first page. The settings, which may
    still change later, are

    - ``PAGINATION_DEFAULT_LIMIT`` (20): items a page when the client does not say;
    - ``PAGINATION_MAX_LIMIT`` (100): the most a client gets;
    - ``PAGINATION_MAX_OFFSET`` (`None`, for no bound): how far a client may skip.

    Args:
        app: The application; nothing in it is changed.

    Raises:
        ValueError: A setting has the wrong shape; the message names it.
    """
    Settings.of(app.config)


def _whole(
    config: Mapping[str, Any], name: str, default: int, *, least: int = 1
) -> int:
    value = config.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(
            f"{name} is {value!r}; set it to a whole number, {least} or more"
        )
    return value
