"""The shapes of settings: each function reads one, or raises ValueError.

Some raise TypeError or OverflowError instead; it means the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from typing import Any

from twopi_token_auth.jose.algorithms import NAMES
from twopi_token_auth.jose.key_set import KeySet


def read_secret(value: Any) -> str | bytes | None:
    """Read a secret, or None."""
    if value is not None and not (isinstance(value, (str, bytes)) and value):
        raise ValueError
    return value


def read_secrets(value: Any) -> tuple[str | bytes, ...]:
    """Read a list of secrets."""
    if not isinstance(value, (list, tuple)) or None in value:
        raise ValueError
    return tuple(read_secret(each) for each in value)  # type: ignore[misc]


def read_ring(value: Any) -> KeySet | Mapping[str, Any] | tuple[Any, ...] | None:
    """Read what keys can be made of."""
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


def read_algorithms(value: Any) -> tuple[str, ...]:
    """Read names of algorithms."""
    names = read_names(value)
    if not set(names) <= set(NAMES):
        raise ValueError
    return names


def read_names(value: Any) -> tuple[str, ...]:
    """Read a list of names."""
    names = sorted(value) if isinstance(value, (set, frozenset)) else value
    if not isinstance(names, (list, tuple)):
        raise ValueError  # noqa: TRY004
    if not all(isinstance(name, str) and name for name in names):
        raise ValueError
    return tuple(names)


def read_some_names(value: Any) -> tuple[str, ...] | None:
    """Read a name, or a list of some, or None."""
    if value is None:
        return None
    names = read_names([value] if isinstance(value, str) else value)
    if not names:
        raise ValueError
    return names


def read_leeway(value: Any) -> int:
    """Read from 0 to 300 seconds, rounded up to whole ones."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise ValueError  # noqa: TRY004
    if not 0 <= seconds <= 300:
        raise ValueError
    return ceil(seconds)


def read_length(value: Any) -> int:
    """Read a positive number."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError
    return value


def read_capacity(value: Any) -> int:
    """Read 0, or a number from 2."""
    if type(value) is not int or value < 0 or value == 1:
        raise ValueError
    return value


def read_flag(value: Any) -> bool:
    """Read True or False."""
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004
    return value


def read_realm(value: Any) -> str | None:
    """Read a text of printable ASCII, or None."""
    if value is None:
        return None
    if not isinstance(value, str) or not (value.isascii() and value.isprintable()):
        raise ValueError
    return value


def read_duration(value: Any) -> timedelta:
    """Read seconds or a timedelta."""
    if isinstance(value, bool) or not isinstance(value, (int, float, timedelta)):
        raise ValueError  # noqa: TRY004
    return value if isinstance(value, timedelta) else timedelta(seconds=value)


def read_lifetime(value: Any) -> timedelta | None:
    """Read from a second to ten years, or None."""
    if value is None:
        return None
    lifetime = read_duration(value)
    if not timedelta(seconds=1) <= lifetime <= timedelta(days=3650):
        raise ValueError
    return lifetime


def read_five_minutes(value: Any) -> timedelta:
    """Read at most five minutes."""
    duration = read_duration(value)
    if not timedelta(0) <= duration <= timedelta(minutes=5):
        raise ValueError
    return duration


def read_reach(value: Any) -> str:
    """Read 'session' or 'user'."""
    if value not in {"session", "user"}:
        raise ValueError
    return str(value)


def read_transport(value: Any) -> str:
    """Read 'json', 'cookie' or 'both'."""
    if value not in {"json", "cookie", "both"}:
        raise ValueError
    return str(value)


def read_cookie_name(value: Any) -> str:
    """Read the name of a cookie."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_.-]+", value):
        raise ValueError
    return value


def read_cookie_domain(value: Any) -> str | None:
    """Read the name of a host, or None."""
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(
        r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", value
    ):
        raise ValueError
    return value


def read_cookie_path(value: Any) -> str | None:
    """Read a path as it stands in a URL, or None."""
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"/[!-:<-~]*", value):
        raise ValueError
    return value


def read_same_site(value: Any) -> str:
    """Read 'Strict', 'Lax' or 'None'."""
    if value not in {"Strict", "Lax", "None"}:
        raise ValueError
    return str(value)


def read_count(value: Any) -> int | None:
    """Read a positive number, or None."""
    return None if value is None else read_length(value)
