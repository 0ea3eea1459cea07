"""All variables of a class of settings, read at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twopi_config.declaring.variable import Variable
from twopi_config.errors import Problem, SettingsError
from twopi_config.reading.document import missing, refused
from twopi_config.reading.sources import EnvFile, SourceError, Sources


class Reading:
    """The values, where they come from, and what is wrong with the others.

    It is an object of its own so that no frame of a traceback has a value in a
    variable.

    Args:
        variables: What to read.
        environ: The environment.
        env_file: A ``.env`` file, or `None`.
    """

    def __init__(
        self,
        variables: Iterable[Variable],
        environ: Mapping[str, str],
        env_file: EnvFile,
    ) -> None:
        self.values: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self._problems: list[Problem] = []
        self._read(variables, environ, env_file)

    def check(self) -> Reading:
        """Return this, if nothing is wrong.

        Raises:
            SettingsError: Variables are missing or cannot be used.
        """
        if self._problems:
            raise SettingsError(self._problems)
        return self

    def _read(
        self,
        variables: Iterable[Variable],
        environ: Mapping[str, str],
        env_file: EnvFile,
    ) -> None:
        try:
            sources = Sources(environ, env_file)
            for variable in variables:
                self._read_one(sources, variable)
        except SourceError as error:
            self._problems.append(error.problem)

    def _read_one(self, sources: Sources, variable: Variable) -> None:
        name = variable.name
        try:
            found = sources.find(variable)
            if found is not None:
                name = found.name
                self.values[variable.field] = variable.read(found.text)
                behind = "" if name == variable.name else f", {name}"
                self.origins[variable.name] = found.origin + behind
            elif variable.required:
                self._problems.append(Problem(name, missing(variable)))
            else:
                self.origins[variable.name] = "default"
        except SourceError as error:
            self._problems.append(error.problem)
        except ValueError:
            self._problems.append(Problem(name, refused(variable)))
