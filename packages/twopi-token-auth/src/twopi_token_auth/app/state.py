"""What one application carries: its settings, its keys, and whether it was warned."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from flask import Flask, current_app

from twopi_token_auth.app.config_snapshot import Snapshot
from twopi_token_auth.app.settings import (
    Settings,
    read_settings,
    read_token_expiry,
    refuse_unknown_settings,
)
from twopi_token_auth.errors import ConfigurationError, WeakSecretWarning
from twopi_token_auth.jose.algorithms import HMAC, JWT, TypeOfClass
from twopi_token_auth.jose.key import Key, prepare_key
from twopi_token_auth.jose.key_ring import KeyRing
from twopi_token_auth.jose.key_set import KeySet
from twopi_token_auth.jose.verified_tokens import VerifiedTokens
from twopi_token_auth.jose.verifier import Limits, Verifier

log = logging.getLogger(__name__)

FlaskT = TypeVar("FlaskT", bound=Flask)

_MOST_VERIFIERS = 64


def init_app(app: FlaskT) -> FlaskT:
    """Check the settings of *app* at start-up instead of at its first token.

    Calling this is optional: tokens and decorators work in every application, and a
    setting that changes later is honoured at the next token. Reads ``SECRET_KEY``,
    ``SECRET_KEY_FALLBACKS`` and every ``TOKEN_AUTH_*`` setting; sets
    ``SHORT_LIVED_TOKEN_EXPIRY`` to 15 minutes where it is missing, and to a timedelta
    where it is a number of seconds. Nothing is fetched from another issuer.

    Returns:
        *app*

    Raises:
        ConfigurationError: A setting has the wrong shape or an unknown name that begins
            with ``TOKEN_AUTH_``, or there is no usable key: neither
            ``TOKEN_AUTH_KEYS`` nor ``SECRET_KEY``.
    """
    refuse_unknown_settings(app.config)
    app.config["SHORT_LIVED_TOKEN_EXPIRY"] = read_token_expiry(app.config)
    state = state_of(app)
    ring = state.ring(None)
    if ring is None or not ring.foreign:  # no start depends on another host
        state.accepted(None, None)
    return app


class State:
    """The settings of one application as they were when it was last looked at."""

    __slots__ = (
        "_cache",
        "_limits",
        "_ring",
        "_secrets",
        "_verifiers",
        "settings",
        "snapshot",
        "unwarned",
    )

    def __init__(
        self, config: dict[str, Any], predecessor: State | None = None
    ) -> None:
        self.snapshot = Snapshot(config)
        self.settings = read_settings(config)
        self.unwarned: threading.Lock = (
            predecessor.unwarned if predecessor else threading.Lock()
        )
        self._secrets: dict[str | None, tuple[Key, ...]] = {}
        self._verifiers: dict[tuple[Any, ...], Verifier] = {}
        self._limits = Limits(
            self.settings.max_length, self.settings.leeway, self.settings.require
        )
        size = self.settings.cache_size
        self._cache = VerifiedTokens(size) if size else None
        self._ring: KeySet | None = None
        if self.settings.keys is not None:
            self._ring = configured_keys(self.settings)

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
        return self._check_all(ring.accepted(algorithm))

    def verifier(
        self,
        secret: str | bytes | KeySet | None,
        algorithm: str | None,
        token_type: str | None,
        issuers: str | Collection[str] | None = None,
        audiences: str | Collection[str] | None = None,
        schema: object = None,
    ) -> Verifier:
        """Return what verifies the tokens of a class, the same again for the same keys.

        Args:
            secret: See `signer`.
            algorithm: See `signer`.
            token_type: That of the token class; see `Decoder`. Another application
                names its types itself, unless the class says which one it expects.
            issuers: The accepted issuers; None means those of the settings.
            audiences: The names of this service, likewise.
            schema: That of the token class.

        Raises:
            ConfigurationError: See `accepted`.
        """
        ring = self._ring if secret is None else self.ring(secret)
        keys: tuple[Key, ...] | None = None
        if ring is not None:
            keys = ring.accepted(algorithm)
            if issuers is None:
                issuers = ring.issuer or None
            if ring.foreign and (token_type == JWT or type(token_type) is TypeOfClass):
                token_type = None
        elif secret is None:
            keys = self._secrets.get(algorithm)
        if keys is None:
            keys = self._named_secrets(secret, algorithm)
        # New keys, or other expectations, are another verifier: what one has found to
        # be good is nothing to another.
        try:
            return self._verifiers[keys, token_type, issuers, audiences, schema]
        except (KeyError, TypeError):  # a list of names is no key of a dictionary
            by, to = _names(issuers), _names(audiences)
        identity = keys, token_type, by, to, schema
        verifier = self._verifiers.get(identity)
        if verifier is None:
            if ring is not None:
                self._check_all(keys)
            if len(self._verifiers) >= _MOST_VERIFIERS:
                self._verifiers.clear()
            verifier = Verifier(
                keys,
                token_type,
                self.settings.issuer if by is None else by,
                self.settings.audience if to is None else to,
                limits=self._limits,
                cache=self._cache,
            )
            self._verifiers[identity] = verifier
        return verifier

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
        keys = self._secrets.get(algorithm)
        if keys is None:
            usual = next(iter(self.settings.algorithms), HMAC[0])
            keys = self._configured_secrets(algorithm or usual)
            self._secrets[algorithm] = keys
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

    def _check_all(self, keys: tuple[Key, ...]) -> tuple[Key, ...]:
        for key in keys:
            self._check(key, "A key of the key ring")
        return keys

    def _check(self, key: Key, name: str) -> Key:
        if key.weakness and self.settings.require_strong_secret:
            raise _weak_secret(name, key.weakness)
        # A lock that is never given back is a flag that one thread only can set.
        if key.weakness and self.unwarned.acquire(blocking=False):
            _warn(f"{name} is weak. {key.weakness}")
        return key


def _names(names: str | Collection[str] | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    return (names,) if isinstance(names, str) else tuple(names)


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
    if state is None or not state.snapshot.shows(app.config):
        state = app.extensions["twopi_token_auth"] = State(app.config, state)
    return state


_no_application = State({})


def current_state() -> State:
    """Return the state of the current application, or defaults if there is none."""
    try:
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    except RuntimeError:
        return _no_application
    state: State | None = app.extensions.get("twopi_token_auth")
    if state is not None and state.snapshot.shows(app.config):
        return state
    return state_of(app)


def configured_keys(settings: Settings) -> KeySet:
    """Return the keys of an application with these *settings*.

    Those of ``TOKEN_AUTH_KEYS``, or else ``SECRET_KEY`` and ``SECRET_KEY_FALLBACKS``.

    Raises:
        ConfigurationError: There is no key in them.
    """
    algorithms = settings.algorithms
    if isinstance(settings.keys, KeySet):
        return settings.keys
    if isinstance(settings.keys, Mapping):
        return KeyRing.from_jwks(settings.keys, algorithms=algorithms)
    if settings.keys is not None:
        return KeyRing.of(settings.keys, algorithms)
    if settings.secret_key is None:
        raise ConfigurationError(
            "There is no SECRET_KEY and no TOKEN_AUTH_KEYS", setting="SECRET_KEY"
        )
    return KeyRing.of([settings.secret_key, *settings.secret_key_fallbacks], algorithms)
