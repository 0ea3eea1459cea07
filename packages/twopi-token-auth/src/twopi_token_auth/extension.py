"""What one application carries: its settings, its keys, and whether it was warned."""

from __future__ import annotations

import logging
import threading
import warnings
from typing import Any, TypeVar

from flask import Flask, current_app, has_app_context

from twopi_token_auth.codec import HMAC, Key, prepare_key
from twopi_token_auth.errors import ConfigurationError, WeakSecretWarning
from twopi_token_auth.keys import KeyRing, KeySet
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
            key: neither ``TOKEN_AUTH_KEYS`` nor ``SECRET_KEY``.
    """
    app.config.setdefault("SHORT_LIVED_TOKEN_EXPIRY", SHORT_LIVED_TOKEN_EXPIRY)
    state_of(app).accepted(None, None)
    return app


class State:
    """The settings of one application as they were when it was last looked at."""

    __slots__ = ("_ring", "_secrets", "settings", "snapshot", "unwarned")

    def __init__(
        self, config: dict[str, Any], predecessor: State | None = None
    ) -> None:
        self.snapshot = take_snapshot(config)
        self.settings = read_settings(config)
        self.unwarned: threading.Lock = (
            predecessor.unwarned if predecessor else threading.Lock()
        )
        self._secrets: dict[str, tuple[Key, ...]] = {}
        self._ring: KeySet | None = None
        if self.settings.keys is not None:
            self._ring = KeyRing.from_config(config)

    def signer(self, secret: str | bytes | KeySet | None, algorithm: str | None) -> Key:
        """Return the key to sign with.

        Args:
            secret: What to use instead of the keys of the application.
            algorithm: The algorithm of the token class, if it has one of its own.

        Raises:
            ConfigurationError: There is no key, or it cannot or must not be used.
        """
        ring = self.ring(secret)
        if ring is None:
            return self._named_secrets(secret, algorithm)[0]
        return self._check(ring.signer(algorithm), "A key of the key ring")

    def accepted(
        self, secret: str | bytes | KeySet | None, algorithm: str | None
    ) -> tuple[Key, ...]:
        """Return the keys to verify with.

        Args:
            secret: See `signer`.
            algorithm: See `signer`.

        Raises:
            ConfigurationError: There is no key, or one cannot or must not be used.
        """
        ring = self.ring(secret)
        if ring is None:
            return self._named_secrets(secret, algorithm)
        keys = ring.accepted(algorithm)
        for key in keys:
            if key.weakness:
                self._check(key, "A key of the key ring")
        return keys

    def ring(self, secret: str | bytes | KeySet | None) -> KeySet | None:
        """Return what *secret*, or else the application, has in place of a secret."""
        if secret is None:
            return self._ring
        return secret if isinstance(secret, KeySet) else None

    def _named_secrets(self, secret: Any, algorithm: str | None) -> tuple[Key, ...]:
        if secret is not None:
            key = prepare_key(secret, algorithm or HMAC[0])
            if key.weakness and self.settings.require_strong_secret:
                raise _weak_secret("The secret", key.weakness)
            return (key,)
        if algorithm is None:
            algorithm = next(iter(self.settings.algorithms), HMAC[0])
        keys = self._secrets.get(algorithm)
        if keys is None:
            keys = self._secrets[algorithm] = self._configured_secrets(algorithm)
        return keys

    def _configured_secrets(self, algorithm: str) -> tuple[Key, ...]:
        settings = self.settings
        if settings.secret_key is None:
            raise ConfigurationError(
                "There is no SECRET_KEY: set it to a random text such as "
                "secrets.token_hex(32), or pass a secret if there is no application",
                setting="SECRET_KEY",
            )
        if algorithm not in (settings.algorithms or HMAC):
            raise ConfigurationError(
                f"TOKEN_AUTH_ALGORITHMS does not name {algorithm}, "
                "the algorithm of a token class",
                setting="TOKEN_AUTH_ALGORITHMS",
            )
        named = [("SECRET_KEY", settings.secret_key)]
        for index, secret in enumerate(settings.secret_key_fallbacks):
            named.append((f"SECRET_KEY_FALLBACKS[{index}]", secret))
        return tuple(
            self._check(prepare_key(secret, algorithm, name=name), name)
            for name, secret in named
        )

    def _check(self, key: Key, name: str) -> Key:
        if key.weakness and self.settings.require_strong_secret:
            raise _weak_secret(name, key.weakness)
        # A lock that is never given back is a flag that one thread only can set.
        if key.weakness and self.unwarned.acquire(blocking=False):
            _warn(f"{name} is weak. {key.weakness}")
        return key


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
