"""The fast path for every schema of the process."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from marshmallow import Schema

from twopi_schemas.marshmallow_internals import DUMP, LOAD, VALIDATE
from twopi_schemas.mixin import core_of

if TYPE_CHECKING:
    from twopi_schemas.shadow import Shadow

#: The names that marshmallow's methods use; another set is a version unknown to us.
_KNOWN = {
    LOAD: [{"_do_load"}],
    DUMP: [
        {
            *("_hooks", "PRE_DUMP", "POST_DUMP", "_invoke_dump_processors"),
            *("_serialize", "many", "bool"),
        },
    ],
    VALIDATE: [
        {"ValidationError", "_do_load", "cast", "messages", "typing"},
        {
            *("ValidationError", "_do_load", "cast", "dict", "list", "messages"),
            *("str", "typing"),
        },
    ],
}
_KEY = "_twopi_schemas_installed"

_lock = threading.RLock()


class InstallError(RuntimeError):
    """marshmallow's `Schema` is not one that `install` knows."""


class _Settings(NamedTuple):
    chosen: bool = True
    shadow: Shadow | None = None


_settings: _Settings | None = None


def install(*, shadow: float | None = None, opt_in: bool = False) -> None:
    """Give the fast path to every marshmallow schema of this process.

    `load`, `loads`, `dump`, `dumps` and `validate` of each schema return what they
    returned before, also if a library calls them, or ``super().load()`` in an override.
    Nothing else of marshmallow changes. Call it when the application starts; calling it
    again only changes the settings, and `uninstall` takes it back.

    Args:
        shadow: a share of calls, from 0 to 1. marshmallow then answers every call; that
            share is done by the fast path too, and a difference is logged as a warning
            by the logger ``twopi_schemas``, without the data. Calls that run code of
            yours are not done twice.
        opt_in: compile only the schemas with ``compiled = True`` in their ``Meta``. By
            default all are, except those with ``compiled = False``.

    Raises:
        InstallError: if marshmallow's methods are not the ones known to this version,
            or another library has replaced them.
        ValueError: if *shadow* is not from 0 to 1.
    """
    global _settings  # noqa: PLW0603 - one per process
    if shadow is not None and not 0 <= shadow <= 1:
        raise ValueError(f"shadow is {shadow!r}; pass a share of calls from 0 to 1")
    with _lock:
        if _settings is None:
            _check()
        _settings = _Settings(not opt_in, _shadow(shadow))
        _patch(load=_load, dump=_dump, validate=_validate)


def _shadow(share: float | None) -> Shadow | None:
    if share is None:
        return None
    from twopi_schemas.shadow import Shadow

    return Shadow(share)


def uninstall() -> None:
    """Give marshmallow its own methods back; do nothing if they are not replaced.

    Raises:
        InstallError: if another library has replaced them since.
    """
    global _settings  # noqa: PLW0603
    with _lock:
        if _settings is None:
            return
        ours = {"load": _load, "dump": _dump, "validate": _validate}
        for name, function in ours.items():
            if vars(Schema)[name] is not function:
                raise InstallError(
                    f"marshmallow.Schema.{name} was replaced after install(); "
                    "undo that first"
                )
        _patch(load=LOAD, dump=DUMP, validate=VALIDATE)
        _settings = None


def is_installed() -> bool:
    """Return whether `install` is in force."""
    return _settings is not None


def _check() -> None:
    for name, original in (("load", LOAD), ("dump", DUMP), ("validate", VALIDATE)):
        if vars(Schema)[name] is not original:
            raise InstallError(
                f"marshmallow.Schema.{name} was replaced by "
                f"{vars(Schema)[name].__module__}; do not install both"
            )
        used = set(original.__code__.co_names)
        if used not in _KNOWN[original]:
            from importlib.metadata import version

            raise InstallError(
                f"marshmallow.Schema.{name} of marshmallow {version('marshmallow')} is "
                "not known to this twopi-schemas; update it, or use compiled() instead"
            )


def _patch(**methods: Any) -> None:
    for name, function in methods.items():
        if vars(Schema)[name] is not function:
            setattr(Schema, name, function)


@functools.wraps(LOAD)
def _load(
    self: Any, data: Any, *, many: Any = None, partial: Any = None, unknown: Any = None
) -> Any:
    settings = _settings
    if settings is None:
        return LOAD(self, data, many=many, partial=partial, unknown=unknown)
    core = core_of(self, Schema, _KEY, chosen=settings.chosen)
    if core is None:
        return LOAD(self, data, many=many, partial=partial, unknown=unknown)
    if settings.shadow is not None:
        return settings.shadow.load(
            core, data, many=many, partial=partial, unknown=unknown
        )
    return core.load(data, many=many, partial=partial, unknown=unknown)


@functools.wraps(DUMP)
def _dump(self: Any, obj: Any, *, many: Any = None) -> Any:
    settings = _settings
    if settings is None:
        return DUMP(self, obj, many=many)
    core = core_of(self, Schema, _KEY, chosen=settings.chosen)
    if core is None:
        return DUMP(self, obj, many=many)
    if settings.shadow is not None:
        return settings.shadow.dump(core, obj, many=many)
    return core.dump(obj, many=many)


@functools.wraps(VALIDATE)
def _validate(self: Any, data: Any, *, many: Any = None, partial: Any = None) -> Any:
    settings = _settings
    if settings is None or settings.shadow is not None:
        return VALIDATE(self, data, many=many, partial=partial)
    core = core_of(self, Schema, _KEY, chosen=settings.chosen)
    if core is None:
        return VALIDATE(self, data, many=many, partial=partial)
    return core.validate(data, many=many, partial=partial)
