"""A URL taken apart so that it can be put together again byte for byte."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from twopi_config.errors import UrlError

SCHEME = r"[A-Za-z][A-Za-z0-9_+.-]*"
"""RFC 3986 section 3.1, and the underscore that SQLAlchemy's dialects may have."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_URL = re.compile(
    rf"(?:(?P<scheme>{SCHEME}):)?//"
    r"(?:(?P<userinfo>[^/?#]*)@)?(?P<host>[^/?#@]*)"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?"
)
_HOST = re.compile(r"(?P<name>\[[^\[\]]*\]|[^\[\]:,]*)(?::(?P<port>[^:]*))?")


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a URL, spelled as they are in it (RFC 3986 section 3).

    `None` is a part that is not there, the empty text one that is there and empty.
    The user name, password and query are left out of the `repr`.

    Attributes:
        scheme: What stands before ``://``, or `None` in ``//host/path``.
        userinfo: What stands before the ``@``, percent-encoded.
        host: The host with its port, or a list: ``"h1:27017,h2:27017"``.
        path: The path with its first slash, or the empty text.
        query: What stands after the ``?``.
        fragment: What stands after the ``#``.
    """

    scheme: str | None
    userinfo: str | None = field(repr=False)
    host: str
    path: str
    query: str | None = field(repr=False)
    fragment: str | None

    @property
    def username(self) -> str | None:
        """The user name in plain text."""
        if self.userinfo is None:
            return None
        return unquote(self.userinfo.partition(":")[0])

    @property
    def password(self) -> str | None:
        """The password in plain text."""
        _, colon, password = (self.userinfo or "").partition(":")
        return unquote(password) if colon else None

    @property
    def hostname(self) -> str:
        """The host without its port and without the brackets of an IPv6 address.

        A list of hosts is given whole, with its ports.

        Raises:
            UrlError: The host cannot be told from the port.
        """
        name, _ = self.split_host()
        return name.strip("[]")

    @property
    def port(self) -> int | None:
        """The port; `None` if there is none, and for a list of hosts.

        Raises:
            UrlError: The port is not a number from 0 to 65535.
        """
        _, port = self.split_host()
        return int(check_port(port)) if port else None

    def split_host(self) -> tuple[str, str | None]:
        """Return the host's name and its port, both spelled as in the URL.

        Raises:
            UrlError: The host cannot be told from the port.
        """
        if "," in self.host:
            return self.host, None
        match = _HOST.fullmatch(self.host)
        if match is None:
            raise UrlError(
                "hostname",
                "cannot be told from the port; write an IPv6 address in brackets",
            )
        return match["name"], match["port"]

    def geturl(self) -> str:
        """Return the URL, with its password."""
        return join(
            self.scheme,
            self.userinfo,
            self.host,
            self.path,
            self.query,
            self.fragment,
        )


def join(
    scheme: str | None,
    userinfo: str | None,
    host: str,
    path: str,
    query: str | None,
    fragment: str | None,
) -> str:
    """Return the URL of parts that are spelled as in it."""
    url = f"//{host}{path}" if userinfo is None else f"//{userinfo}@{host}{path}"
    if scheme is not None:
        url = f"{scheme}:{url}"
    if query is not None:
        url = f"{url}?{query}"
    return url if fragment is None else f"{url}#{fragment}"


def parse_url(url: str) -> Parts:
    """Take *url* apart; ``parse_url(url).geturl() == url``.

    Nothing is decoded, lower-cased or filled in, so that URLs that other parsers
    change come back as they were: ``sqlite:////tmp/a.db``, ``redis+socket:///run/x``,
    ``mongodb://h1:1,h2:2/db``, ``amqp://h/%2Fvhost``.

    Args:
        url: A URL with ``//``; the scheme may be missing.

    Returns:
        Its parts.

    Raises:
        UrlError: *url* is not text, has no ``//``, or holds control characters.
    """
    if not isinstance(url, str):
        raise UrlError("url", f"must be text, not {type(url).__name__}")
    if has_control(url):
        raise UrlError("url", "holds a line break or another control character")
    match = _URL.fullmatch(url)
    if match is None:
        raise UrlError("url", "must look like scheme://host/path")
    return Parts(*match.groups())


def has_control(text: str) -> bool:
    """Tell whether *text* holds a line break or another control character."""
    return not text.isprintable() and _CONTROL.search(text) is not None


def check_port(port: object) -> str:
    """Return *port* as it stands in a URL.

    Raises:
        UrlError: It is not a number from 0 to 65535.
    """
    text = str(port)
    digits = text.isascii() and text.isdigit() and len(text) <= 5
    if isinstance(port, bool) or not digits:
        raise UrlError(
            "port",
            "must be a number from 0 to 65535 "
            "(a /, ? or # in the password must be percent-encoded)",
        )
    if int(text) > 65535:
        raise UrlError("port", "must be a number from 0 to 65535")
    return text
