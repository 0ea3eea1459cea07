"""URLs and mappings without their secrets, for logs and status pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from twopi_config.errors import UrlError
from twopi_config.secret import MASK, Secret
from twopi_config.url.parts import SCHEME, parse_url
from twopi_config.vocabulary import DEFAULT, Vocabulary

_NEXT_URL = re.compile(rf"[;,](?={SCHEME}://)")
_PLAIN_HOST = re.compile(r"(?:\[[^\[\]]*\]|[^:=]+)(?::[0-9]{0,5})?|")
"""A host and its port; ``password=...`` after a comma is not one."""
_STARTS_URL = re.compile(rf"(?:{SCHEME}:)?//")
_WEB = {"http", "https", "ws", "wss"}
_TOKEN_ALONE = _WEB | {"nats", "tls"}
"""Schemes in which a user name without a password is a token."""


def redact_url(url: object, *, vocabulary: Vocabulary = DEFAULT) -> str:
    """Return *url* with ``***`` for its password and whatever else is secret in it.

    That is also the value of each query argument with a name like ``token``,
    ``sslpassword`` or ``api_key``, one that holds a URL with a password or a connection
    string (``odbc_connect``), such arguments in the fragment, and a user name without
    a password in a web or NATS address, which is a token. Of a list of URLs
    (``amqp://u:p@h1;amqp://u:p@h2``) each is redacted. Where a raw ``/``, ``?`` or
    ``#`` in a password makes it unclear where it ends, everything before the last
    ``@`` goes. What is no URL is shown as ``***``, so this never raises.

    .. code-block:: python

        from twopi_config import redact_url

        assert redact_url("redis://:s3cret@cache/0") == "redis://:***@cache/0"

    Args:
        url: The URL, or an object whose ``str`` is one.
        vocabulary: What secrets are called and look like.

    Returns:
        A text to show. It is no URL to connect with.
    """
    text = str(url)
    several = _NEXT_URL.split(text)
    separators = [match[0] for match in _NEXT_URL.finditer(text)]
    shown = [_redact_one(each, vocabulary) for each in several]
    pairs = zip(shown, [*separators, ""], strict=True)
    return "".join(part for pair in pairs for part in pair)


def _redact_one(url: str, vocabulary: Vocabulary) -> str:
    try:
        parts = parse_url(url)
    except UrlError:
        return MASK
    start = "//" if parts.scheme is None else f"{parts.scheme}://"
    scheme = (parts.scheme or "http").lower()
    web, token_alone = scheme in _WEB, scheme in _TOKEN_ALONE
    plain = all(_PLAIN_HOST.fullmatch(host) for host in parts.host.split(","))
    authority, at, behind = url.removeprefix(start).rpartition("@")
    if at and (parts.userinfo is None or authority != parts.userinfo):
        unclear = ":" in authority and not (web and plain)
        if unclear or parts.userinfo is not None:
            return f"{start}{MASK}@{_redact_query(behind, vocabulary)}"
    host = parts.host if plain else MASK
    if parts.userinfo is not None:
        username, colon, _ = parts.userinfo.partition(":")
        alone = MASK if token_alone else username
        user = f"{username}:{MASK}" if colon else alone
        host = f"{user}@{host}"
    query = "" if parts.query is None else f"?{_redact_query(parts.query, vocabulary)}"
    fragment = (
        ""
        if parts.fragment is None
        else f"#{_redact_query(parts.fragment, vocabulary)}"
    )
    path = vocabulary.replace(parts.path, MASK)
    return f"{start}{host}{path}{query}{fragment}"


def _redact_query(query: str, vocabulary: Vocabulary) -> str:
    """Mask the values of secret arguments; everything else stays as it is."""

    def mask(match: re.Match[str]) -> str:
        name, value = match["name"], match["value"]
        secret = value and (
            vocabulary.is_secret_name(unquote_plus(name))
            or _holds_secret(value, vocabulary)
        )
        return f"{name}={MASK}" if secret else match[0]

    return re.sub(r"(?P<name>[^?&;#=]*)=(?P<value>[^&;#]*)", mask, query)


def _holds_secret(value: str, vocabulary: Vocabulary) -> bool:
    """Return whether *value*, quoted up to three times, has a secret in it."""
    for _ in range(3):
        if vocabulary.find(value):
            return True
        plain = unquote_plus(value)
        if plain == value:
            return False
        value = plain
    return bool(vocabulary.find(value))


def redact(data: Any, *, vocabulary: Vocabulary = DEFAULT) -> Any:
    """Return a copy of *data* to show: mappings and lists without their secrets.

    ``***`` stands for each `Secret`, and for each value with a name like
    ``password``, ``SECRET_KEY``, ``apiToken`` or ``Cookie``; ``None``, booleans and
    the empty text stay, they tell whether something is set. Settings about secrets,
    such as ``SESSION_COOKIE_NAME`` and ``PASSWORD_MIN_LENGTH``, stay too. URLs are
    shown as `redact_url` shows them, and texts without what has the shape of a secret:
    ``PWD=...;`` of a connection string, a private key, a token of a known service.

    .. code-block:: python

        from twopi_config import redact

        config = {"SECRET_KEY": "k", "BROKER": "amqp://app:pw@mq//", "DEBUG": False}
        assert redact(config) == {
            "SECRET_KEY": "***",
            "BROKER": "amqp://app:***@mq//",
            "DEBUG": False,
        }

    Args:
        data: A mapping such as ``app.config`` or ``os.environ``; what is in it may
            be nested.
        vocabulary: What secrets are called and look like.

    Returns:
        Dicts and lists of what was in *data*. A tuple or set becomes a list.
    """
    return _redact(data, (), vocabulary)


def _redact(value: Any, around: tuple[int, ...], vocabulary: Vocabulary) -> Any:
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, str):
        return _redact_text(value, vocabulary)
    if not isinstance(value, Mapping | list | tuple | set | frozenset):
        return value
    if id(value) in around or len(around) == 100:
        return MASK
    around = (*around, id(value))
    if isinstance(value, Mapping):
        return {
            name: MASK
            if vocabulary.hides(name, each)
            else _redact(each, around, vocabulary)
            for name, each in value.items()
        }
    return [_redact(each, around, vocabulary) for each in value]


def _redact_text(text: str, vocabulary: Vocabulary) -> str:
    if _STARTS_URL.match(text):
        return redact_url(text, vocabulary=vocabulary)
    return vocabulary.replace(text, MASK)
