"""A number of bytes that is written with a unit."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Self

_SIZE = re.compile(r"\s*([0-9]{1,20}(?:\.[0-9]{1,18})?)\s*([A-Za-z]*)\s*", re.ASCII)
_UNITS = {
    f"{prefix}{unit}": base**power
    for unit, base in (("iB", 1024), ("B", 1000))
    for power, prefix in reversed([*enumerate("KMGTP", start=1)])
}
_FACTORS = {
    "": 1,
    "b": 1,
    **{unit.lower(): factor for unit, factor in _UNITS.items()},
    # as Kubernetes writes them
    **{unit.lower()[:2]: factor for unit, factor in _UNITS.items() if "i" in unit},
}


class ByteSize(int):
    """A number of bytes, read from a string like ``64 MiB`` or ``1.5 GB``.

    ``kB``, ``MB``, ``GB``, ``TB`` and ``PB`` are powers of 1000, ``KiB`` to ``PiB`` (or
    ``Ki`` to ``Pi``) powers of 1024 (IEC 80000-13); upper and lower case are the same.
    A bare ``K`` or ``M`` is rejected, since programs disagree about it. The ``str`` of
    a size is exact, with the largest unit that fits.

    .. code-block:: python

        from twopi_config import ByteSize

        assert ByteSize("64 MiB") == 64 * 2**20
        assert str(ByteSize(1_500_000_000)) == "1500 MB"

    Args:
        value: The number of bytes, or a string.

    Raises:
        ValueError: *value* is not a whole number of bytes from 0.
    """

    def __new__(cls, value: int | str) -> Self:  # noqa: D102
        size = _read(value) if isinstance(value, str) else value
        if size < 0:
            raise ValueError("a size must not be negative")
        return super().__new__(cls, size)

    def __str__(self) -> str:
        for unit, factor in _UNITS.items():
            if self and self % factor == 0:
                return f"{int(self) // factor} {unit}"
        return str(int(self))


def _read(text: str) -> int:
    match = _SIZE.fullmatch(text)
    factor = _FACTORS.get(match[2].lower()) if match else None
    if match is None or factor is None:
        raise ValueError('a size must look like "64 MiB", "1.5 GB" or 1024')
    size = Fraction(match[1]) * factor
    if size.denominator > 1:
        raise ValueError("a size must be a whole number of bytes")
    return int(size)
