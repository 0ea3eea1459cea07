"""The settings, read and validated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, current_app, has_app_context

COUNTS = ("exact", "none", "capped", "estimated", "window")
"""The ways to count all items."""

OVER_LIMIT = ("clamp", "reject")
"""What becomes of a client's limit that is over the maximum."""


_BASE_URL = re.compile(r"https?://[\w.:\[\]-]+(/[\w.~%/-]*)?", re.ASCII)


@dataclass(frozen=True)
class Settings:
    """What ``PAGINATION_*`` in the application's configuration says."""

    default_limit: int = 20
    max_limit: int = 100
    over_limit: str = "clamp"
    max_offset: int | None = None
    count: str = "exact"
    count_cap: int = 10_000
    base_url: str = ""
    secrets: tuple[bytes, ...] = field(default=(), repr=False)

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
            over_limit=_choice(config, "PAGINATION_OVER_LIMIT", OVER_LIMIT),
            count=_choice(config, "PAGINATION_COUNT", COUNTS),
            count_cap=_whole(config, "PAGINATION_COUNT_CAP", cls.count_cap),
            base_url=_base_url(config),
            secrets=_secrets(config),
        )


def current_settings() -> Settings:
    """Return the current application's settings, or the defaults outside of one."""
    return Settings.of(current_app.config) if has_app_context() else Settings()


def init_app(app: Flask, *listings: Any) -> None:
    """Check the settings, and lists, when the application starts.

    Pages work without it; then a bad setting is found by the first page. The
    settings, which may still change later, are

    - ``PAGINATION_DEFAULT_LIMIT`` (20): items a page when the client does not say;
    - ``PAGINATION_MAX_LIMIT`` (100): the most a client gets;
    - ``PAGINATION_OVER_LIMIT`` (``"clamp"``): a client that asks for more gets the
      maximum, or 422 with ``"reject"``;
    - ``PAGINATION_MAX_OFFSET`` (`None`, for no bound): how far a client may skip;
    - ``PAGINATION_COUNT`` (``"exact"``): how `paginated` counts, also ``"none"``,
      ``"capped"``, ``"estimated"`` or ``"window"``;
    - ``PAGINATION_COUNT_CAP`` (10000): where ``"capped"`` stops counting;
    - ``PAGINATION_BASE_URL`` (`None`, for links without a host): what links begin
      with, such as ``"https://api.example.com"``;
    - ``PAGINATION_SECRET`` (`None`, for Flask's ``SECRET_KEY``): what cursors are
      signed with;
    - ``PAGINATION_SECRET_FALLBACKS`` (`None`, for none): secrets that cursors may
      still be signed with, as they may with ``SECRET_KEY_FALLBACKS``.

    Args:
        app: The application. It gets the command ``flask pagination check`` if there
            are lists.
        listings: Each `Listing` of the application.

    Raises:
        ValueError: A setting has the wrong shape; the message names it.
        UnpageableQuery: A client could ask for what a list cannot page.
    """
    Settings.of(app.config)
    if not listings:
        return
    from twopi_pagination.listing.cli import pagination

    with app.test_request_context():
        for each in listings:
            each.self_test()
    app.extensions["twopi_pagination"] = listings
    app.cli.add_command(pagination)


def _whole(
    config: Mapping[str, Any], name: str, default: int, *, least: int = 1
) -> int:
    value = config.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(
            f"{name} is {value!r}; set it to a whole number, {least} or more"
        )
    return value


def _choice(config: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = config.get(name, choices[0])
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; set it to one of {', '.join(choices)}")
    return str(value)


def _base_url(config: Mapping[str, Any]) -> str:
    value = config.get("PAGINATION_BASE_URL")
    if value is None:
        return ""
    if not isinstance(value, str) or not _BASE_URL.fullmatch(value):
        raise ValueError(
            "PAGINATION_BASE_URL must be an http or https URL without user, query "
            "or fragment, such as https://api.example.com"
        )
    return value.rstrip("/")


def _secrets(config: Mapping[str, Any]) -> tuple[bytes, ...]:
    name = "PAGINATION_SECRET"
    secret = config.get(name)
    if secret is None:
        name = "SECRET_KEY"
        secret = config.get(name)
    if secret is None:
        return ()
    return (
        secret_bytes(name, secret),
        *_fallbacks(config, "PAGINATION_SECRET_FALLBACKS"),
        *_fallbacks(config, "SECRET_KEY_FALLBACKS"),
    )


def _fallbacks(config: Mapping[str, Any], name: str) -> list[bytes]:
    values = config.get(name) or ()
    if isinstance(values, str | bytes):
        values = [values]
    return [secret_bytes(name, each) for each in values]


def secret_bytes(name: str, value: Any) -> bytes:
    """Return the secret called *name* as bytes.

    Raises:
        ValueError: It is no text or bytes, or empty.
    """
    if not isinstance(value, str | bytes) or not value:
        raise ValueError(
            f"{name} has a {type(value).__name__}; set it to a text or bytes that "
            "are not empty, such as secrets.token_hex() makes"
        )
    return value.encode() if isinstance(value, str) else value


def secrets_of(value: Any) -> tuple[bytes, ...]:
    """Return the secret, or secrets, that the program gives, as bytes.

    Raises:
        ValueError: One is no text or bytes, or empty.
    """
    several = value if isinstance(value, list | tuple) else [value]
    return tuple(secret_bytes("secret", each) for each in several)
