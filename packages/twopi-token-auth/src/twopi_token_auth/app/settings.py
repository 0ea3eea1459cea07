"""The settings of this package: names, defaults and shapes, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, NamedTuple

from twopi_token_auth.app import setting_readers
from twopi_token_auth.errors import ConfigurationError
from twopi_token_auth.jose.algorithms import NAMES
from twopi_token_auth.jose.claims import IAT_LEEWAY
from twopi_token_auth.jose.key_set import KeySet
from twopi_token_auth.sessions.settings import SessionSettings

SHORT_LIVED_TOKEN_EXPIRY = timedelta(minutes=15)
"""What `init_app` puts under this name in a configuration that has nothing there.

The key is for `SessionToken`, and for the ``from_refresh_token`` of other classes.
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
    leeway: int
    require: tuple[str, ...]
    max_length: int
    cache_size: int
    query_string: bool
    require_strong_secret: bool
    realm: str | None


class Setting(NamedTuple):
    """How one setting is read: *parse* raises ValueError if it has not that *shape*."""

    key: str
    default: Any
    shape: str
    parse: Callable[[Any], Any]


_EXPIRY = Setting(
    "SHORT_LIVED_TOKEN_EXPIRY",
    SHORT_LIVED_TOKEN_EXPIRY,
    "seconds or a timedelta, from 1 second to 3650 days",
    setting_readers.read_lifetime,
)
SETTINGS = {
    "secret_key": Setting(
        "SECRET_KEY", None, "a text or bytes, not empty", setting_readers.read_secret
    ),
    "secret_key_fallbacks": Setting(
        "SECRET_KEY_FALLBACKS",
        (),
        "a list of texts or bytes, none empty",
        setting_readers.read_secrets,
    ),
    "keys": Setting(
        "TOKEN_AUTH_KEYS",
        None,
        "a KeyRing, RemoteKeys, a JWK Set with its keys, or a list of keys, each a "
        "PEM text, a JWK or a pathlib.Path",
        setting_readers.read_ring,
    ),
    "algorithms": Setting(
        "TOKEN_AUTH_ALGORITHMS",
        (),
        f"a list of names out of {', '.join(NAMES)}",
        setting_readers.read_algorithms,
    ),
    "issuer": Setting(
        "TOKEN_AUTH_ISSUER",
        None,
        "a name or a list of names",
        setting_readers.read_some_names,
    ),
    "audience": Setting(
        "TOKEN_AUTH_AUDIENCE",
        None,
        "a name or a list of names",
        setting_readers.read_some_names,
    ),
    "leeway": Setting(
        "TOKEN_AUTH_LEEWAY",
        0,
        "from 0 to 300 seconds, or a timedelta",
        setting_readers.read_leeway,
    ),
    "require": Setting(
        "TOKEN_AUTH_REQUIRE",
        (),
        "a list of names of claims",
        setting_readers.read_names,
    ),
    "max_length": Setting(
        "TOKEN_AUTH_MAX_LENGTH",
        16384,
        "a positive number of characters",
        setting_readers.read_length,
    ),
    "cache_size": Setting(
        "TOKEN_AUTH_CACHE_SIZE",
        0,
        "a number of tokens from 2, or 0 for no cache",
        setting_readers.read_capacity,
    ),
    "query_string": Setting(
        "TOKEN_AUTH_QUERY_STRING", True, "True or False", setting_readers.read_flag
    ),
    "require_strong_secret": Setting(
        "TOKEN_AUTH_REQUIRE_STRONG_SECRET",
        False,
        "True or False",
        setting_readers.read_flag,
    ),
    "realm": Setting(
        "TOKEN_AUTH_REALM",
        None,
        "a text of printable ASCII characters",
        setting_readers.read_realm,
    ),
}
SESSION_SETTINGS = {
    "idle_lifetime": Setting(
        "TOKEN_AUTH_IDLE_LIFETIME",
        timedelta(days=14),
        "seconds or a timedelta, from 1 second to 3650 days, or None for no end",
        setting_readers.read_lifetime,
    ),
    "absolute_lifetime": Setting(
        "TOKEN_AUTH_ABSOLUTE_LIFETIME",
        timedelta(days=90),
        "seconds or a timedelta, from 1 second to 3650 days, or None for no end",
        setting_readers.read_lifetime,
    ),
    "browser_lifetime": Setting(
        "TOKEN_AUTH_BROWSER_LIFETIME",
        timedelta(days=1),
        "seconds or a timedelta, from 1 second to 3650 days, or None for no end",
        setting_readers.read_lifetime,
    ),
    "rotate": Setting(
        "TOKEN_AUTH_ROTATE", True, "True or False", setting_readers.read_flag
    ),
    "reuse_grace": Setting(
        "TOKEN_AUTH_REUSE_GRACE",
        timedelta(seconds=30),
        "seconds or a timedelta, at most 5 minutes",
        setting_readers.read_five_minutes,
    ),
    "on_reuse": Setting(
        "TOKEN_AUTH_ON_REUSE",
        "session",
        "'session' or 'user'",
        setting_readers.read_reach,
    ),
    "max_sessions_per_user": Setting(
        "TOKEN_AUTH_MAX_SESSIONS_PER_USER",
        None,
        "a positive number or None",
        setting_readers.read_count,
    ),
    "check_revocation": Setting(
        "TOKEN_AUTH_CHECK_REVOCATION", False, "True or False", setting_readers.read_flag
    ),
    "revocation_cache": Setting(
        "TOKEN_AUTH_REVOCATION_CACHE",
        timedelta(0),
        "seconds or a timedelta, at most 5 minutes",
        setting_readers.read_five_minutes,
    ),
    "transport": Setting(
        "TOKEN_AUTH_TRANSPORT",
        "json",
        "'json', 'cookie' or 'both'",
        setting_readers.read_transport,
    ),
    "cookie_name": Setting(
        "TOKEN_AUTH_COOKIE_NAME",
        "refresh_token",
        "a name of ASCII letters, digits, _, - and .",
        setting_readers.read_cookie_name,
    ),
    "cookie_path": Setting(
        "TOKEN_AUTH_COOKIE_PATH",
        None,
        "a path of printable ASCII characters without ;, or None",
        setting_readers.read_cookie_path,
    ),
    "cookie_domain": Setting(
        "TOKEN_AUTH_COOKIE_DOMAIN",
        None,
        "the name of a host, or None",
        setting_readers.read_cookie_domain,
    ),
    "cookie_secure": Setting(
        "TOKEN_AUTH_COOKIE_SECURE", True, "True or False", setting_readers.read_flag
    ),
    "cookie_samesite": Setting(
        "TOKEN_AUTH_COOKIE_SAMESITE",
        "Strict",
        "'Strict', 'Lax' or 'None'",
        setting_readers.read_same_site,
    ),
    "csrf": Setting(
        "TOKEN_AUTH_CSRF", True, "True or False", setting_readers.read_flag
    ),
}


def read_token_expiry(config: Mapping[str, Any]) -> timedelta:
    """Return ``SHORT_LIVED_TOKEN_EXPIRY``; missing or None is 15 minutes.

    Raises:
        ConfigurationError: It has the wrong shape.
    """
    value = config.get(_EXPIRY.key)
    if isinstance(value, timedelta):  # tests make tokens that have expired
        return value
    given = {} if value is None else {_EXPIRY.key: value}
    expiry: timedelta = _read({"expiry": _EXPIRY}, given)["expiry"]
    return expiry


def refuse_unknown_settings(config: Mapping[str, Any]) -> None:
    """Raise `ConfigurationError` for a name that begins as ours do and is none.

    A misspelt ``TOKEN_AUTH_CHECK_REVOKATION`` would protect nothing.
    """
    prefix = "TOKEN_AUTH_"
    settings = (*SETTINGS.values(), *SESSION_SETTINGS.values())
    known = {each.key.removeprefix(prefix) for each in settings}
    for key in config:
        name = str(key).removeprefix(prefix)
        if name != key and name not in known:
            close = get_close_matches(name, known, 1)
            remedy = "remove or rename it"
            if close:
                remedy = f"did you mean {prefix}{close[0]}?"
            raise ConfigurationError(
                f"There is no setting {key}; {remedy}", setting=key
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
        ConfigurationError: One of them has the wrong shape, or together they make a
            cookie that browsers drop or other sites can use.
    """
    leeway = max(read_settings(config).leeway, IAT_LEEWAY)
    settings = SessionSettings(
        **_read(SESSION_SETTINGS, config), leeway=timedelta(seconds=leeway)
    )
    _check_cookie(settings)
    return settings


def _check_cookie(settings: SessionSettings) -> None:
    """Refuse what browsers drop (RFC 6265bis section 5.7), and what is not safe."""
    name = settings.cookie_name.lower()
    own_host = name.startswith("__host-")
    any_site = settings.cookie_samesite == "None"
    for key, wrong, rule in (
        (
            "TOKEN_AUTH_COOKIE_SECURE",
            not settings.cookie_secure
            and (any_site or own_host or name.startswith("__secure-")),
            "must be True with SameSite=None, and for names with __Host- or __Secure-",
        ),
        (
            "TOKEN_AUTH_COOKIE_DOMAIN",
            own_host and settings.cookie_domain is not None,
            "must be None for names with __Host-",
        ),
        (
            "TOKEN_AUTH_COOKIE_PATH",
            own_host and settings.cookie_path not in {None, "/"},
            "must be None or / for names with __Host-",
        ),
        (
            "TOKEN_AUTH_CSRF",
            any_site and not settings.csrf,
            "must be True with SameSite=None",
        ),
    ):
        if wrong:
            raise ConfigurationError(f"The setting {key} {rule}", setting=key)


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
