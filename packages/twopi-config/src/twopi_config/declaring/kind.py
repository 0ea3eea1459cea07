"""A kind of value: how it is read from a string, described and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of one type are read, described and written.

    Attributes:
        wanted: What the value must be, for a message: "a whole number".
        parse: Return the value of a string, or raise any exception.
        spell: Return the string that *parse* reads as the value.
        load: Return the value of decoded JSON whose numbers are strings, or raise any
            exception; `None` for a scalar.
        dump: Return what JSON holds for a value; `None` for a scalar.
        bare: Whether a value can stand between commas, as one of several.
    """

    wanted: str
    parse: Callable[[str], Any]
    spell: Callable[[Any], str] = str
    load: Callable[[Any], Any] | None = None
    dump: Callable[[Any], Any] | None = None
    bare: bool = True

    def from_json(self, value: Any) -> Any:
        """Return the value of decoded JSON.

        Raises:
            ValueError: A scalar is not a string; and whatever *load* and *parse* raise.
        """
        if self.load is not None:
            return self.load(value)
        if isinstance(value, bool):
            value = str(value).lower()
        if not isinstance(value, str):
            raise ValueError(self.wanted)  # noqa: TRY004  null, or a list in its place
        return self.parse(value)

    def to_json(self, value: Any) -> Any:
        """Return what JSON holds for *value*."""
        if self.dump is not None:
            return self.dump(value)
        return value if type(value) in {bool, int, float} else self.spell(value)
