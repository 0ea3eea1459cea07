"""A clock that stands still until it is told otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from twopi_token_auth import clock


class FrozenClock:
    """Stops the time of this package, for all threads, while its block runs.

    Tokens, sessions and keys then are as old as the clock says. Nothing else notices.

    >>> from datetime import UTC, datetime
    >>> from twopi_token_auth import ShortlivedTokenMixin
    >>> from twopi_token_auth.testing import FrozenClock
    >>> secret = "a secret of at least thirty-two bytes"
    >>> with FrozenClock(datetime(2030, 1, 1, tzinfo=UTC)) as clock:
    ...     text = ShortlivedTokenMixin(expiry=datetime(2030, 1, 2, tzinfo=UTC)).dump(
    ...         secret
    ...     )
    ...     clock.tick(24 * 3600 - 1)
    ...     assert ShortlivedTokenMixin.load(text, secret)
    ...     clock.tick(1)
    ...     assert ShortlivedTokenMixin.load(text, secret) is None

    Args:
        now: The time to begin with, aware; None means the present.

    Raises:
        ValueError: *now* has no time zone.
    """

    def __init__(self, now: datetime | None = None) -> None:
        if now is None:
            now = clock.now()
        if now.utcoffset() is None:
            raise ValueError("now has no time zone; use an aware datetime")
        self.now = now
        self._running: dict[str, Any] = {}

    def tick(self, by: timedelta | float = 1) -> None:
        """Let time go by.

        Args:
            by: How much, in seconds or as a timedelta.
        """
        self.now += by if isinstance(by, timedelta) else timedelta(seconds=by)

    def __enter__(self) -> Self:
        """Stop the time."""
        self._running = {name: vars(clock)[name] for name in ("time", "monotonic")}
        vars(clock).update(dict.fromkeys(self._running, self._seconds))
        return self

    def __exit__(self, *_: object) -> None:
        """Let it run again."""
        vars(clock).update(self._running)

    def _seconds(self) -> float:
        return self.now.timestamp()
