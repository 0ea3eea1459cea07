"""Unions: of several kinds, the first one that reads a string counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twopi_config.declaring.kind import Kind
from twopi_config.declaring.scalars import SCALARS
from twopi_config.secret import Secret

_ANYTHING = (SCALARS[str], SCALARS[Secret], SCALARS[Path])
"""What reads every string."""


def union_of(kinds: Sequence[Kind | None]) -> Kind | None:
    """Return the kind of a union of *kinds*, in their order.

    A kind that reads every string must be the last one, since those after it would
    never be asked. It is `None` if that is not so, or if one of them is `None`.
    """
    known = [each for each in kinds if each is not None]
    if len(known) < len(kinds) or any(each in _ANYTHING for each in known[:-1]):
        return None
    return known[0] if len(known) == 1 else _union(known)


def _union(kinds: Sequence[Kind]) -> Kind:
    def first(ask: Callable[[Kind], Any]) -> Any:
        for each in kinds[:-1]:
            try:
                return ask(each)
            except Exception:  # noqa: BLE001, S112  a parser may raise anything
                continue
        return ask(kinds[-1])

    def parse(text: str) -> Any:
        return first(lambda kind: kind.parse(text))

    def spell(value: Any) -> str:
        def spelled(kind: Kind) -> str:
            text = kind.spell(value)
            again = parse(text)
            if type(again) is not type(value) or again != value:
                raise ValueError(kind.wanted)
            return text

        return str(first(spelled))

    def load(value: Any) -> Any:
        return first(lambda kind: kind.from_json(value))

    wanted = " or ".join(each.wanted for each in kinds)
    bare = all(each.bare for each in kinds)
    return Kind(wanted, parse, spell, load, spell, bare)
