"""The settings of this package: names, defaults and shapes, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, NamedTuple

from twopi_token_auth.codec import NAMES
from twopi_token_auth.errors import ConfigurationError
from twopi_token_auth.keys import KeySet

SHORT_LIVED_TOKEN_EXPIRY = timedelta(minutes=15)
"""What `init_app` puts under this name in a configuration that has nothing there.

The key is for a token class's own ``from_refresh_token``; nothing here reads it.
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one application, checked."""

    secret_key: str | bytes | None = field(repr=False)
    secret_key_fallbacks: tuple[str | bytes, ...] = field(repr=False)
    keys: KeySet | Mapping[str, Any] | tuple[Any, ...] | None = field(repr=False)
    algorithms: tuple[str, ...]
    issuer: tuple[str, ...] | None
    audience: tuple[str, ...] | None
    leeway: float
    require: tuple[str, ...]
    max_length: int
    query_string: bool
    require_strong_secret: bool
    realm: str | None


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How long sessions live and what ends them; see the table in the README."""

    idle_lifetime: timedelta | None = timedelta(days=14)
    absolute_lifetime: timedelta | None = timedelta(days=90)
    rotate: bool = True
    reuse_grace: timedelta = timedelta(seconds=30)
    on_reuse: Literal["session", "user"] = "session"
    max_sessions_per_user: int | None = None
    check_revocation: bool = False
    revocation_cache: timedelta = timedelta(0)
    transport: Literal["json", "cookie"] = "json"
    cookie_name: str = "refresh_token"
    cookie_secure: bool = True
    csrf: bool = True


class Setting(NamedTuple):
    """How one setting is read: *parse* raises ValueError if it has not that *shape*."""

    key: str
    default: Any
    shape: str
    parse: Callable[[Any], Any]


def _secret(value: Any) -> str | bytes | None:
    if value is not None and not (isinstance(value, (str, bytes)) and value):
        raise ValueError
    return value


def _secrets(value: Any) -> tuple[str | bytes, ...]:
    if not isinstance(value, (list, tuple)) or None in value:
        raise ValueError
    return tuple(_secret(each) for each in value)  # type: ignore[misc]


def _ring(value: Any) -> KeySet | Mapping[str, Any] | tuple[Any, ...] | None:
    if value is None or isinstance(value, KeySet):
        return value
    if isinstance(value, Mapping):
        if not isinstance(value.get("keys"), (list, tuple)):
            raise ValueError  # noqa: TRY004
        return value
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError
    for key in value:
        text = key.decode("ascii", "replace") if isinstance(key, bytes) else key
        if isinstance(text, str) and "-----BEGIN" not in text:
            raise ValueError  # a secret belongs in SECRET_KEY, a path is a Path
    return tuple(value)


def _algorithms(value: Any) -> tuple[str, ...]:
    names = _names(value)
    if not set(names) <= set(NAMES):
        raise ValueError
    return names


def _names(value: Any) -> tuple[str, ...]:
    names = sorted(value) if isinstance(value, (set, frozenset)) else value
    if not isinstance(names, (list, tuple)):
        raise ValueError  # noqa: TRY004
    if not all(isinstance(name, str) and name for name in names):
        raise ValueError
    return tuple(names)


def _some_names(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = _names([value] if isinstance(value, str) else value)
    if not names:
        raise ValueError
    return names


def _leeway(value: Any) -> float:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise ValueError  # noqa: TRY004
    if not 0 <= seconds <= 300:
        raise ValueError
    return seconds


def _length(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004
    return value


def _realm(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not (value.isascii() and value.isprintable()):
        raise ValueError
    return value


def _duration(value: Any) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, (int, float, timedelta)):
        raise ValueError  # noqa: TRY004
    return value if isinstance(value, timedelta) else timedelta(seconds=value)


def _lifetime(value: Any) -> timedelta | None:
    if value is None:
        return None
    lifetime = _duration(value)
    if not timedelta(seconds=1) <= lifetime <= timedelta(days=3650):
        raise ValueError
    return lifetime


def _five_minutes(value: Any) -> timedelta:
    duration = _duration(value)
    if not timedelta(0) <= duration <= timedelta(minutes=5):
        raise ValueError
    return duration


def _reach(value: Any) -> str:
    if value not in {"session", "user"}:
        raise ValueError
    return str(value)


def _transport(value: Any) -> str:
    if value not in {"json", "cookie"}:
        raise ValueError
    return str(value)


def _cookie_name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_.-]+", value):
        raise ValueError
    return value


def _count(value: Any) -> int | None:
    return None if value is None else _length(value)


SETTINGS = {
    "secret_key": Setting("SECRET_KEY", None, "a text or bytes, not empty", _secret),
    "secret_key_fallbacks": Setting(
        "SECRET_KEY_FALLBACKS", (), "a list of texts or bytes, none empty", _secrets
    ),
    "keys": Setting(
        "TOKEN_AUTH_KEYS",
        None,
        "a KeyRing, RemoteKeys, a JWK Set with its keys, or a list of keys, each a "
        "PEM text, a JWK or a pathlib.Path",
        _ring,
    ),
    "algorithms": Setting(
        "TOKEN_AUTH_ALGORITHMS",
        (),
        f"a list of names out of {', '.join(NAMES)}",
        _algorithms,
    ),
    "issuer": Setting(
        "TOKEN_AUTH_ISSUER", None, "a name or a list of names", _some_names
    ),
    "audience": Setting(
        "TOKEN_AUTH_AUDIENCE", None, "a name or a list of names", _some_names
    ),
    "leeway": Setting(
        "TOKEN_AUTH_LEEWAY", 0, "from 0 to 300 seconds, or a timedelta", _leeway
    ),
    "require": Setting("TOKEN_AUTH_REQUIRE", (), "a list of names of claims", _names),
    "max_length": Setting(
        "TOKEN_AUTH_MAX_LENGTH", 16384, "a positive number of characters", _length
    ),
    "query_string": Setting("TOKEN_AUTH_QUERY_STRING", True, "True or False", _flag),
    "require_strong_secret": Setting(
        "TOKEN_AUTH_REQUIRE_STRONG_SECRET", False, "True or False", _flag
    ),
    "realm": Setting(
        "TOKEN_AUTH_REALM", None, "a text of printable ASCII characters", _realm
    ),
}
SESSION_SETTINGS = {
    "idle_lifetime": Setting(
        "TOKEN_AUTH_IDLE_LIFETIME",
        timedelta(days=14),
        "seconds or a timedelta, from 1 second to 3650 days, or None for no end",
        _lifetime,
    ),
    "absolute_lifetime": Setting(
        "TOKEN_AUTH_ABSOLUTE_LIFETIME",
        timedelta(days=90),
        "seconds or a timedelta, from 1 second to 3650 days, or None for no end",
        _lifetime,
    ),
    "rotate": Setting("TOKEN_AUTH_ROTATE", True, "True or False", _flag),
    "reuse_grace": Setting(
        "TOKEN_AUTH_REUSE_GRACE",
        timedelta(seconds=30),
        "seconds or a timedelta, at most 5 minutes",
        _five_minutes,
    ),
    "on_reuse": Setting(
        "TOKEN_AUTH_ON_REUSE", "session", "'session' or 'user'", _reach
    ),
    "max_sessions_per_user": Setting(
        "TOKEN_AUTH_MAX_SESSIONS_PER_USER", None, "a positive number or None", _count
    ),
    "check_revocation": Setting(
        "TOKEN_AUTH_CHECK_REVOCATION", False, "True or False", _flag
    ),
    "revocation_cache": Setting(
        "TOKEN_AUTH_REVOCATION_CACHE",
        timedelta(0),
        "seconds or a timedelta, at most 5 minutes",
        _five_minutes,
    ),
    "transport": Setting(
        "TOKEN_AUTH_TRANSPORT", "json", "'json' or 'cookie'", _transport
    ),
    "cookie_name": Setting(
        "TOKEN_AUTH_COOKIE_NAME",
        "refresh_token",
        "a name of ASCII letters, digits, _, - and .",
        _cookie_name,
    ),
    "cookie_secure": Setting("TOKEN_AUTH_COOKIE_SECURE", True, "True or False", _flag),
    "csrf": Setting("TOKEN_AUTH_CSRF", True, "True or False", _flag),
}
_KEYS = tuple(setting.key for setting in SETTINGS.values())
_FREEZE: dict[type, Callable[[Any], Any]] = {list: tuple, set: frozenset}


def take_snapshot(config: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what *config* says now, equal to a later answer only if that is the same.

    Lists and sets are copied, so that a change inside one of them shows as well.
    """
    return tuple(
        [
            _FREEZE[type(value)](value) if type(value) in _FREEZE else value
            for value in map(config.get, _KEYS)
        ]
    )


def read_settings(config: Mapping[str, Any]) -> Settings:
    """Return the settings in *config*; what is missing or None has its default.

    Raises:
        ConfigurationError: One of them has the wrong shape.
    """
    given = {key: value for key, value in config.items() if value is not None}
    return Settings(**_read(SETTINGS, given))


def read_session_settings(config: Mapping[str, Any]) -> SessionSettings:
    """Return the settings of sessions in *config*, where None means "no end".

    Raises:
        ConfigurationError: One of them has the wrong shape.
    """
    return SessionSettings(**_read(SESSION_SETTINGS, config))


def _read(table: Mapping[str, Setting], config: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for name, (key, default, shape, parse) in table.items():
        value = config.get(key, default)
        try:
            values[name] = parse(value)
        except (TypeError, ValueError, OverflowError):
            secret = key.startswith("SECRET") or key == "TOKEN_AUTH_KEYS"
            found = type(value).__name__ if secret else repr(value)
            raise ConfigurationError(
                f"The setting {key} is {found}; it must be {shape}", setting=key
            ) from None
    return values
