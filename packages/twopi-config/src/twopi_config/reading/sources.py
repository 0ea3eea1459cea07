"""Where the text of a variable comes from: the environment, a file, a ``.env``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from twopi_config.declaring.variable import Variable
from twopi_config.errors import Problem

LARGEST = 2**20
"""Bytes of a file with a secret."""

EnvFile = str | os.PathLike[str] | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a source has for a variable.

    Attributes:
        name: The variable that is set: its own name, or that with ``_FILE``.
        origin: Where: ``"environment"`` or ``".env"``.
        text: Its text.
    """

    name: str
    origin: str
    text: str = field(repr=False)


class SourceError(Exception):
    """A variable cannot be got at; its argument is the `Problem`."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(Problem(name, message))
        self.problem = Problem(name, message)


class Sources:
    """The environment, then a ``.env`` file; an empty value counts as none.

    Args:
        environ: The environment.
        env_file: The file. One that is not there has nothing.

    Raises:
        SourceError: The file is there and cannot be read.
    """

    def __init__(self, environ: Mapping[str, str], env_file: EnvFile) -> None:
        self._places = {"environment": environ}
        if env_file is not None:
            self._places[".env"] = _read_env_file(Path(env_file))

    def find(self, variable: Variable) -> Found | None:
        """Return the text of *variable* from the first source that has it.

        Raises:
            SourceError: It is set twice, or its file cannot be read.
        """
        for origin, values in self._places.items():
            text = values.get(variable.name)
            name = variable.file_name
            path = values.get(name) if name else None
            if name and path:
                if text:
                    raise SourceError(name, f"and {variable.name} are set; keep one")
                return Found(name, origin, _read_secret(name, Path(path)))
            if text:
                return Found(variable.name, origin, text)
        return None


def _read_env_file(path: Path) -> Mapping[str, str]:
    from dotenv import dotenv_values

    try:
        with path.open(encoding="utf-8-sig") as stream:
            read = dotenv_values(stream=stream, interpolate=False)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise SourceError("env_file", "has to be a readable UTF-8 file") from None
    return {name: text for name, text in read.items() if text is not None}


def _read_secret(name: str, path: Path) -> str:
    """Return the text of a file without the line break that editors leave."""
    wanted = "has to name a file with the secret: readable, UTF-8, at most 1 MiB"
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        text = data.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError):
        raise SourceError(name, wanted) from None
    if not text or len(data) > LARGEST:
        raise SourceError(name, wanted)
    return text
