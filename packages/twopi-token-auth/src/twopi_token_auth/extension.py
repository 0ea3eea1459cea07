"""What one application carries: its settings, its keys, and whether it was warned."""

from __future__ import annotations

import logging
import threading
import warnings
from typing import Any, TypeVar

from flask import Flask, current_app, has_app_context

from twopi_token_auth.codec import Key, prepare_key
from twopi_token_auth.errors import ConfigurationError, WeakSecretWarning
from twopi_token_auth.settings import (
    SHORT_LIVED_TOKEN_EXPIRY,
    read_settings,
    take_snapshot,
)

log = logging.getLogger(__name__)

FlaskT = TypeVar("FlaskT", bound=Flask)


def init_app(app: FlaskT) -> FlaskT:
    """Check the settings of *app* at start-up instead of at its first token.

    Calling this is optional: tokens and decorators work in every application, and a
    setting that changes later is honoured at the next token. Reads ``SECRET_KEY``,
    ``SECRET_KEY_FALLBACKS`` and every ``TOKEN_AUTH_*`` setting; sets
    ``SHORT_LIVED_TOKEN_EXPIRY`` to 15 minutes where it is missing.

    Returns:
        *app*

    Raises:
        ConfigurationError: A setting has the wrong shape, or there is no usable
            ``SECRET_KEY``.
    """
    app.config.setdefault("SHORT_LIVED_TOKEN_EXPIRY", SHORT_LIVED_TOKEN_EXPIRY)
    state_of(app).keys(None, "HS256")
    return app


class State:
    """The settings of one application as they were when it was last looked at."""

    __slots__ = ("_keys", "settings", "snapshot", "unwarned")

    def __init__(
        self, config: dict[str, Any], predecessor: State | None = None
    ) -> None:
        self.snapshot = take_snapshot(config)
        self.settings = read_settings(config)
        self.unwarned: threading.Lock = (
            predecessor.unwarned if predecessor else threading.Lock()
        )
        self._keys: dict[str, tuple[Key, ...]] = {}

    def keys(self, secret: str | bytes | None, algorithm: str) -> tuple[Key, ...]:
        """Return the key to sign with, followed by others that are accepted.

        Args:
            secret: The only secret to use, or None for those of the application.
            algorithm: The algorithm of the token class.

        Raises:
            ConfigurationError: There is no secret, or it cannot or must not be used.
        """
        if secret is None:
            keys = self._keys.get(algorithm)
            if keys is None:
                keys = self._keys[algorithm] = self._configured_keys(algorithm)
            return keys
        key = prepare_key(secret, algorithm)
        if key.weakness and self.settings.require_strong_secret:
            raise _weak_secret("The secret", key.weakness)
        return (key,)

    def _configured_keys(self, algorithm: str) -> tuple[Key, ...]:
        settings = self.settings
        if settings.secret_key is None:
            raise ConfigurationError(
                "There is no SECRET_KEY: set it to a random text such as "
                "secrets.token_hex(32), or pass a secret if there is no application",
                setting="SECRET_KEY",
            )
        named = [("SECRET_KEY", settings.secret_key)]
        for index, secret in enumerate(settings.secret_key_fallbacks):
            named.append((f"SECRET_KEY_FALLBACKS[{index}]", secret))
        keys = []
        for name, secret in named:
            key = prepare_key(secret, algorithm, name=name)
            if key.weakness and settings.require_strong_secret:
                raise _weak_secret(name, key.weakness)
            # A lock that is never given back is a flag that one thread only can set.
            if key.weakness and self.unwarned.acquire(blocking=False):
                _warn(f"{name} is weak. {key.weakness}")
            keys.append(key)
        return tuple(keys)


def _warn(advice: str) -> None:
    try:
        warnings.warn(advice, WeakSecretWarning, stacklevel=3)
    except WeakSecretWarning:  # warnings are errors here, but a login is no test
        log.warning(advice)


def _weak_secret(name: str, weakness: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} is weak, which TOKEN_AUTH_REQUIRE_STRONG_SECRET forbids. {weakness}",
        setting="TOKEN_AUTH_REQUIRE_STRONG_SECRET",
    )


def state_of(app: Flask) -> State:
    """Return the state of *app*, made anew if its configuration has changed."""
    state: State | None = app.extensions.get("twopi_token_auth")
    if state is None or state.snapshot != take_snapshot(app.config):
        state = app.extensions["twopi_token_auth"] = State(app.config, state)
    return state


_no_application = State({})


def current_state() -> State:
    """Return the state of the current application, or defaults if there is none."""
    if not has_app_context():
        return _no_application
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    return state_of(app)
