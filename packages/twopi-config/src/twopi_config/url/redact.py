"""URLs and mappings without their secrets, for logs and status pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from twopi_config.errors import UrlError
from twopi_config.secret import MASK, Secret
from twopi_config.url.parts import SCHEME, parse_url

_SECRET_NAME = re.compile(
    "password|passwd|passphrase|pwd|secret|token|jwt|authorization"
    "|credential|cookie|csrf|xsrf|sessionid|signature|pass$|keys?$"
    "|^(?:auth|session|sid|pin|otp|totp|sig)$"
)
_NEXT_URL = re.compile(rf"[;,](?={SCHEME}://)")
_PLAIN_HOST = re.compile(r"(?:\[[^\[\]]*\]|[^:]+)(?::[0-9]{0,5})?|")
_WEB = {"http", "https", "ws", "wss"}


def is_secret_name(name: object) -> bool:
    """Tell whether what is called *name* is a secret, by words like ``password``."""
    plain = re.sub(r"[\W_]+", "", str(name).lower())
    return _SECRET_NAME.search(plain) is not None


def redact_url(url: object) -> str:
    """Return *url* with ``***`` for its password and whatever else is secret in it.

    That is also the value of each query argument with a name like ``token``,
    ``sslpassword`` or ``api_key``, such arguments in the fragment, and a user name
    without a password in a web address, which is a token. Of a list of URLs
    (``amqp://u:p@h1;amqp://u:p@h2``) each is redacted. Where a raw ``/``, ``?`` or
    ``#`` in a password makes it unclear where it ends, everything before the last
    ``@`` goes. What is no URL is shown as ``***``, so this never raises.

    .. code-block:: python

        from twopi_config import redact_url

        assert redact_url("redis://:s3cret@cache/0") == "redis://:***@cache/0"

    Args:
        url: The URL, or an object whose ``str`` is one.

    Returns:
        A text to show. It is no URL to connect with.
    """
    text = str(url)
    several = _NEXT_URL.split(text)
    separators = [match[0] for match in _NEXT_URL.finditer(text)]
    shown = [_redact_one(each) for each in several]
    pairs = zip(shown, [*separators, ""], strict=True)
    return "".join(part for pair in pairs for part in pair)


def _redact_one(url: str) -> str:
    try:
        parts = parse_url(url)
    except UrlError:
        return MASK
    start = "//" if parts.scheme is None else f"{parts.scheme}://"
    web = (parts.scheme or "http").lower() in _WEB
    plain = all(_PLAIN_HOST.fullmatch(host) for host in parts.host.split(","))
    authority, at, behind = url.removeprefix(start).rpartition("@")
    if at and (parts.userinfo is None or authority != parts.userinfo):
        unclear = ":" in authority and not (web and plain)
        if unclear or parts.userinfo is not None:
            return f"{start}{MASK}@{_redact_query(behind)}"
    host = parts.host if plain else MASK
    if parts.userinfo is not None:
        username, colon, _ = parts.userinfo.partition(":")
        user = f"{username}:{MASK}" if colon else MASK if web else username
        host = f"{user}@{host}"
    query = "" if parts.query is None else f"?{_redact_query(parts.query)}"
    fragment = "" if parts.fragment is None else f"#{_redact_query(parts.fragment)}"
    return f"{start}{host}{parts.path}{query}{fragment}"


def _redact_query(query: str) -> str:
    """Mask the values of secret arguments; everything else stays as it is."""

    def mask(match: re.Match[str]) -> str:
        secret = match["value"] and is_secret_name(unquote_plus(match["name"]))
        return f"{match['name']}={MASK}" if secret else match[0]

    return re.sub(r"(?P<name>[^?&;#=]*)=(?P<value>[^&;#]*)", mask, query)


def redact(data: Any) -> Any:
    """Return a copy of *data* to show: mappings and lists without their secrets.

    ``***`` stands for each `Secret`, and for each value with a name like
    ``password``, ``SECRET_KEY``, ``apiToken`` or ``Cookie``; ``None``, booleans and
    the empty text stay, they tell whether something is set. URLs are shown as
    `redact_url` shows them.

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

    Returns:
        Dicts and lists of what was in *data*. A tuple or set becomes a list.
    """
    return _redact(data, ())


def _redact(value: Any, around: tuple[int, ...]) -> Any:
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, str):
        return redact_url(value) if "://" in value else value
    if not isinstance(value, Mapping | list | tuple | set | frozenset):
        return value
    if id(value) in around or len(around) == 100:
        return MASK
    around = (*around, id(value))
    if isinstance(value, Mapping):
        return {
            name: MASK
            if is_secret_name(name) and not _tells_nothing(each)
            else _redact(each, around)
            for name, each in value.items()
        }
    return [_redact(each, around) for each in value]


def _tells_nothing(value: Any) -> bool:
    return value is None or value == "" or isinstance(value, bool)
