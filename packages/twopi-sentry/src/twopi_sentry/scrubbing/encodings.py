"""Known secrets, found in a text in whatever encoding they are there."""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

from twopi_sentry.scrubbing.patterns import FILTERED, SHORTEST


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
    cores = [core for each in found for core in _base64_cores(each)]
    needles = {_needle(each) for each in found}
    base64_needles = {_needle(core) for core in cores}

    def replace(text: str) -> str:
        if any(each in text for each in base64_needles):
            text = _without_base64(text, cores)
        if any(each in text for each in needles):
            text = expression.sub(FILTERED, text)
        return _cut(text, plain)

    return replace


def _needle(secret: str) -> str:
    """Return the longest part of *secret* that every encoding leaves as it is.

    Where it is not, the secret is not: that is quickly seen in most texts.
    """
    return max(re.findall(r"[A-Za-z0-9]+", secret), key=len, default="")


def _plain_forms(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, "", errors="surrogatepass"),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    }


_BASE64_RUN = re.compile(r"(?:[A-Za-z0-9+/_-]|%2[BbFf]){5,}(?:=|%3[Dd]){0,2}")
_TO_STANDARD = str.maketrans("-_", "+/")


def _base64_cores(secret: str) -> Iterator[str]:
    """Yield what *secret* is in base64 at each of the three places it may start at.

    The digits that it shares with its neighbours are left out (RFC 4648 section 4).
    """
    data = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        digits = base64.b64encode(b"\0" * before + data).decode()
        start, end = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        yield digits[start:end]


def _without_base64(text: str, cores: list[str]) -> str:
    """Replace base64, of either alphabet, that one of *cores* is in."""

    def filtered(match: re.Match[str]) -> str:
        run = match[0].translate(_TO_STANDARD)
        if "%" in run:
            run = unquote(run)
        return FILTERED if any(core in run for core in cores) else match[0]

    return _BASE64_RUN.sub(filtered, text)


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
