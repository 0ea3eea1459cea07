"""Whole numbers: those of a request, and those of the program."""

from __future__ import annotations

import re
from typing import Any

MAX_INTEGER = 2**63 - 1
"""The largest number that every database takes as LIMIT and OFFSET."""

_DIGITS = re.compile(r"0*([0-9]{1,19})")


def whole_number(value: Any, least: int, most: int) -> int | None:
    """Return the number that *value* is, or `None` if it is not one within bounds.

    It may be a string of ASCII digits, or a number of a JSON body.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if least <= value <= most else None
    digits = _DIGITS.fullmatch(value) if isinstance(value, str) else None
    if digits is None or not least <= int(digits[1]) <= most:
        return None
    return int(digits[1])


def number_rule(least: int, most: int) -> str:
    """Return the sentence that says what a number of a request must be."""
    return f"Must be a whole number from {least} to {most}, in digits only."


def given_number(name: str, value: int | str, *, least: int = 0) -> int:
    """Return a number of the program, which may be a string as in a query string.

    Raises:
        TypeError: It is not an integer or a string.
        ValueError: It is not a number, too small or too large.
    """
    if isinstance(value, str):
        number = whole_number(value, least, MAX_INTEGER)
        if number is None:
            raise ValueError(f"{name} is not valid. {number_rule(least, MAX_INTEGER)}")
        return number
    check_number(name, value, least=least)
    return value


def check_number(name: str, value: int | None, *, least: int = 0) -> None:
    """Check a number that the program gives.

    Raises:
        TypeError: It is not an integer.
        ValueError: It is too small or too large.
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        kind = type(value).__name__
        raise TypeError(f"{name} must be an int or None, not {kind}")
    if not least <= value <= MAX_INTEGER:
        raise ValueError(f"{name} must be from {least} to {MAX_INTEGER}, not {value}")
