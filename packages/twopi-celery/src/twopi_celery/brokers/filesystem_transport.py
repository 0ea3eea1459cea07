"""Messages in files, safe for several processes: the transport of `filesystem_broker`.

The files are named and written as those of kombu's ``filesystem://``. Kombu writes a
message where its reader is looking, so that a reader may take it before it is complete,
and fails on that; and it keeps what was sent to a process that is gone for ever. Here a
message is renamed into its place once it is complete, and removed once it has been
read; and a queue that belongs to one process ends with it.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from typing import IO, Any, ClassVar, NamedTuple

from kombu.transport import virtual
from kombu.transport.virtual import BrokerState
from kombu.utils.json import dumps, loads

from twopi_celery.brokers.file_lock import is_free, lock, share
from twopi_celery.errors import BrokerFolderError, ConfigurationError

log = logging.getLogger(__name__)

FOLDERS = ("data_folder_in", "data_folder_out", "processed_folder", "control_folder")


class Binding(NamedTuple):
    """What routes messages of an exchange to a queue."""

    routing_key: str
    pattern: str
    queue: str


class Channel(virtual.Channel):
    """A channel whose messages and bindings appear whole, and once."""

    supports_fanout = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        client: Any = self.connection.client
        options = client.transport_options
        self._in, self._out, self._aside, self._control = (
            Path(options[name]) for name in FOLDERS
        )
        self._own: dict[str, IO[str]] = {}

    def _put(self, queue: str, message: object, **_: object) -> None:
        """Append a message; names sort by time, also after a restart."""
        name = f"{time.time_ns():020}_{uuid.uuid4()}.{queue}.msg"
        partial = self._aside / name
        try:
            partial.write_text(dumps(message), encoding="utf-8")
            partial.rename(self._out / name)
        except OSError as error:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise BrokerFolderError(
                f"Cannot add a message to {queue}: {error}"
            ) from error

    def _put_fanout(self, exchange: str, message: object, *_: Any, **__: Any) -> None:
        for binding in self._living(exchange):
            self._put(binding.queue, message)

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002
        """Take the oldest message; of several workers, one gets it."""
        for path in self._files(queue):
            taken = self._aside / path.name
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

    def _files(self, queue: str) -> list[Path]:
        try:
            found = sorted(self._in.iterdir())
        except OSError as error:
            raise _gone(self._in) from error
        return [path for path in found if path.name.partition(".")[2] == f"{queue}.msg"]

    def _size(self, queue: str) -> int:
        return len(self._files(queue))

    def _purge(self, queue: str) -> int:
        files = self._files(queue)
        for path in files:
            path.unlink(missing_ok=True)
        return len(files)

    # Bindings

    def get_table(self, exchange: str) -> list[Any]:
        """Return the bindings of *exchange*."""
        with self._bindings():
            return self._read(exchange)

    def _queue_bind(
        self, exchange: str, routing_key: str, pattern: str, queue: str
    ) -> None:
        new = Binding(routing_key or "", pattern or "", queue or "")
        with self._bindings():
            found = self._sweep(self._read(exchange))
            if new not in found:
                self._write(exchange, [new, *found])

    def _delete(
        self,
        queue: str,
        exchange: str,
        routing_key: str,
        pattern: str,
        *_: Any,
        **__: Any,
    ) -> None:
        self._purge(queue)
        old = Binding(routing_key or "", pattern or "", queue or "")
        with self._bindings():
            found = self._read(exchange)
            if old in found:
                self._write(exchange, [each for each in found if each != old])

    def _read(self, exchange: str) -> list[Binding]:
        try:
            text = self._file(exchange).read_bytes()
        except FileNotFoundError:
            return []
        return [Binding(*each) for each in loads(text)]

    def _write(self, exchange: str, bindings: list[Binding]) -> None:
        file = self._file(exchange)
        if bindings:
            file.write_text(dumps(bindings), encoding="utf-8")
        else:
            file.unlink(missing_ok=True)

    def _file(self, exchange: str) -> Path:
        if exchange and not re.fullmatch(r"[.]*[A-Za-z0-9_-][A-Za-z0-9._-]*", exchange):
            raise BrokerFolderError(f"Invalid name of an exchange: {exchange!r}")
        return self._control / f"{exchange}.exchange"

    @contextmanager
    def _bindings(self) -> Iterator[None]:
        """Let no other process read or change bindings."""
        path = self._control / "lock"
        try:
            file = path.open("w", encoding="ascii")
        except OSError as error:
            raise _gone(path.parent) from error
        with file:
            lock(file)
            yield

    # Queues that belong to one process, such as those for answers and for pings

    def prepare_queue_arguments(
        self, arguments: Any, expires: float | None = None, **_: Any
    ) -> dict[str, Any]:
        """Return the arguments of a queue, with the time after which it expires."""
        if expires is None:
            return dict(arguments or {})
        return {**(arguments or {}), "x-expires": int(expires * 1000)}

    def _new_queue(self, queue: str, **kwargs: Any) -> None:
        """Note that this process uses *queue*, if it is one that expires."""
        if "x-expires" in (kwargs.get("arguments") or {}) and queue not in self._own:
            with self._bindings():
                file = self._user(queue).open("a", encoding="ascii")
                share(file)
                self._own[queue] = file

    def _user(self, queue: str) -> Path:
        return self._control / f"{queue.replace('/', '%')}.user"

    def _living(self, exchange: str) -> list[Binding]:
        with self._bindings():
            found = self._read(exchange)
            kept = self._sweep(found)
            if kept != found:
                self._write(exchange, kept)
            return kept

    def _sweep(self, bindings: list[Binding]) -> list[Binding]:
        """Return the bindings to queues that are used, and remove the other queues."""
        gone = self._remove_gone({each.queue for each in bindings})
        return [each for each in bindings if each.queue not in gone]

    def _remove_gone(self, queues: Iterable[str]) -> set[str]:
        gone = {queue for queue in queues if self._is_gone(queue)}
        for queue in gone:
            self._purge(queue)
            self._user(queue).unlink(missing_ok=True)
        return gone

    def _is_gone(self, queue: str) -> bool:
        if queue in self._own:
            return False
        try:
            with self._user(queue).open("r+", encoding="ascii") as file:
                return is_free(file)
        except OSError:  # there is none: it belongs to no process
            return False

    def close(self) -> None:
        """Close the channel, and end the queues of this process."""
        super().close()
        own, self._own = self._own, {}
        for file in own.values():
            file.close()
        if not own:
            return
        with suppress(BrokerFolderError, OSError), self._bindings():
            for path in list(self._control.glob("*.exchange")):
                exchange = path.name.removesuffix(".exchange")
                found = self._read(exchange)
                if any(each.queue in own for each in found):
                    self._write(exchange, self._sweep(found))
            self._remove_gone(own)  # those that were bound to nothing any more


class Transport(virtual.Transport):
    """The transport that `filesystem_broker` names."""

    Channel = Channel
    implements = virtual.Transport.implements.extend(
        asynchronous=False, exchange_type=frozenset(["direct", "topic", "fanout"])
    )
    default_port = 0
    driver_type = "filesystem"
    driver_name = "filesystem"
    states: ClassVar[defaultdict[str, BrokerState]] = defaultdict(BrokerState)

    def __init__(self, client: Any, **kwargs: Any) -> None:
        for name in FOLDERS:
            _make(client.transport_options[name])
        super().__init__(client, **kwargs)
        self.state = self.states[client.transport_options["control_folder"]]

    def driver_version(self) -> str:
        """Return the version of what messages are kept in: there is none."""
        return "N/A"


def _gone(folder: Path) -> BrokerFolderError:
    return BrokerFolderError(
        f"The folder {folder} of the broker is gone; start this process again, which "
        "makes it"
    )


def _make(folder: str) -> None:
    """Make a folder that is missing, as on another machine or after cleaning up."""
    try:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} of the broker cannot be made: {error.strerror}",
            "broker_transport_options",
        ) from error
