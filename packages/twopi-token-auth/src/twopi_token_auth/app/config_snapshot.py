"""What a configuration says, to tell whether it has changed."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from operator import itemgetter
from typing import Any

from twopi_token_auth.app.settings import SETTINGS

_KEYS = tuple(setting.key for setting in SETTINGS.values())


class Snapshot:
    """What a configuration says now, to tell later whether it still says the same.

    Lists and sets are copied, so that a change inside one of them shows as well.
    """

    __slots__ = ("_missing", "_read", "_values")

    def __init__(self, config: Mapping[str, Any]) -> None:
        present = [key for key in _KEYS if key in config]
        self._missing = frozenset(_KEYS).difference(present)
        # With two keys or more, the getter gives a tuple.
        self._read = itemgetter(*present, *present[:1]) if present else _nothing
        self._values = tuple(
            copy(value) if isinstance(value, (list, set)) else value
            for value in self._read(config)
        )

    def shows(self, config: Mapping[str, Any]) -> bool:
        """Tell whether *config* says the same as when the snapshot was taken."""
        try:
            same: bool = self._read(config) == self._values
        except KeyError:
            return False
        return same and config.keys().isdisjoint(self._missing)


def _nothing(config: Mapping[str, Any]) -> tuple[Any, ...]:  # noqa: ARG001
    return ()
