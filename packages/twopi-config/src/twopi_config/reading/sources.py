"""The sources of settings: the environment, ``.env`` files, a folder of secrets."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from twopi_config.declaring.variable import Variable
from twopi_config.errors import Problem
from twopi_config.reading.bounded_file import read_text
from twopi_config.reading.env_file import read_env_file

StrPath = str | os.PathLike[str]
EnvFiles = StrPath | Iterable[StrPath] | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a source has for a variable.

    Attributes:
        name: The variable that is set: its own name, or that with ``_FILE``.
        origin: Where: ``"environment"``, the name of the ``.env`` file, or
            ``"secrets_dir"``.
        text: Its text.
    """

    name: str
    origin: str
    text: str = field(repr=False)


class SourceError(Exception):
    """A variable cannot be read; its argument is the `Problem`."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(Problem(name, message))
        self.problem = Problem(name, message)


class Sources:
    """The environment, then ``.env`` files, then a folder; empty values count as none.

    Attributes:
        problems: One for each line of the files that cannot be read.

    Args:
        environ: The environment.
        env_files: Files; the last one that sets a variable counts. One that is not
            there has nothing.
        secrets_dir: A folder with a file for each variable. One that is not there has
            nothing.

    Raises:
        SourceError: A file or the folder is there and cannot be read.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        env_files: EnvFiles,
        secrets_dir: StrPath | None,
    ) -> None:
        self._places: list[tuple[str, Mapping[str, str]]] = []
        self.problems: list[Problem] = []
        for path in _paths(env_files):
            try:
                values, problems = read_env_file(path)
            except (OSError, ValueError):
                raise SourceError(
                    "env_file", "must be a readable UTF-8 file of at most 1 MiB"
                ) from None
            self._places.insert(0, (path.name, values))
            self.problems += problems
        self._places.insert(0, ("environment", environ))
        self._folder = None if secrets_dir is None else Path(secrets_dir)
        folder = self._folder
        if folder is not None and folder.exists() and not folder.is_dir():
            raise SourceError("secrets_dir", "must be a folder with a file a variable")

    def find(self, variable: Variable) -> Found | None:
        """Return the text of *variable* from the first source that has it.

        Raises:
            SourceError: It is set twice, or its file cannot be read.
        """
        for origin, values in self._places:
            text = values.get(variable.name)
            name = variable.file_name
            path = values.get(name) if name else None
            if name and path:
                if text:
                    raise SourceError(name, f"and {variable.name} are set; keep one")
                return Found(name, origin, _read_value(name, Path(path)))
            if text:
                return Found(variable.name, origin, text)
        return self._find_in_folder(variable.name)

    def _find_in_folder(self, name: str) -> Found | None:
        if self._folder is None:
            return None
        for path in (self._folder / name, self._folder / name.lower()):
            if os.path.lexists(path):
                return Found(name, "secrets_dir", _read_value(name, path))
        return None

    def names(self) -> Iterator[str]:
        """Yield the names that the environment and the files give a value."""
        for _, values in self._places:
            yield from (name for name, text in values.items() if text)

    def linked(self, name: str) -> bool:
        """Return whether *name* holds the address of a service, as Docker writes it."""
        return any(
            values.get(name, "").startswith(("tcp://", "udp://", "sctp://"))
            for _, values in self._places
        )


def _paths(files: EnvFiles) -> list[Path]:
    if files is None:
        return []
    return (
        [Path(files)] if isinstance(files, str | os.PathLike) else [*map(Path, files)]
    )


def _read_value(name: str, path: Path) -> str:
    """Return the text of a file without the line break that editors leave."""
    wanted = "must name a file with the value: readable, UTF-8, at most 1 MiB"
    try:
        text = read_text(path).removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError):
        raise SourceError(name, wanted) from None
    if not text:
        raise SourceError(name, wanted)
    return text
