"""Shapes of secrets in texts: tokens of known services, ``token=abc``, ``Bearer abc``.

A shape is looked for by a text that is in each of its matches, and compared from
there on. So each character is looked at a limited number of times, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from twopi_config.vocabulary.entropy import is_random
from twopi_config.vocabulary.names import STEMS

Span = tuple[int, int]

WORDS = frozenset(
    {"none", "null", "true", "false", "undefined", "bearer", "basic", "[filtered]"}
)
"""Values under secret names that tell nothing."""

_B = r"(?<![A-Za-z0-9])"
_PEM = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[^\0]*?"
    r"(?:-----END [A-Z0-9 ]{0,40}-----|(?=\0)|\Z)"
)
_KNOWN: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (starts, re.compile(pattern))
    for starts, pattern in (
        (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), _B + r"gh[pousr]_[A-Za-z0-9]{16,}"),
        (("github_pat_",), _B + r"github_pat_\w{16,}"),
        (("glpat-",), _B + r"glpat-[\w-]{16,}"),
        (
            ("sk_live_", "sk_test_", "rk_live_", "rk_test_"),
            _B + r"[sr]k_(?:live|test)_\w{8,}",
        ),
        (("whsec_",), _B + r"whsec_[\w+/=]{16,}"),
        (("sk-",), _B + r"sk-(?=[\w-]{0,99}[0-9])[\w-]{20,}"),
        (("AKIA", "ASIA"), _B + r"A[KS]IA[A-Z0-9]{12,}"),
        (("xox", "xapp-"), _B + r"(?:xox[a-z]|xapp)-[\w-]{8,}"),
        (("AIza",), _B + r"AIza[\w-]{30,}"),
        (("ya29.",), _B + r"ya29\.[\w-]{16,}"),
        (("SG.",), _B + r"SG\.[\w-]{16,}\.[\w-]{16,}"),
        (("npm_",), _B + r"npm_[A-Za-z0-9]{30,}"),
        (("pypi-",), _B + r"pypi-[\w-]{30,}"),
        (("hf_",), _B + r"hf_[A-Za-z0-9]{20,}"),
        (("dop_v1_",), _B + r"dop_v1_[a-f0-9]{32,}"),
        (("shpat_", "shpss_"), _B + r"shp(?:at|ss)_[A-Za-z0-9]{16,}"),
        (("hooks.slack.com/",), r"hooks\.slack\.com/services/[\w/]{8,}"),
        (("eyJ",), r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)*"),
        (("-----BEGIN",), _PEM),
        (("$2",), r"\$2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{40,}"),
        (("$argon2",), r"\$argon2(?:id|i|d)\$[\w=,$+/.-]{16,}"),
        (("$5$", "$6$", "$y$"), r"\$[56y]\$[\w=,$+/.-]{16,}"),
        (("pbkdf2:", "scrypt:"), r"(?:pbkdf2|scrypt):[\w:]{3,60}\$[^\s\0\"']{8,}"),
        (("pbkdf2_",), r"pbkdf2_[\w]{3,20}\$[0-9]{1,9}\$[^\s\0\"']{8,}"),
    )
)

_BEARER = re.compile(r"bearer(?:\s|\+|%20){1,9}([\w.~+/=%-]{4,})", re.IGNORECASE)
_BASIC = re.compile(
    r"(?i:basic)(?:\s|\+|%20){1,9}(?=[a-z/+]{0,99}[A-Z0-9])([A-Za-z0-9+/]{6,}={0,2})"
)
_LOWER_WORD = re.compile(r"[A-Za-z]?[a-z]*")
_USERINFO = re.compile(r"://[^/\s:@\"'\0]{0,200}:([^/\s@\"'\0]{1,500})@")

_NAME = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
_LONGEST_NAME = 60
_AFTER = re.compile(
    r"(?P<close>\\*[\"']|%22|&quot;|&\#34;)?(?P<index>\])?(?P<before>\s{0,9})"
    r"(?P<sign>=>|:=|[:=>]|%3[aAdD]|,(?=\s{0,9}[bu]?\\*[\"'])|(?<=\s))"
    r"(?P<space>\s{0,9})"
)
_QUOTED = re.compile(
    r"[bru]?(?P<q>\\*[\"'])(?P<secret>[^\0]*?)(?:(?<!\\)(?P=q)|(?=\0)|\Z)"
)
_NEXT_WORD = re.compile(
    r"(?P<q>\\*[\"'])?(?P<secret>[^\s\"'\\\0]{1,500})(?(q)(?=\\*[\"']))"
)
_BRACED = re.compile(r"\{([^{}\0\n]{1,500})\}")
_BARE = re.compile(r"[^\s&;,\"'\\<>()\[\]{}\0]+")
_IN_PROSE = re.compile(r"[^\s&;,\"'\\<>()\[\]{}=:\0]{1,200}")
_FIRST_WORD = re.compile(r"[^\s\\\"'\0]{1,64}")
_LINE = re.compile(r"[^\r\n\\\"'\0]+")
_PLACEHOLDER = re.compile(r"[?%:$@][\w(]*|[*.x-]+|\$\{")
_OF_SCHEMES = frozenset(
    {"token", "tokens", "auth", "authentication", "authorization", "scheme", "schemes"}
)
_SCHEMES = frozenset(
    {"bearer", "basic", "digest", "token", "negotiate", "apikey", "hawk", "oauth"}
)


def known_tokens(text: str) -> Iterator[Span]:
    """Yield where tokens, keys and hashes of known services are in *text*."""
    for starts, pattern in _KNOWN:
        for start in starts:
            end = 0
            at = text.find(start)
            while at != -1:
                if at >= end and (match := pattern.match(text, at)):
                    end = match.end()
                    yield match.span()
                at = text.find(start, max(end, at + 1))
    yield from _passwords_of_urls(text)


def _passwords_of_urls(text: str) -> Iterator[Span]:
    at = text.find("://") if "@" in text else -1
    while at != -1:
        match = _USERINFO.match(text, at)
        if match and _tells(match[1]):
            yield match.span(1)
        at = text.find("://", at + 3)


def named_values(
    text: str, is_secret_name: Callable[[str], bool], stems: Iterable[str] = STEMS
) -> Iterator[Span]:
    """Yield where the values of secret names are in *text*: ``token=abc``.

    Also of headers (``Bearer abc``), and in the forms of JSON, ``repr``, XML,
    connection strings and commands (``SET 'token' 'abc'``). In prose
    (``password: too short``) and behind flags and words of SQL (``--token abc``,
    ``PASSWORD 'abc'``), only what `is_random` counts.
    """
    lower = _lowered(text)
    yield from _credentials(text, lower)
    done = name_end = 0
    for at in sorted(_occurrences(lower, stems)):
        if at < max(done, name_end):
            continue
        ahead = text[at : at + _LONGEST_NAME]
        name_end = at + len(ahead) - len(ahead.lstrip(_NAME))
        after = _AFTER.match(text, name_end)
        if after is None:
            continue
        behind = text[max(0, at - _LONGEST_NAME) : at]
        start = at - (len(behind) - len(behind.rstrip(_NAME).rstrip("\0")))
        name = text[start:name_end]
        if not is_secret_name(name.strip(".-")):
            continue
        if (span := _value(text, after, name)) is not None:
            done = span[1]
            yield span


def _lowered(text: str) -> str:
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(each.lower() if each.isascii() else each for each in text)


def _occurrences(lower: str, stems: Iterable[str]) -> Iterator[int]:
    for stem in stems:
        at = lower.find(stem)
        while at != -1:
            yield at
            at = lower.find(stem, at + len(stem))


def _credentials(text: str, lower: str) -> Iterator[Span]:
    for word, pattern in (("bearer", _BEARER), ("basic", _BASIC)):
        at = lower.find(word)
        while at != -1:
            match = pattern.match(text, at)
            if match and not _is_prose(text, match):
                yield match.span(1)
            at = lower.find(word, at + len(word))


def _is_prose(text: str, match: re.Match[str]) -> bool:
    """Return whether a word follows, as in ``bearer token expired``."""
    word = match[1].lower()
    if word in _OF_SCHEMES:
        return True
    sentence = text.startswith(" ", match.end()) or word in WORDS
    return sentence and _LOWER_WORD.fullmatch(match[1]) is not None


def _value(text: str, after: re.Match[str], name: str) -> Span | None:
    """Return where the value behind a secret name is, if there is one."""
    at = after.end()
    sign = after["sign"]
    if not (sign or after["close"]):
        return _next_word(text, at, flag=name.startswith("-"))
    quoted = _QUOTED.match(text, at)
    if quoted is not None:
        return quoted.span("secret") if _tells(quoted["secret"]) else None
    if sign in {",", ""}:
        return None
    data = bool(after["close"]) or sign in {">", "%3d", "%3D", "%3a", "%3A"}
    tight = sign in {"=", ">"} and not after["before"] and not after["space"]
    last = name.lower().replace("_", "-").rpartition("-")[2]
    if sign == ":" and last in {"authorization", "cookie"} and not data:
        return _header(text, at, last)
    if not (data or tight):
        prose = _IN_PROSE.match(text, at)
        return prose.span() if prose and is_random(prose[0]) else None
    if braced := _BRACED.match(text, at):
        return braced.span(1)
    if text.startswith("=", at):  # a comparison
        return None
    bare = _BARE.match(text, at)
    if bare is None or not _tells(bare[0]) or _PLACEHOLDER.fullmatch(bare[0]):
        return None
    return bare.span()


def _next_word(text: str, at: int, *, flag: bool) -> Span | None:
    """Return where the value is in ``PASSWORD 'a5d...'`` and ``--token a5d...``."""
    word = _NEXT_WORD.match(text, at)
    if word is None or not (word["q"] or flag) or not is_random(word["secret"]):
        return None
    return word.span("secret")


def _header(text: str, at: int, name: str) -> Span | None:
    """Return where the value of a header's line is, and not a sentence's."""
    first = _FIRST_WORD.match(text, at)
    if first is None or not _tells(text[at : at + 200].partition("\n")[0]):
        return None
    if name == "cookie":
        says = "=" in first[0]
    else:
        says = first[0].lower() in _SCHEMES or is_random(first[0])
    line = _LINE.match(text, at) if says else None
    return line.span() if line else None


def _tells(value: str) -> bool:
    plain = value.replace("[Filtered]", "").replace("***", "").strip()
    return plain != "" and plain.lower() not in WORDS
