"""What is raised for settings and calls that cannot work."""

from __future__ import annotations


class ConfigurationError(ValueError):
    """A setting is missing or cannot be used, or a call comes too late.

    The message names the settings and the remedy; it never shows a value that may be
    a secret.

    Attributes:
        settings: The names of the settings in question; may be empty.
    """

    def __init__(self, message: str, *settings: str) -> None:
        super().__init__(message, *settings)
        self.settings = settings

    def __str__(self) -> str:
        return str(self.args[0])
