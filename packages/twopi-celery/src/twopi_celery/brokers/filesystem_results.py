"""Results in files: Celery's ``file://``, whose folder may come and go."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery.backends.filesystem import FilesystemBackend
from kombu.exceptions import OperationalError
from kombu.utils.encoding import ensure_bytes

FILE = "twopi_celery.brokers.filesystem_results:Backend"
"""What `create_celery` uses for ``file://``."""


class Backend(FilesystemBackend):
    """A result backend that needs its folder only for a result.

    Celery's raises ``ImproperlyConfigured`` for each task that is sent while the folder
    is missing or full, also for tasks that ignore their result.
    """

    # Celery's, which has no types
    path: bytes
    _filename: Any

    def _do_directory_test(self, _: bytes) -> None:
        """Make the folder if it can be made; else the first result raises."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def _folder(self) -> Path:
        return Path(os.fsdecode(self.path))

    def get(self, key: Any) -> Any:
        """Return a result, or None if there is none."""
        try:
            return super().get(key)
        except OSError as error:
            raise self._error(error) from error

    def set(self, key: Any, value: Any) -> None:
        """Store a result; a reader sees the old one or the new one."""
        partial = self._folder / f".{uuid.uuid4()}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial.write_bytes(ensure_bytes(value))
            partial.replace(os.fsdecode(self._filename(key)))
        except OSError as error:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise self._error(error) from error

    def delete(self, key: Any) -> None:
        """Remove a result, if there is one."""
        with suppress(FileNotFoundError):
            super().delete(key)

    def _error(self, error: OSError) -> OperationalError:
        return OperationalError(
            f"The folder {self._folder} for results cannot be used: {error.strerror}"
        )
