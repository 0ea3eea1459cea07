"""What was found out before, as long as there is room for it."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Cache(Generic[T]):
    """A mapping that forgets what it knew first; for many threads.

    Args:
        size: How many keys it remembers.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._known: dict[Hashable, T] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: Hashable) -> T | None:
        """Return what is known of *key*, if anything is."""
        return self._known.get(key)

    def put(self, key: Hashable, value: T) -> None:
        """Remember *value*, and forget another if there are too many."""
        with self._lock:
            self._known[key] = value
            if len(self._known) > self.size:
                del self._known[next(iter(self._known))]
