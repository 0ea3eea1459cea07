"""A string that does not show itself."""

from __future__ import annotations

import hmac
from typing import Any, NoReturn, Self

MASK = "***"
"""What stands in place of a secret. It may stand in a URL (RFC 3986 section 2.2)."""


class Secret:
    """A string that stays hidden until you call `reveal`.

    It is a mask in a ``repr``, in formatted text, in log lines, in tracebacks that
    show variables, and in what ``json.dumps(..., default=str)`` writes. Pickling it
    is an error, so that it does not get into a cache, a queue or a file unnoticed.

    .. code-block:: python

        from twopi_config import Secret

        key = Secret("correct horse")
        assert f"{key} {key!r}" == "*** Secret('***')"
        assert key.reveal() == "correct horse"

    Args:
        value: The string.

    Raises:
        TypeError: *value* is not a string.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"a secret is a string, not {type(value).__name__}")
        self._value = value

    def reveal(self) -> str:
        """Return the string itself."""
        return self._value

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        """Return whether *other* is the same secret, in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        ours, theirs = (
            each._value.encode("utf-8", "surrogatepass")  # noqa: SLF001
            for each in (self, other)
        )
        return hmac.compare_digest(ours, theirs)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled; pickle what reveal() returns")


def plain(value: Any) -> Any:
    """Return *value* with the string of each `Secret` in it.

    Lists, tuples, sets and dicts are copied, and nothing else is looked into.
    """
    if isinstance(value, Secret):
        return value.reveal()
    if type(value) is dict:
        return {plain(name): plain(each) for name, each in value.items()}
    if type(value) in {list, tuple, set, frozenset}:
        return type(value)(plain(each) for each in value)
    return value
