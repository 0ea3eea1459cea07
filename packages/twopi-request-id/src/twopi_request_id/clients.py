"""The ids in the requests that an application sends with httpx or requests."""

from __future__ import annotations

from typing import Any, Protocol

from twopi_request_id.current import outgoing_headers


class _Request(Protocol):
    @property
    def headers(self) -> Any: ...


def add_headers(request: _Request) -> None:
    """Add the id and the trace to a request, unless it has them already.

    It is an event hook of httpx: ``Client(event_hooks={"request": [add_headers]})``.

    Args:
        request: Any object with ``headers``, a mapping that ignores case.
    """
    for name, value in outgoing_headers().items():
        request.headers.setdefault(name, value)


async def aadd_headers(request: _Request) -> None:
    """Do the same as `add_headers` for ``httpx.AsyncClient``."""
    add_headers(request)


class _Adapter:
    """A transport adapter of requests that adds the headers and calls the real one."""

    def __init__(self, adapter: Any) -> None:
        self._adapter = adapter

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        add_headers(request)
        return self._adapter.send(request, *args, **kwargs)

    def close(self) -> None:
        self._adapter.close()


def follow_session(session: Any) -> None:
    """Let each request of a session of requests carry the id and the trace.

    Retries and other settings of the adapters that are mounted stay; mount your own
    before. A second call changes nothing.

    Args:
        session: A ``requests.Session``.
    """
    for prefix, adapter in list(session.adapters.items()):
        if not isinstance(adapter, _Adapter):
            session.mount(prefix, _Adapter(adapter))
