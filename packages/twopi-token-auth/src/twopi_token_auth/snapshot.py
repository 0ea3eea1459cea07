"""What a configuration says, to tell whether it has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

from twopi_token_auth.settings import SETTINGS

_KEYS = tuple(setting.key for setting in SETTINGS.values())
_FREEZE: dict[type, Callable[[Any], Any]] = {list: tuple, set: frozenset}


class Snapshot:
    """What a configuration says now, to tell later whether it still says the same.

    Lists and sets are copied, so that a change inside one of them shows as well.
    """

    __slots__ = ("_missing", "_mutable", "_read", "_values")

    def __init__(self, config: Mapping[str, Any]) -> None:
        present = [key for key in _KEYS if key in config]
        self._missing = frozenset(_KEYS).difference(present)
        self._read = itemgetter(*present, *present) if present else _nothing
        values = self._read(config)
        self._mutable = any(type(value) in _FREEZE for value in values)
        self._values = _freeze(values) if self._mutable else values

    def shows(self, config: Mapping[str, Any]) -> bool:
        """Tell whether *config* says the same as when the snapshot was taken."""
        try:
            values = self._read(config)
        except KeyError:
            return False
        if self._mutable:
            values = _freeze(values)
        return bool(values == self._values) and config.keys().isdisjoint(self._missing)


def _freeze(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        [
            _FREEZE[type(value)](value) if type(value) in _FREEZE else value
            for value in values
        ]
    )


def _nothing(config: Mapping[str, Any]) -> tuple[Any, ...]:  # noqa: ARG001
    return ()
