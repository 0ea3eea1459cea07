"""The one name of each Celery setting, whichever way it is spelled."""

from __future__ import annotations

import difflib
import functools
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from celery.app.defaults import NAMESPACES, Option, flatten

from twopi_celery.errors import ConfigurationError, MisspeltSettingWarning
from twopi_celery.settings_types import convert

NESTED = "CELERY"
"""The setting that may hold those of Celery, as a mapping."""


@functools.cache
def spellings() -> dict[str, str]:
    """Map each spelling of a Celery setting to its lower-case name.

    There are up to three: ``task_acks_late``; ``CELERY_ACKS_LATE``, as before Celery 4;
    and ``CELERY_TASK_ACKS_LATE``, the lower-case name behind a prefix.
    """
    names: dict[str, str] = {}
    for name, option in cast("Iterable[tuple[str, Option]]", flatten(NAMESPACES)):
        old = [each.format(name).upper() for each in option.old] or [name.upper()]
        names.update(dict.fromkeys([name, f"CELERY_{name.upper()}", *old], name))
    return names


def normalize(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Give each Celery setting its lower-case name and its type, leave others alone.

    Celery itself refuses old names next to new ones, at the first use of the
    configuration, and ignores ``CELERY_TASK_ACKS_LATE`` without a word.

    Args:
        settings: Settings with any mixture of names; those of Celery may also be in a
            mapping ``CELERY``, as the documentation of Flask has it.

    Raises:
        ConfigurationError: One setting is spelled in two ways with two values, or a
            string cannot be converted to the type of its setting.
    """
    known = spellings()
    found: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    for spelling, key, given in _each(settings):
        name = known.get(key, key)
        if name == key and isinstance(name, str):
            report_misspelt(spelling, key)
        value = convert(spelling, name, given)
        if name in found and found[name] != value:
            other = spelled[name]
            raise ConfigurationError(
                f"{other} and {spelling} are the same setting with different values; "
                f"keep one, best as {name}",
                other,
                spelling,
            )
        found[name] = value
        spelled.setdefault(name, spelling)
    return found


def _each(settings: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield each setting: how it is written, its name and its value."""
    for name, value in settings.items():
        if name == NESTED and isinstance(value, Mapping):
            for key, nested in value.items():
                yield f"{NESTED}[{key!r}]", key, nested
        else:
            yield name, name, value


def report_misspelt(spelling: str, name: str) -> None:
    """Warn of a name that is nearly one of Celery's.

    Args:
        spelling: How the setting is written.
        name: Its name.
    """
    known = spellings()
    nested = spelling != name
    if name in known or not (nested or name.startswith(_beginnings())):
        return
    near = difflib.get_close_matches(name, known, 1, 0.9)
    if near:
        warnings.warn(
            MisspeltSettingWarning(
                f"{spelling} is not a setting of Celery; did you mean {near[0]}?",
                spelling,
            ),
            stacklevel=2,
        )


@functools.cache
def _beginnings() -> tuple[str, ...]:
    """Return what names of Celery's settings begin with."""
    words = {name.partition("_")[0] for name in spellings()}
    return tuple(f"{word}_" for word in words)
