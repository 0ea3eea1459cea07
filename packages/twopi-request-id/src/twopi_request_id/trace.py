"""The headers ``traceparent`` and ``tracestate`` of W3C Trace Context."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from typing import Self

_PARENT = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})"
    r"(-.*)?",
    re.ASCII,
)
_MEMBER = re.compile(
    r"(?:[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13}|[a-z][a-z0-9_*/-]{0,255})"
    r"=[ -+\--<>-~]{0,255}[!-+\--<>-~]"
)
_LONGEST_STATE = 512
_MOST_MEMBERS = 32


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A place in a distributed trace.

    See W3C Trace Context, sections 3.2 and 3.3: https://www.w3.org/TR/trace-context/

    Attributes:
        trace_id: The id of the whole trace: 32 lower-case hexadecimal digits.
        span_id: The id of what goes on here, the *parent-id* of what it causes: 16
            digits.
        sampled: Whether the caller may have recorded its part.
        random: Whether *trace_id* was made at random, as new ones are (Level 2).
        state: The header ``tracestate``, handed on unchanged; may be empty.
    """

    trace_id: str
    span_id: str
    sampled: bool = False
    random: bool = True
    state: str = ""

    @classmethod
    def new(cls) -> Self:
        """Return the beginning of a new trace, not sampled."""
        return cls(_random_id(16), _random_id(8))

    @classmethod
    def parse(cls, traceparent: object, tracestate: object = "") -> Self | None:
        """Return what the two headers say.

        Args:
            traceparent: The value of the header. Of a version later than ``00`` the
                first four fields are read.
            tracestate: The value of the header. An invalid one is ignored.

        Returns:
            The place of the caller; use its `child`. ``None`` if *traceparent* is not
            valid.
        """
        if not isinstance(traceparent, str):
            return None
        found = _PARENT.fullmatch(traceparent)
        if found is None or (found[1] == "00" and found[5]):
            return None
        flags = int(found[4], 16)
        return cls(
            found[2], found[3], bool(flags & 1), bool(flags & 2), _state(tracestate)
        )

    def child(self) -> Self:
        """Return a new place in the same trace, caused by this one."""
        return replace(self, span_id=_random_id(8))

    @property
    def traceparent(self) -> str:
        """The header of that name for what is caused here, in version ``00``."""
        return f"00-{self.trace_id}-{self.span_id}-{self.sampled + 2 * self.random:02x}"


def _random_id(size: int) -> str:
    """Return *size* random bytes in hexadecimal, not all zero."""
    while not (made := secrets.token_bytes(size)).strip(b"\0"):
        pass
    return made.hex()


def _state(text: object) -> str:
    """Return *text* if it is a valid ``tracestate``, else an empty string."""
    if not isinstance(text, str) or len(text) > _LONGEST_STATE:
        return ""
    members = [member for part in text.split(",") if (member := part.strip(" \t"))]
    keys = {member.partition("=")[0] for member in members}
    valid = len(keys) == len(members) <= _MOST_MEMBERS
    return text if valid and all(map(_MEMBER.fullmatch, members)) else ""
