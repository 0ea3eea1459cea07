"""A URL with some of its parts changed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

from twopi_config.errors import UrlError
from twopi_config.url.parts import (
    SCHEME,
    Parts,
    check_port,
    has_control,
    join,
    parse_url,
)

REMOVABLE = ("username", "password", "hostname", "port", "path", "query", "fragment")

_AUTHORITY = frozenset({"username", "password", "hostname", "port"})
_SEVERAL = re.compile(rf";{SCHEME}://")
_NAME = re.compile(r"[^\s/?#@:,\[\]\\]*")
_HOSTS = re.compile(r"[^\s/?#@\\]*")


def build_url(
    url: str,
    scheme: str | None = None,
    username: str | None = None,
    password: str | None = None,
    hostname: str | None = None,
    port: int | str | None = None,
    path: str | None = None,
    *,
    query: str | Mapping[str, object] | None = None,
    fragment: str | None = None,
    remove: Iterable[str] = (),
) -> str:
    """Parse *url* and override specific parts of it.

    A part that is not passed is unchanged, byte for byte.

    .. code-block:: python

        from twopi_config import build_url

        url = build_url("redis://localhost:6379/0", password="p@ss/word", port=6380)
        assert url == "redis://:p%40ss%2Fword@localhost:6380/0"

    Args:
        url: The URL to start from; it has a ``//``.
        scheme: For example ``"postgresql+psycopg"``.
        username: In plain text; it is percent-encoded here, so one that is encoded
            already would be encoded twice. The empty string removes it.
        password: As *username*.
        hostname: A name, an IPv4 or IPv6 address (brackets are added), or a list
            with ports, ``"h1:27017,h2:27017"``, which replaces the port too. The
            empty string removes it.
        port: A number from 0 to 65535, or its digits.
        path: As it is to stand in the URL; a missing first slash is added. The empty
            text removes it.
        query: The text after the ``?``, or names and values, which are
            percent-encoded (a value may be a list). The empty string removes it.
        fragment: The text after the ``#``. The empty string removes it.
        remove: Names of parts to take out: any of these arguments except *scheme*.

    Returns:
        The URL, with its password.

    Raises:
        UrlError: *url* or a part cannot be used.

    .. versionchanged:: 2.0
        User name and password are plain text; query and fragment are kept.
    """
    parts = parse_url(url)
    if isinstance(query, Mapping):
        query = urlencode(query, doseq=True, quote_via=quote)
    given = (
        ("scheme", scheme),
        ("username", username),
        ("password", password),
        ("hostname", hostname),
        ("port", port),
        ("path", path),
        ("query", query),
        ("fragment", fragment),
    )
    new = {name: _spell(name, value) for name, value in given if value is not None}
    for name in [remove] if isinstance(remove, str) else remove:
        if name not in REMOVABLE:
            raise UrlError("remove", f"may name {', '.join(REMOVABLE)}; not {name!r}")
        if name in new:
            raise UrlError(name, "is passed and is in remove too; choose one")
        new[name] = ""
    if new and ";" in url and _SEVERAL.search(url):
        raise UrlError("url", "contains several URLs; build them one by one")
    return join(
        new.get("scheme", parts.scheme),
        _userinfo(parts, new),
        _host(parts, new),
        new.get("path", parts.path),
        new["query"] or None if "query" in new else parts.query,
        new["fragment"] or None if "fragment" in new else parts.fragment,
    )


def _spell(name: str, value: object) -> str:
    """Return the argument *name* as it stands in a URL."""
    if name == "port":
        return check_port(value)
    if not isinstance(value, str):
        raise UrlError(name, f"must be a string, not {type(value).__name__}")
    if name in {"username", "password"}:
        try:
            return quote(value, safe="")
        except UnicodeEncodeError:  # it quotes the text
            raise UrlError(name, "contains half of a surrogate pair") from None
    if has_control(value):
        raise UrlError(name, "contains a line break or another control character")
    if name == "scheme" and not re.fullmatch(SCHEME, value):
        raise UrlError(name, "must be a letter, then letters, digits and + - . _")
    if name == "hostname":
        return _bracket(value)
    if name == "path":
        return _slash(value)
    if name == "query" and "#" in value:
        raise UrlError(name, "contains a #; write %23, or pass fragment=")
    return value


def _slash(path: str) -> str:
    if "?" in path or "#" in path:
        raise UrlError("path", "contains a ? or #; write %3F or %23, or pass query=")
    return f"/{path}" if path and not path.startswith("/") else path


def _bracket(hostname: str) -> str:
    """Return *hostname*, in brackets if it is IPv6 (RFC 3986 section 3.2.2)."""
    if (_HOSTS if "," in hostname else _NAME).fullmatch(hostname):
        return hostname
    bare = hostname.removeprefix("[").removesuffix("]")
    try:
        ipaddress.IPv6Address(bare)
    except ValueError:
        raise UrlError(
            "hostname", "must be a host name or address; pass the port as port="
        ) from None
    return f"[{bare}]"


def _userinfo(parts: Parts, new: Mapping[str, str]) -> str | None:
    if "username" not in new and "password" not in new:
        return parts.userinfo
    username, colon, password = (parts.userinfo or "").partition(":")
    if "password" in new:
        password = new["password"]
        colon = ":" if password else ""
    userinfo = f"{new.get('username', username)}{colon}{password}"
    return userinfo if userinfo.strip(":") else None


def _host(parts: Parts, new: Mapping[str, str]) -> str:
    if _AUTHORITY.isdisjoint(new):
        return parts.host
    name, port = parts.split_host()
    if port:
        check_port(port)
    name = new.get("hostname", name)
    if "," in name:
        if "port" in new:
            raise UrlError("port", "belongs to each host of a list: h1:27017,h2:27018")
        return name
    if "port" in new:
        port = new["port"] or None
    return name if port is None else f"{name}:{port}"
