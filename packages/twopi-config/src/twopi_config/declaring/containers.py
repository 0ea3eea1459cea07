"""Lists and mappings: with commas, or in JSON.

JSON is recognized by its first character, so that a JSON list is never taken apart at
its commas; what begins like JSON and is not valid JSON is an error. Numbers of JSON
stay the strings they are, for the kind of the items to read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from twopi_config.declaring.kind import Kind


def sequence_of(make: Callable[[Any], Any], one: Kind | None) -> Kind | None:
    """Return the kind of a list, tuple or set whose items are of the kind *one*."""
    if one is None:
        return None
    item = one
    sort = make in {set, frozenset}

    def load(value: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError(item.wanted)  # noqa: TRY004
        return make(item.from_json(each) for each in value)

    def parse(text: str) -> Any:
        text = text.strip()
        if text.startswith("[") or not item.bare:
            return load(_decode(text))
        return make(item.parse(each) for each in _split(text))

    def dump(values: Any) -> Any:
        items = [item.to_json(each) for each in values]
        return sorted(items, key=str) if sort else items

    def spell(values: Any) -> str:
        texts = [item.spell(each) for each in values] if item.bare else []
        if texts and all(map(_is_bare, texts)) and not texts[0].startswith("["):
            return ",".join(sorted(texts) if sort else texts)
        return _encode(dump(values))

    form = "with commas or in JSON" if item.bare else "in JSON"
    wanted = f"a list {form}, each item {item.wanted}"
    return Kind(wanted, parse, spell, load, dump, bare=False)


def mapping_of(one: Kind | None) -> Kind | None:
    """Return the kind of a dict whose keys are strings and values of the kind *one*."""
    if one is None:
        return None
    item = one

    def load(value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError(item.wanted)  # noqa: TRY004
        return {name: item.from_json(each) for name, each in value.items()}

    def parse(text: str) -> Any:
        text = text.strip()
        if text.startswith("{") or not item.bare:
            return load(_decode(text))
        return {
            name: item.parse(each)
            for name, each in _unique(map(_pair, _split(text))).items()
        }

    def dump(values: Any) -> Any:
        return {name: item.to_json(each) for name, each in values.items()}

    def spell(values: Any) -> str:
        if not item.bare:
            return _encode(dump(values))
        texts = {name: item.spell(each) for name, each in values.items()}
        bare = all(
            _is_bare(name) and "=" not in name and (not text or _is_bare(text))
            for name, text in texts.items()
        )
        if texts and bare and not next(iter(texts)).startswith("{"):
            return ",".join(f"{name}={text}" for name, text in texts.items())
        return _encode(dump(values))

    form = "a list like a=...,b=... or a JSON object" if item.bare else "a JSON object"
    wanted = f"{form}, each value {item.wanted}"
    return Kind(wanted, parse, spell, load, dump, bare=False)


def _split(text: str) -> list[str]:
    """Return the items between the commas; one comma may end the list.

    Raises:
        ValueError: An item is empty.
    """
    items = [each.strip() for each in text.removesuffix(",").split(",")]
    if not all(items):
        raise ValueError
    return items


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = (each.strip() for each in text.partition("="))
    if not name or not equals:
        raise ValueError
    return name, value


def _is_bare(text: str) -> bool:
    """Return whether *text* reads back as one item between commas."""
    return bool(text) and "," not in text and text == text.strip()


def _decode(text: str) -> Any:
    def refuse(_: str) -> None:
        raise ValueError

    return json.loads(
        text,
        parse_int=str,
        parse_float=str,
        parse_constant=refuse,
        object_pairs_hook=_unique,
    )


def _encode(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return a dict.

    Raises:
        ValueError: A name is there twice.
    """
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ValueError
        made[name] = value
    return made
