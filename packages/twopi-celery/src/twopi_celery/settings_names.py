"""The one name of each Celery setting, whichever way it is spelled."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any, cast

from celery.app.defaults import NAMESPACES, Option, flatten

from twopi_celery.errors import ConfigurationError


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
    """Give each Celery setting its lower-case name and leave the others alone.

    Celery itself refuses old names next to new ones, at the first use of the
    configuration, and ignores ``CELERY_TASK_ACKS_LATE`` without a word.

    Args:
        settings: Settings with any mixture of names.

    Raises:
        ConfigurationError: One setting is spelled in two ways with two values.
    """
    known = spellings()
    found: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    for spelling, value in settings.items():
        name = known.get(spelling, spelling)
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
