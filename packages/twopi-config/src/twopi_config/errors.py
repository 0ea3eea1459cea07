"""What is raised for a URL or a setting that cannot be used.

.. code-block:: text

    ConfigError (ValueError)
    ├── UrlError            a URL, or a part of one
    ├── SettingsError       variables of the environment, all at once
    └── DeclarationError    a class of settings
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ConfigError(ValueError):
    """The configuration cannot be used.

    No message quotes a value, so each may be logged.
    """


class UrlError(ConfigError):
    """A URL, or a part of one, cannot be used.

    The message says what is wrong and how to put it right. It never quotes the URL,
    its user name or its password.

    Attributes:
        part: The name of the faulty argument of `build_url`, for example ``"port"``.
    """

    def __init__(self, part: str, message: str) -> None:
        super().__init__(part, message)
        self.part = part

    def __str__(self) -> str:
        return f"{self.part} {self.args[1]}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one variable.

    Attributes:
        name: The variable as it is, or should be, in the environment; or the file and
            the number of a line that cannot be read, such as ``.env:3``.
        message: What it must be. It depends on the declaration alone, never on the
            value.
    """

    name: str
    message: str

    def __str__(self) -> str:
        return f"{self.name} {self.message}"


class SettingsError(ConfigError):
    """Variables are missing or have values that cannot be used.

    Attributes:
        problems: One for each such variable: lines of files that cannot be read, then
            the declared variables in their order, then those that are not declared.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = "1 setting" if count == 1 else f"{count} settings"
        lines = [f"{head} cannot be used:", *map(str, self.problems)]
        return "\n  ".join(lines)


class DeclarationError(ConfigError):
    """A class of settings is declared in a way that cannot work.

    Raised where the class is defined. The message names class and field.
    """
