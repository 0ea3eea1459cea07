"""The settings of this package: names, defaults and shapes, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from twopi_token_auth.errors import ConfigurationError

SHORT_LIVED_TOKEN_EXPIRY = timedelta(minutes=15)
"""What `init_app` puts under this name in a configuration that has nothing there.

The key is for a token class's own ``from_refresh_token``; nothing here reads it.
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one application, checked."""

    secret_key: str | bytes | None = field(repr=False)
    secret_key_fallbacks: tuple[str | bytes, ...] = field(repr=False)
    issuer: tuple[str, ...] | None
    audience: tuple[str, ...] | None
    leeway: float
    require: tuple[str, ...]
    max_length: int
    query_string: bool
    require_strong_secret: bool
    realm: str | None


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


SETTINGS = {
    "secret_key": Setting("SECRET_KEY", None, "a text or bytes, not empty", _secret),
    "secret_key_fallbacks": Setting(
        "SECRET_KEY_FALLBACKS", (), "a list of texts or bytes, none empty", _secrets
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
    values = {}
    for name, (key, default, shape, parse) in SETTINGS.items():
        value = config.get(key)
        try:
            values[name] = parse(default if value is None else value)
        except (TypeError, ValueError):
            found = type(value).__name__ if key.startswith("SECRET") else repr(value)
            raise ConfigurationError(
                f"The setting {key} is {found}; it must be {shape}", setting=key
            ) from None
    return Settings(**values)
