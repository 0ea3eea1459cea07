"""What a secret looks like: the names of fields, and shapes in text."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

FILTERED = "[Filtered]"
"""What stands in place of a secret; the word Sentry itself uses."""

SHORTEST = 4
"""Shorter values are not looked for elsewhere: they would hit every other word."""

WORDS = frozenset({"bearer", "basic", "none", "null", "true", "false", "token"})
"""Values of secret fields that are no secrets."""

_PARTS = (
    *("password", "passwd", "passphrase", "pwd", "secret", "token", "jwt"),
    *("authorization", "apikey", "accesskey", "privatekey", "credential"),
    *("cookie", "csrf", "xsrf", "sessionid", "sessionkey", "signature"),
)
_NAMES = frozenset({"auth", "session", "sid", "pass", "pin", "otp", "totp", "cvv"})


def is_secret_name(name: object) -> bool:
    """Tell whether a field, header, argument or variable called *name* is secret."""
    return isinstance(name, str) and _is_secret_name(name)


@functools.lru_cache(maxsize=4096)
def _is_secret_name(name: str) -> bool:
    plain = re.sub(r"[\W_]+", "", name.lower())
    return plain in _NAMES or any(part in plain for part in _PARTS)


_NAME = (
    r"(?:password|passwd|passphrase|pwd|secret|token|jwt|authorization|api[_-]?key"
    r"|access[_-]?key|private[_-]?key|credential|cookie|csrf|xsrf|session[_-]?id"
    r"|\b(?:auth|sid|pass|pin|otp|cvv)\b)[\w\]-]{0,30}"
)
_AFTER_NAME = (
    r"(?:\\*[\"']|%22|&quot;|&\#34;)?\]?\s{0,9}"
    r"(?:[:=>]|%3[ad]|,(?=\s{0,9}[bu]?\\*[\"']))\s{0,9}"
)
_BARE = r"(?![bu]?\\*[\"'])"
_SPACE = r"(?:\s|\+|%20){1,9}"
_SHAPES = [
    # Bearer abc
    rf"\bbearer{_SPACE}(?P<secret>[\w.~+/=%-]{{{SHORTEST},}})",
    # Basic QWxhZGRpbjo=, but not "basic authentication"
    rf"\bbasic{_SPACE}(?P<secret>(?-i:(?=[a-z/+]*[A-Z0-9]))[a-z0-9+/]{{6,}}={{0,2}})",
    # A JSON Web Token
    r"(?<![\w-])(?P<secret>(?-i:eyJ)[\w-]{8,}\.[\w-]+\.[\w-]*)",
    # scheme://user:password@host
    r"://[^/\s:@\"']{0,200}:(?P<secret>[^/\s@\"']{1,500})@",
    # Authorization: anything up to the end of the line
    rf"(?:authorization|cookie){_AFTER_NAME}{_BARE}(?P<secret>[^\s\\\"'][^\r\n\\\"']*)",
    # "password": "abc", token='abc', (b'token', b'abc'); quotes may be escaped
    rf"{_NAME}{_AFTER_NAME}[bu]?(?P<q>\\*[\"'])(?P<secret>.*?)(?:(?<!\\)(?P=q)|\Z)",
    # ?token=abc, <token>abc
    rf"{_NAME}{_AFTER_NAME}{_BARE}(?P<secret>[^\s&;,\"'\\<>()\[\]{{}}]+)",
]
_SHAPES_RE = [re.compile(shape, re.IGNORECASE | re.DOTALL) for shape in _SHAPES]


_IN_SHAPES = (
    *("pass", "pwd", "secret", "token", "jwt", "auth", "key", "credential", "cookie"),
    *("srf", "session", "sid", "pin", "otp", "cvv", "bearer", "basic", "eyj"),
)
"""One of these is in whatever has a shape; looking for them is quick."""


def _may_have_shape(text: str) -> bool:
    plain = text.casefold()
    return ("://" in plain and "@" in plain) or any(
        part in plain for part in _IN_SHAPES
    )


def _is_secret(text: str) -> bool:
    return text.lower() not in WORDS and text.replace(FILTERED, "").strip() != ""


def replace_shapes(text: str) -> str:
    """Replace what has the shape of a secret in *text*."""
    if not _may_have_shape(text):
        return text
    for shape in _SHAPES_RE:
        text = shape.sub(_filtered, text)
    return text


def _filtered(match: re.Match[str]) -> str:
    if not _is_secret(match["secret"]):
        return match[0]
    start, end = (each - match.start() for each in match.span("secret"))
    return f"{match[0][:start]}{FILTERED}{match[0][end:]}"


def find_shapes(text: str) -> Iterator[str]:
    """Yield what has the shape of a secret in *text*."""
    if not _may_have_shape(text):
        return
    for shape in _SHAPES_RE:
        for match in shape.finditer(text):
            if _is_secret(match["secret"]):
                yield match["secret"]


_LONGEST = 4096


def find_random(text: str) -> Iterator[str]:
    """Yield what has the shape of a secret in a short *text* and looks like no word.

    It may be looked for elsewhere without hitting what is no secret.
    """
    if len(text) > _LONGEST:
        return
    for found in find_shapes(text):
        word = found.isalpha() and found[1:].islower()
        if len(found) >= 8 and not word:
            yield found
