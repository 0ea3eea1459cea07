"""What `document` raises; nothing is raised while views are served.

.. code-block:: text

    DocumentError(ValueError)
      DuplicateOperationError   two operations have one operationId
      AmbiguousPathError        two rules have one path and one method
      UnknownLocationError      arguments are read where OpenAPI has no place for them
"""

from __future__ import annotations


class DocumentError(ValueError):
    """The application cannot be described.

    Attributes:
        rule: The URL rule.
        endpoint: Its endpoint.
    """

    def __init__(self, message: str, *, rule: str = "", endpoint: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.endpoint = endpoint


class DuplicateOperationError(DocumentError):
    """Two operations have the same operationId."""


class AmbiguousPathError(DocumentError):
    """Two rules have the same method and paths that OpenAPI cannot tell apart."""


class UnknownLocationError(DocumentError):
    """A view reads arguments from a location that OpenAPI does not have."""
