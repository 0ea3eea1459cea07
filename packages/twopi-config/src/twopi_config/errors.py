"""What is raised for a URL, or a part of one, that cannot be used."""

from __future__ import annotations


class UrlError(ValueError):
    """A URL, or a part of one, cannot be used.

    The message says what is wrong and how to put it right. It never quotes the URL,
    its user name or its password, so it may be logged.

    Attributes:
        part: The name of the faulty argument of `build_url`, for example ``"port"``.
    """

    def __init__(self, part: str, message: str) -> None:
        super().__init__(part, message)
        self.part = part

    def __str__(self) -> str:
        return f"{self.part} {self.args[1]}"
