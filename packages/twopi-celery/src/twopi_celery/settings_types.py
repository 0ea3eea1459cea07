"""Settings as strings, as environment variables are, converted to their types."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from typing import Any, cast

from celery.app.defaults import NAMESPACES, Option, flatten

from twopi_celery.errors import ConfigurationError

TRUE = {"1", "true", "yes", "on", "t", "y"}
FALSE = {"0", "false", "no", "off", "f", "n"}
NOTHING = {"none", "null"}


@functools.cache
def _types() -> dict[str, str]:
    options = cast("Iterable[tuple[str, Option]]", flatten(NAMESPACES))
    return {
        name: getattr(option.type, "__name__", str(option.type))
        for name, option in options
    }


def convert(spelling: str, name: str, value: Any) -> Any:
    """Return *value*, or what it says if it is a string for a setting of another type.

    Args:
        spelling: How the setting is written.
        name: Its lower-case name.
        value: Its value.

    Raises:
        ConfigurationError: The string does not fit.
    """
    if not isinstance(value, str) or _types().get(name) not in READERS:
        return value
    words, read = READERS[_types()[name]]
    try:
        return None if value.strip().lower() in NOTHING else read(value.strip())
    except ValueError as error:
        raise ConfigurationError(
            f"{spelling} must be {words}, and is another string", spelling
        ) from error


def _bool(text: str) -> bool:
    word = text.lower()
    if word not in TRUE | FALSE:
        raise ValueError
    return word in TRUE


def _number(text: str) -> float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _list(text: str) -> list[str]:
    if text.startswith("["):
        return list(json.loads(text))
    return [part for each in text.split(",") if (part := each.strip())]


def _tuple(text: str) -> tuple[str, ...]:
    return tuple(_list(text))


def _dict(text: str) -> dict[str, Any]:
    return dict(json.loads(text))


READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "bool": ("true or false", _bool),
    "int": ("a whole number such as 300", int),
    "float": ("a number such as 300", _number),
    "list": ("a list, with commas or as JSON", _list),
    "tuple": ("a list, with commas or as JSON", _tuple),
    "any": ("anything", lambda text: int(text) if text.isdigit() else text),
    "dict": ("an object as JSON", _dict),
}
"""How strings are read, by the types that Celery's table of settings has."""
