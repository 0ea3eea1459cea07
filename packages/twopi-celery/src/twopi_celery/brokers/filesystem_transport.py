"""Kombu's filesystem transport, made safe for several processes.

Kombu writes a message where its reader is looking, so that a reader may take it before
it is complete, and fails on that; and it reads by way of the machine's folder for
temporary files, or else keeps every message for good. Here a message is renamed into
its place once it is complete, and removed once it has been read.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any, ClassVar

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.transport.virtual import BrokerState
from kombu.utils.json import dumps, loads

from twopi_celery.errors import ConfigurationError

log = logging.getLogger(__name__)

FOLDERS = ("data_folder_in", "data_folder_out", "processed_folder", "control_folder")


class Channel(filesystem.Channel):
    """A channel whose messages and bindings appear whole, and once."""

    def _put(self, queue: str, payload: object, **_: object) -> None:  # type: ignore[override]
        """Append a message; names sort by time, also after a restart."""
        name = f"{time.time_ns():020}_{uuid.uuid4()}.{queue}.msg"
        partial = Path(self.processed_folder, name)
        try:
            partial.write_text(dumps(payload), encoding="utf-8")
            partial.rename(Path(self.data_folder_out, name))
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise ChannelError(f"Cannot add a message to {queue}: {error}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002
        """Take the oldest message; of several workers, one gets it."""
        for path in sorted(Path(self.data_folder_in).iterdir()):
            if path.name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = Path(self.processed_folder, path.name)
            try:
                path.rename(taken)
            except FileNotFoundError:
                continue
            try:
                message = loads(taken.read_bytes())
            except ValueError:
                log.exception("%s is no message and stays there", taken)
                continue
            taken.unlink()
            return message
        raise Empty

    def get_table(self, exchange: str) -> Any:
        """Return the bindings of *exchange*."""
        with self._bindings():
            return super().get_table(exchange)

    def _queue_bind(self, *args: Any) -> None:
        with self._bindings():
            super()._queue_bind(*args)

    def _delete(self, *args: Any, **kwargs: Any) -> None:
        with self._bindings():
            super()._delete(*args, **kwargs)

    @contextmanager
    def _bindings(self) -> Iterator[None]:
        """Let no other process read or change bindings."""
        lock = Path(self.control_folder, "lock")
        try:
            file = lock.open("w", encoding="ascii")
        except OSError as error:
            raise ChannelError(
                f"The folder {lock.parent} of the broker is gone; start this process "
                "again, which makes it"
            ) from error
        with file:
            filesystem.lock(file, filesystem.LOCK_EX)  # type: ignore[attr-defined]
            yield


class Transport(filesystem.Transport):
    """The transport that `filesystem_broker` names."""

    Channel = Channel
    states: ClassVar[defaultdict[str, BrokerState]] = defaultdict(BrokerState)

    def __init__(self, client: Any, **kwargs: Any) -> None:
        for name in FOLDERS:
            _make(client.transport_options[name])
        super().__init__(client, **kwargs)
        self.state = self.states[client.transport_options["control_folder"]]


def _make(folder: str) -> None:
    """Make a folder that is missing, as on another machine or after cleaning up."""
    try:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} of the broker cannot be made: {error.strerror}",
            "broker_transport_options",
        ) from error
