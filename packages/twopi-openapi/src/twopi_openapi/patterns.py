r"""Regular expressions of Python as those of ECMA-262, which JSON Schema asks for.

See JSON Schema 2020-12, section 6.4. A pattern says no less than the Python expression:
a string that it matches is matched by Python too. Where that cannot be said, there is
none: flags, possessive quantifiers, conditions, ``\W`` and other negated classes.
"""

from __future__ import annotations

import re

_SYNTAX = set("^$\\.*+?()[]{}|/")
_QUANTIFIER = re.compile(r"\{(\d*)(,?)(\d*)\}")
_GROUP = re.compile(r"\((\?(?:P<([A-Za-z_]\w*)>|[:=!]|<[=!]))?", re.ASCII)
_NAMED = re.compile(r"\(\?P=([A-Za-z_]\w*)\)", re.ASCII)
_NUMBERED = re.compile(r"x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}")
_SPACE = r" \t\n\r\f\v"


_WITHIN = {"s": _SPACE, "a": r"\x07", "b": r"\x08"}
_OUTSIDE = {"s": f"[{_SPACE}]", "a": r"\x07", "A": "^", "Z": "$"}


class _Unsayable(Exception):  # noqa: N818 - never leaves this module
    """The expression has no equal in ECMA-262."""


def ecma(pattern: str | re.Pattern[str]) -> str | None:
    """Return *pattern* in the syntax of ECMA-262 with the flag ``u``, or None.

    Args:
        pattern: An expression, as `re.compile` takes it.
    """
    compiled = re.compile(pattern)
    if compiled.flags & ~(re.UNICODE | re.ASCII):
        return None
    try:
        return _translate(compiled)
    except _Unsayable:
        return None


def starting(pattern: str | re.Pattern[str]) -> str | None:
    """Return `ecma` of *pattern*, tied to the start as `re.match` is."""
    translated = ecma(pattern)
    if translated is None or _is_tied(translated):
        return translated
    return f"^(?:{translated})"


def _is_tied(pattern: str) -> bool:
    """Return whether *pattern* begins with ``^`` and has no other alternative."""
    return pattern.startswith("^") and "|" not in pattern


def _translate(compiled: re.Pattern[str]) -> str:
    """Return the expression; groups lose their names, which not all tools can read."""
    source = compiled.pattern
    parts: list[str] = []
    at = 0
    while at < len(source):
        if named := _NAMED.match(source, at):
            parts.append(rf"(?:\{compiled.groupindex[named[1]]})")
            at = named.end()
        else:
            part, at = _next(source, at)
            parts.append(part)
    return "".join(parts)


def _next(source: str, at: int) -> tuple[str, int]:
    """Return the part of the pattern at *at*, and where the one after it begins."""
    char = source[at]
    if char == "\\":
        return _escape(source, at + 1, within=False)
    if char == "[":
        return _characters(source, at + 1)
    if char == "(":
        return _group(source, at)
    if char in "*+?":
        _must_not_be_possessive(source, at + 1)
        return char, at + 1
    if char == "{":
        return _repetition(source, at)
    return (f"\\{char}" if char in "]}/" else char), at + 1


def _must_not_be_possessive(source: str, at: int) -> None:
    if source[at : at + 1] == "+":
        raise _Unsayable


def _repetition(source: str, at: int) -> tuple[str, int]:
    found = _QUANTIFIER.match(source, at)
    if found is None or found[0] in {"{}", "{,}"}:
        if found is not None and found[0] == "{,}":
            return "*", at + 3
        return "\\{", at + 1
    _must_not_be_possessive(source, found.end())
    return f"{{{found[1] or 0}{found[2]}{found[3]}}}", found.end()


def _group(source: str, at: int) -> tuple[str, int]:
    found = _GROUP.match(source, at)
    if found is None or source[found.end() : found.end() + 1] == "?":
        raise _Unsayable
    return ("(" if found[2] else found[0]), found.end()


def _characters(source: str, at: int) -> tuple[str, int]:
    """Return the class whose first character is at *at*."""
    parts = ["["]
    negated = source[at : at + 1] == "^"
    if negated:
        parts.append("^")
        at += 1
    first = True
    while first or source[at] != "]":
        if source[at] == "\\":
            part, at = _escape(source, at + 1, within=True)
            if negated and part in {r"\d", r"\w", _SPACE}:
                raise _Unsayable  # ECMA-262 has fewer of them, so more would match
        else:
            part, at = source[at], at + 1
            part = f"\\{part}" if part in "[]/" else part
        parts.append(part)
        first = False
    return "".join([*parts, "]"]), at + 1


def _escape(source: str, at: int, *, within: bool) -> tuple[str, int]:
    """Return what the escape sequence means whose character is at *at*."""
    char = source[at]
    if char in "dwtnrfv":
        return f"\\{char}", at + 1
    if found := _NUMBERED.match(source, at):
        return f"\\{found[0]}", found.end()
    special = _WITHIN if within else _OUTSIDE
    if char in special:
        return special[char], at + 1
    if not within and char in "123456789" and not source[at + 1 : at + 2].isdigit():
        return f"\\{char}", at + 1
    if char.isascii() and char.isalnum():
        raise _Unsayable
    if char in _SYNTAX or (within and char == "-"):
        return f"\\{char}", at + 1
    return char, at + 1
