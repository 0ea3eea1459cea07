"""What is raised at start-up; nothing is raised while requests are served."""

from __future__ import annotations


class ConfigurationError(ValueError):
    """A setting cannot be used.

    Attributes:
        setting: Its name.
    """

    def __init__(self, message: str, setting: str) -> None:
        super().__init__(message)
        self.setting = setting
