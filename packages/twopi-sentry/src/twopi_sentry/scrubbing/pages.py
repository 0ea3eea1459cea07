"""The texts of an event on one page, so that all of them are looked at in one go."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from typing import Any

from twopi_config import Vocabulary
from twopi_config.vocabulary import cut_out
from twopi_sentry.scrubbing.budget import Budget
from twopi_sentry.scrubbing.encodings import Span
from twopi_sentry.scrubbing.protocol import (
    BAG,
    CODE,
    FIXED,
    HIDDEN,
    NAMES,
    Each,
    Fields,
    Shape,
)

FILTERED = "[Filtered]"
"""What stands in place of a secret; the word Sentry itself uses."""

_BETWEEN = "\n\0\n"


class Page:
    """Texts, and where each of them belongs."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._places: list[tuple[Any, Any]] = []

    def put(self, text: str, container: Any, key: Any) -> None:
        """Add *text*, which is ``container[key]``."""
        self.texts.append(text)
        self._places.append((container, key))

    def clean(self, find: Callable[[str], Iterable[Span]]) -> None:
        """Replace what *find* finds on the whole page."""
        starts = [0, *accumulate(len(each) + len(_BETWEEN) for each in self.texts)]
        spans: dict[int, list[Span]] = {}
        for start, end in find(_BETWEEN.join(self.texts)):
            at = bisect_right(starts, start) - 1
            while at < len(self.texts) and starts[at] < end:  # it may span two texts
                span = (max(0, start - starts[at]), end - starts[at])
                spans.setdefault(at, []).append(span)
                at += 1
        for at, found in spans.items():
            container, key = self._places[at]
            size = len(self.texts[at])
            within = [(start, min(end, size)) for start, end in found if start < size]
            container[key] = cut_out(self.texts[at], within, FILTERED)


class Pages:
    """A copy of an event, with its texts on pages by how they are looked at."""

    def __init__(
        self, vocabulary: Vocabulary, budget: Budget, is_known: Callable[[str], bool]
    ) -> None:
        self.values = Page()
        self.code = Page()
        self.keys = Page()
        self._is_known = is_known
        self._renamed: list[tuple[dict[str, Any], list[str]]] = []
        self._vocabulary = vocabulary
        self._budget = budget

    def put(self, value: Any, shape: Shape) -> Any:
        """Return a copy of *value* whose texts are on the pages."""
        holder = [value]
        holder[0] = self._put(value, shape, holder, 0)
        return holder[0]

    def characters(self) -> int:
        """Return how much text there is."""
        pages = (self.values, self.code, self.keys)
        return sum(map(len, (text for page in pages for text in page.texts)))

    def rename(self) -> None:
        """Give the mappings the keys that are on the page of keys now."""
        for mapping, names in self._renamed:
            if [*mapping] != names:
                items = dict(zip(names, [*mapping.values()], strict=False))
                mapping.clear()
                mapping.update(items)

    def _put(self, value: Any, shape: Shape, container: Any, key: Any) -> Any:
        if shape is FIXED or value is None:
            return value
        if isinstance(shape, Fields):
            return self._fields(value, shape, container, key)
        if isinstance(shape, Each):
            return self._each(value, shape, container, key)
        if shape is HIDDEN:
            return (
                dict.fromkeys(value, FILTERED) if isinstance(value, dict) else FILTERED
            )
        if shape is CODE:
            return self._code(value, container, key)
        return self._bag(value, container, key, names=shape is not NAMES)

    def _fields(self, value: Any, shape: Fields, container: Any, key: Any) -> Any:
        if not isinstance(value, Mapping):
            return self._bag(value, container, key)
        copy: dict[str, Any] = {}
        for name, each in value.items():
            kind = shape.named.get(name)
            if kind is None:
                kind = shape.others
                if kind is BAG and self._vocabulary.hides(name, each):
                    copy[name] = FILTERED
                    continue
            copy[name] = each if kind is FIXED else self._put(each, kind, copy, name)
        return copy

    def _each(self, value: Any, shape: Each, container: Any, key: Any) -> Any:
        if isinstance(value, Mapping) and "values" in value:
            return {**value, "values": self._each(value["values"], shape, None, None)}
        if not isinstance(value, list | tuple):
            return self._bag(value, container, key)
        copy: list[Any] = [None] * len(value)
        for at, each in enumerate(value):
            copy[at] = self._put(each, shape.shape, copy, at)
        return copy

    def _code(self, value: Any, container: Any, key: Any) -> Any:
        if isinstance(value, str):
            self.code.put(value, container, key)
            return value
        if not isinstance(value, list | tuple):
            return self._bag(value, container, key)
        copy = [*value]
        for at, line in enumerate(copy):
            if isinstance(line, str):
                self.code.put(line, copy, at)
        return copy

    def _bag(self, value: Any, container: Any, key: Any, *, names: bool = True) -> Any:
        if isinstance(value, str):
            if names and value:
                self.values.put(value, container, key)
            return value
        self._budget.step()
        if isinstance(value, Mapping):
            return self._mapping(value, names=names)
        if isinstance(value, list | tuple):
            return self._list(value, names=names)
        if isinstance(value, int) and not isinstance(value, bool):
            known = abs(value) > 99_999 and self._is_known(str(value))
            return FILTERED if known else value
        if value is None or isinstance(value, bool | float | dt.datetime):
            return value
        text = repr(value)
        self.values.put(text, container, key)
        return text

    def _mapping(self, value: Mapping[Any, Any], *, names: bool) -> dict[str, Any]:
        copy: dict[str, Any] = {}
        keys: list[str] = []
        said = value.get("name") if names and len(value) <= 8 else None
        hides = self._vocabulary.hides
        for name, each in value.items():
            text = name if type(name) is str else str(name)
            if names and (
                hides(text, each) or (text == "value" and said and hides(said, each))
            ):
                copy[text] = FILTERED
            else:
                copy[text] = self._bag(each, copy, text, names=names)
            if len(text) >= 6:  # a shorter one is not a secret
                self.keys.put(text, keys, len(keys))
            keys.append(text)
        self._renamed.append((copy, keys))
        return copy

    def _list(self, value: Any, *, names: bool) -> list[Any]:
        items = [*value]
        if names and len(items) == 2 and self._vocabulary.hides(items[0], items[1]):
            items[1] = FILTERED
        copy: list[Any] = [None] * len(items)
        for at, each in enumerate(items):
            copy[at] = self._bag(each, copy, at, names=names)
        return copy
