"""The location a parser reads, and the name it had in 1.x."""

from __future__ import annotations

import warnings
from collections.abc import Sequence


def one_location(
    location: str | Sequence[str] | None, locations: str | Sequence[str] | None
) -> str | None:
    """Return the location that the arguments of `BetterFlaskParser` name."""
    if locations is None and isinstance(location, str | None):
        return location
    if locations is not None and location is not None:
        raise TypeError("Give location or its 1.x name locations, not both")
    given = locations or location or ()
    names = [given] if isinstance(given, str) else list(given)
    if len(names) != 1:
        raise ValueError(
            f"Arguments are read from one location, not {names!r}; "
            "stack use_args(..., location=...) for several"
        )
    warnings.warn(
        f"Write BetterFlaskParser({names[0]!r}): locations has become location",
        DeprecationWarning,
        stacklevel=3,
    )
    return names[0]
