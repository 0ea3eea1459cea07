r"""Texts with their encodings undone, and the way back to where something stood.

A secret may stand in a text as JSON, ``repr``, URL, HTML or base64, also nested. Rather
than looking for each secret in each encoding, the text is decoded until nothing
changes, once for all secrets.
"""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

Span = tuple[int, int]

DEEPEST = 8
"""How often a text is decoded; what is encoded more often is not found."""

_ESCAPE = re.compile(
    r"%[0-7][0-9A-Fa-f]|(?:%[89A-Fa-f][0-9A-Fa-f])+"
    r"|\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\{1,9}u[dD][c-fC-F][0-9A-Fa-f]{2}"
    r"|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U00[01][0-9A-Fa-f]{5}|[\\\"'/abfnrtv])"
    r"|&(?:amp|lt|gt|quot|apos|\#0{0,5}[0-9]{1,6}|\#[xX]0{0,5}[0-9A-Fa-f]{1,5});"
)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_PLUS = str.maketrans("+", " ")


class Layer:
    """A text decoded once, and where each part of it was.

    Attributes:
        text: The decoded text.
    """

    __slots__ = ("_ends", "_escapes", "_sources", "text")

    def __init__(self, text: str, escapes: list[re.Match[str]]) -> None:
        parts: list[str] = []
        self._sources: list[int] = []
        self._escapes: list[int] = []
        at = 0
        for match in escapes:
            start, end = match.span()
            parts += (text[at:start], _decoded(match[0]))
            self._sources += (at, start)
            at = end
        parts.append(text[at:])
        self._sources += (at, len(text))
        self._ends = [*accumulate(map(len, parts))]
        self.text = "".join(parts)

    def back(self, span: Span) -> Span:
        """Return where *span* of the decoded text was before."""
        start, end = span
        first = bisect_right(self._ends, start)
        last = bisect_left(self._ends, end)
        source = self._sources[first]
        if first % 2 == 0:  # between two escapes
            source += start - (self._ends[first - 1] if first else 0)
        before = self._ends[last - 1] if last else 0
        behind = (
            self._sources[last] + end - before
            if last % 2 == 0
            else self._sources[last + 1]
        )
        return source, behind


def layers(text: str) -> list[Layer]:
    """Return *text* decoded once, twice and so on, until nothing changes."""
    found: list[Layer] = []
    for _ in range(DEEPEST):
        if not ("%" in text or "\\" in text or "&" in text):
            break
        escapes = [*_ESCAPE.finditer(text)]
        if not escapes:
            break
        found.append(Layer(text, escapes))
        text = found[-1].text
    return found


def back(spans: Iterable[Span], decoded: list[Layer]) -> Iterator[Span]:
    """Yield where *spans* of the last of the layers *decoded* are in the first text."""
    for span in spans:
        for layer in reversed(decoded):
            span = layer.back(span)  # noqa: PLW2901
        yield span


def settled(text: str) -> str:
    """Return *text* decoded until nothing changes, and with spaces for plus signs."""
    for _ in range(DEEPEST):
        if not ("%" in text or "\\" in text or "&" in text):
            break
        decoded = _ESCAPE.sub(lambda match: _decoded(match[0]), text)
        if decoded == text:
            break
        text = decoded
    return spaced(text)


def spaced(text: str) -> str:
    """Return *text* with spaces for the plus signs that a form has for them."""
    return text.translate(_PLUS) if "+" in text else text


def _decoded(escape: str) -> str:
    first, letter = escape[0], escape[1]
    if first == "%":
        octets = bytes.fromhex(escape.replace("%", ""))
        try:
            return octets.decode()
        except UnicodeDecodeError:
            return octets.decode("latin-1")
    if first == "&":
        name = escape[1:-1]
        if name[0] != "#":
            return _ENTITIES[name]
        return _character(int(f"0{name[1:]}", 0) if name[1] in "xX" else int(name[1:]))
    if letter in "xuU":
        if len(escape) > 10 or (letter == "u" and len(escape) > 6):
            units = bytes.fromhex(re.sub(r"\\+u", "", escape))
            return units.decode("utf-16-be", "replace")
        return _character(int(f"0x{escape[2:]}", 0))
    return _LETTERS.get(letter, letter)


def _character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF else "\ufffd"


_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_TO_STANDARD = str.maketrans("-_", "+/")


def base64_runs(text: str) -> dict[str, str]:
    """Return what may be base64 in *text*, and what it is decoded, as Latin-1.

    Either alphabet counts (RFC 4648 sections 4 and 5). A run may begin anywhere within
    four digits, so it is decoded four times.
    """
    return {
        run: "\0".join(_readings(run))
        for run in {*_BASE64.findall(text)}
        if not (run.islower() or run.isupper() or (run.isalpha() and run.istitle()))
    }


def _readings(run: str) -> Iterator[str]:
    digits = run.rstrip("=").translate(_TO_STANDARD)
    for start in range(4):
        rest = digits[start:]
        rest = rest[: len(rest) - (len(rest) % 4 == 1)]
        try:
            octets = binascii.a2b_base64(rest + "=" * (-len(rest) % 4))
        except binascii.Error:
            continue
        yield octets.decode("latin-1")


def basic_credentials(text: str) -> str | None:
    """Return ``user:password`` of Basic credentials (RFC 7617), if *text* is some."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
