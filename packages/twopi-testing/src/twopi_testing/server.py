"""An application on a real socket, in a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, got_request_exception
from werkzeug.exceptions import HTTPException
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

PATIENCE = 10
"""How many seconds views may take to end when the server stops."""


@dataclass(frozen=True)
class LiveServer:
    """A running server, see `live_server`."""

    url: str
    """Where it listens, such as ``http://127.0.0.1:41287``, without a slash."""
    errors: list[Exception] = field(default_factory=list)
    """What views, or what wraps them, raised and nothing handled; oldest first."""


@contextmanager
def live_server(app: Flask) -> Iterator[LiveServer]:
    r"""Serve *app* on a free port of 127.0.0.1, in threads, until the context is left.

    For clients that are no Python: a browser, a command line, another process. The
    app itself runs in this process, so its state, patches and fakes are those of the
    test. It is not changed, and requests are not logged.

    An exception that a view raises answers 500, as in production, and is reported
    when the context is left; remove from ``errors`` what a test expects.

    >>> from urllib.request import urlopen
    >>> from flask import Flask
    >>> from twopi_testing import live_server
    >>> app = Flask(__name__)
    >>> app.get("/me")(lambda: {"name": "ann"}).__name__
    '<lambda>'
    >>> with live_server(app) as server, urlopen(f"{server.url}/me") as answer:
    ...     answer.read()
    b'{"name":"ann"}\n'

    Args:
        app: The app.

    Raises:
        ExceptionGroup: Views raised; not if the context itself is left by an error,
            which gets notes about them instead.
        TimeoutError: A request did not end in time after the context was left.
    """
    errors: list[Exception] = []

    def record(error: Exception) -> None:
        expected = isinstance(error, HTTPException) and (error.code or 500) < 500
        if not expected and not any(error is each for each in errors):
            errors.append(error)

    def signalled(_: Flask, exception: Exception, **__: Any) -> None:
        record(exception)

    def wsgi(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        try:
            body: Iterable[bytes] = app(environ, start_response)
            try:
                yield from body
            finally:
                getattr(body, "close", lambda: None)()
        except Exception as error:
            record(error)
            raise

    server = _Server("127.0.0.1", 0, wsgi, _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    running = LiveServer(f"http://127.0.0.1:{server.server_port}", errors)
    with got_request_exception.connected_to(signalled, app):
        thread.start()
        try:
            yield running
        except BaseException as error:
            for each in errors:
                error.add_note(f"The server raised {each!r}")
            raise
        finally:
            server.shutdown()
            thread.join()
            idle = server.drain()
            server.server_close()
    if errors:
        raise ExceptionGroup("views of the live server raised", errors)
    if not idle:
        raise TimeoutError(
            f"a request still runs {PATIENCE} s after the server stopped"
        )


class _Handler(WSGIRequestHandler):
    def log_request(self, *args: Any) -> None:
        """Keep requests out of the output of the tests."""


class _Server(ThreadedWSGIServer):
    """A server that knows its connections, which clients keep alive (RFC 9112)."""

    daemon_threads = True

    def __init__(self, *args: Any) -> None:
        self._connections: set[Any] = set()
        self._changed = threading.Condition()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()

    def drain(self) -> bool:
        """End idle connections, wait for requests, tell whether all have ended."""
        with self._changed:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
            return self._changed.wait_for(lambda: not self._connections, PATIENCE)
