"""What a secret looks like: the names of fields, and shapes in text."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

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
    if not isinstance(name, str):
        return False
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


def _is_secret(text: str) -> bool:
    return text.lower() not in WORDS and text.replace(FILTERED, "").strip() != ""


def replace_shapes(text: str) -> str:
    """Replace what has the shape of a secret in *text*."""
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
    for shape in _SHAPES_RE:
        for match in shape.finditer(text):
            if _is_secret(match["secret"]):
                yield match["secret"]


@functools.lru_cache(maxsize=16)
def literals(secrets: frozenset[str]) -> Callable[[str], str]:
    """Return a function that replaces *secrets* in a text, in whatever encoding."""
    found = [each for each in secrets if len(each) >= SHORTEST]
    if not found:
        return str
    forms = {form for each in found for form in _plain_forms(each)}
    plain = sorted(forms, key=len, reverse=True)
    encoded = [_encodings(each) for each in sorted(found, key=len, reverse=True)]
    # a dict keeps the order and drops what has only one form
    expressions = dict.fromkeys([*map(re.escape, plain), *encoded])
    expression = re.compile("|".join(expressions))
    return lambda text: _cut(expression.sub(FILTERED, text), plain)


def _plain_forms(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, "", errors="surrogatepass"),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }


_BACKSLASH = r"(?:\\(?:x5c|u005c)?|%(?:25)*5c)"
_AMPERSAND = r"(?:&|%(?:25)*26)"
_LETTERS = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}


def _encodings(secret: str) -> str:
    r"""Return an expression for *secret* as text, JSON, ``repr``, URL or HTML.

    The encodings may be nested: ``\"`` may be ``%5C%22``, and ``%22`` ``%2522``. No
    part can match in two ways, so that hostile text takes no more than linear time.
    """
    parts: list[str] = []
    for match in re.finditer(r"\\+|[^\\]", secret):
        run, rest = match[0], secret[match.end() :].lower()
        after_backslash = bool(parts) and parts[-1].endswith("++")
        if run[0] == "\\":
            # it takes the backslashes of the next character's encoding too
            named = not rest.startswith(("x5c", "u005c"))
            backslash = _BACKSLASH if named else r"(?:\\|%(?:25)*5[cC])"
            parts.append(f"{'' if parts else _NOT_WITHIN}{backslash}++")
        elif run.isascii() and (run.isalnum() or run in "-_.~"):
            parts.append(re.escape(run))
        else:
            escape = "" if after_backslash else f"{_BACKSLASH}{{1,31}}"
            parts.append(f"(?i:{'|'.join(_encoded(run, escape))})")
    return "".join(parts).replace(_BACKSLASH, f"(?i:{_BACKSLASH})")


_NOT_WITHIN = r"(?<!\\)(?<!5[cC])"


def _encoded(character: str, escape: str) -> Iterator[str]:
    """Yield expressions for *character*; *escape* stands for its backslashes."""
    code = ord(character)
    octets = character.encode("utf-8", "surrogatepass")
    units = character.encode("utf-16-be", "surrogatepass").hex()
    always = f"{_BACKSLASH}{{1,31}}"
    optional = escape.replace("{1,", "{0,")
    yield optional + re.escape(character)
    yield optional + "".join(rf"%(?:25)*{octet:02x}" for octet in octets)
    yield escape + always.join(rf"x{octet:02x}" for octet in octets)
    yield escape + always.join(
        f"u{units[at : at + 4]}" for at in range(0, len(units), 4)
    )
    yield rf"{escape}U{code:08x}"
    entity = (
        rf"(?:\#|%23)0*{code}|(?:\#|%23)x0*{code:x}|{_ENTITIES.get(character, 'x')}"
    )
    yield rf"{optional}{_AMPERSAND}(?:amp(?:;|%3b))*(?:{entity})(?:;|%(?:25)*3b)"
    if code < 256 and not character.isascii():
        yield rf"{escape}x{code:02x}"
    if character == " ":
        yield r"\+|%(?:25)*2b"
    if character in _LETTERS:
        yield escape + _LETTERS[character]
    if not character.isascii():
        # UTF-8 read as Latin-1, as in a WSGI environment, and its repr
        escapes = [escape, *[always] * (len(octets) - 1)]
        octet_forms = (
            f"(?:{re.escape(chr(octet))}|{each}x{octet:02x}|{each}u00{octet:02x})"
            for octet, each in zip(octets, escapes, strict=True)
        )
        yield "".join(octet_forms)


def _cut(text: str, secrets: list[str]) -> str:
    """Replace the beginning of a secret where *text* has been cut off."""
    ends = [match.start() for match in re.finditer(r"\.\.\.|…|\Z", text)]
    for end in reversed(ends):
        for secret in secrets:
            start = _beginning(text, end, secret)
            if start != -1:
                text = text[:start] + FILTERED + text[end:]
                break
    return text


def _beginning(text: str, end: int, secret: str) -> int:
    """Return where the beginning of *secret* stands before *end*, or -1."""
    first = start = text.find(secret[:SHORTEST], max(0, end - len(secret)), end)
    for _ in range(1000):
        if start == -1 or secret.startswith(text[start:end]):
            return start
        start = text.find(secret[:SHORTEST], start + 1, end)
    return first
