"""All variables of a class of settings, read at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from twopi_config.declaring.variable import Variable
from twopi_config.errors import Problem, SettingsError
from twopi_config.reading.document import missing, refused
from twopi_config.reading.sources import Found, SourceError, Sources


class Reading:
    """The values, where they come from, and what is wrong with the others.

    It is an object of its own so that no frame of a traceback has a value in a
    variable.

    Attributes:
        values: The value of each variable that is set, by its field.
        origins: Where each value comes from, by the name of the variable.

    Args:
        variables: What to read.
        sources: Opens the sources.
        unknown: Yields a problem for each variable that is not declared.
    """

    def __init__(
        self,
        variables: Iterable[Variable],
        sources: Callable[[], Sources],
        unknown: Callable[[Sources], Iterable[Problem]],
    ) -> None:
        self.values: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self._problems: list[Problem] = []
        try:
            opened = sources()
        except SourceError as error:
            self._problems.append(error.problem)
            return
        self._problems += opened.problems
        self._read([*variables], opened)
        self._problems += unknown(opened)

    def check(self) -> Reading:
        """Return this, if nothing is wrong.

        Raises:
            SettingsError: Variables are missing or cannot be used.
        """
        if self._problems:
            raise SettingsError(self._problems)
        return self

    def _read(self, variables: list[Variable], sources: Sources) -> None:
        found: dict[str, Found | SourceError | None] = {}
        for each in variables:
            try:
                found[each.field] = sources.find(each)
            except SourceError as error:
                found[each.field] = error
        active = {*_groups(path for path, it in found.items() if it is not None)}
        for each in variables:
            self._take(each, found[each.field], not each.group or each.group in active)

    def _take(
        self, variable: Variable, found: Found | SourceError | None, needed: bool
    ) -> None:
        if isinstance(found, SourceError):
            self._problems.append(found.problem)
        elif found is not None:
            behind = "" if found.name == variable.name else f", {found.name}"
            try:
                self.values[variable.field] = variable.read(found.text)
                self.origins[variable.name] = found.origin + behind
            except ValueError:
                self._problems.append(Problem(found.name, refused(variable)))
        elif variable.required and needed:
            self._problems.append(Problem(variable.name, missing(variable)))
        else:
            self.origins[variable.name] = "default"


def _groups(paths: Iterable[str]) -> Iterator[str]:
    """Yield every field that one of *paths* is nested in."""
    for path in paths:
        names = path.split(".")
        for count in range(1, len(names)):
            yield ".".join(names[:count])
