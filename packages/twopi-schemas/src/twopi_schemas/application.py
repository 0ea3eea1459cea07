"""Find the schemas of a package or an application."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from marshmallow import Schema

from twopi_schemas.decide.plan import is_schema_class


class NotFoundError(Exception):
    """Nothing has this name; the message says what was looked for."""


def schemas_of(name: str) -> list[type[Schema] | Schema]:
    """Return the schemas that *name* stands for.

    Args:
        name: ``module:Schema`` for one schema; a module or package for all schemas
            that are defined in it; ``module:anything``, such as a Flask application,
            for all of the module's top-level package.

    Raises:
        NotFoundError: if there is no such module or attribute.
    """
    module, _, attribute = name.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
        for part in filter(None, attribute.split(".")):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise NotFoundError(f"{name!r}: {error}") from error
    if isinstance(found, Schema) or is_schema_class(found):
        return [found]
    top = module if isinstance(found, ModuleType) else module.partition(".")[0]
    _import_all(importlib.import_module(top))
    within = {kind for kind in _subclasses(Schema) if _is_within(kind.__module__, top)}
    return [*sorted(within, key=_place)]


def _place(kind: type[Schema]) -> tuple[str, str]:
    return kind.__module__, kind.__qualname__


def _import_all(package: ModuleType) -> None:
    """Import the modules of *package*, except those that run when imported."""
    for module in pkgutil.walk_packages(
        getattr(package, "__path__", ()), f"{package.__name__}."
    ):
        if not module.name.endswith(".__main__"):
            try:
                importlib.import_module(module.name)
            except ImportError as error:
                raise NotFoundError(f"{module.name!r}: {error}") from error


def _subclasses(kind: type[Schema]) -> Iterator[type[Schema]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)


def _is_within(module: str, top: str) -> bool:
    return module == top or module.startswith(f"{top}.")
