"""Log in with HTTPX, sync or async.

The token goes to the origin of the URL only. HTTPX takes it away on a redirect to
another origin, except from http to https on the same host and the standard ports.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from functools import partial
from typing import Any, NoReturn, Unpack

import httpx

from twopi_token_auth.clients.errors import ServerUnavailableError
from twopi_token_auth.clients.session import ClientSession, Options
from twopi_token_auth.clients.steps import (
    LONGEST,
    Answer,
    Call,
    refuse_coroutine_function,
    run,
    run_async,
)


class _Auth(httpx.Auth):
    def auth_flow(self, request: httpx.Request) -> NoReturn:  # noqa: ARG002
        """Refuse to be used by the other client, rather than send no token."""
        raise RuntimeError(
            "SessionAuth is for an httpx.Client, AsyncSessionAuth for an AsyncClient"
        )


class SessionAuth(_Auth):
    """Sends the token of a session with the requests of an `httpx.Client`.

    .. code-block:: python

        import httpx
        from twopi_token_auth.clients.httpx import SessionAuth

        with httpx.Client() as client:
            client.auth = SessionAuth(client, "https://shop.example/auth")

    and then ``client.auth.log_in("ada", "secret")``. A token is renewed shortly before
    its end, and once if the server refuses it. One thread renews, and the others wait
    for it, each for its request's own timeout to read, or 30 seconds if it has none.
    A request that the server refused is sent again unless its body is a stream, which
    can be read only once: then its 401 is returned, and the next request works.

    Each request may raise `SessionOverError` or `ServerUnavailableError`.

    Args:
        client: Sends the logins and renewals; usually the client this is the auth of.
        url: What the blueprint is under.
        options: See `Options`.

    Raises:
        ValueError: *url* is not an absolute HTTP URL.
        TypeError: *save* is a coroutine function, which needs `AsyncSessionAuth`.
    """

    def __init__(
        self, client: httpx.Client, url: str, **options: Unpack[Options]
    ) -> None:
        refuse_coroutine_function(options.get("save"))
        self._client = client
        self._session = ClientSession(str(httpx.URL(url)), **options)

    def log_in(self, username: str, password: str, name: str | None = None) -> None:
        """End the session that there may be, and start one in its place.

        Args:
            username: The name of the user.
            password: The password of the user.
            name: What to call this client in the list of sessions.

        Raises:
            LoginRefusedError: The name or the password is wrong.
            ServerUnavailableError: The network or the server failed.
        """
        steps = self._session.log_in(username, password, name)
        run(steps, self._send, _seconds(self._client.timeout))

    def log_out(self) -> None:
        """Forget the session, and end it at the server.

        Raises:
            ServerUnavailableError: The server has not confirmed it; the next
                `log_out` or `log_in` tries again.
        """
        run(self._session.log_out(), self._send, _seconds(self._client.timeout))

    def token(self) -> str:
        """Return a token that is valid for a while, for a WebSocket for example.

        Raises:
            SessionOverError: A login is needed first.
            ServerUnavailableError: The network or the server failed.

        .. versionadded:: 2.0
        """
        steps = self._session.get_token(user=self._session.user)
        return run(steps, self._send, _seconds(self._client.timeout))

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Send *request*, and once more with another token if that may help."""
        if self._session.trusts(origin(request.url)):
            get_token = partial(self._session.get_token, user=self._session.user)
            seconds = _seconds(request)
            token = run(get_token(), self._send, seconds)
            response = yield _authorize(request, token)
            refused = _refused(self._session, response)
            if refused is None:
                return
            response.read()  # the renewal may need its connection
            token = run(get_token(refused), self._send, seconds)
            request = response.request
            if not _can_be_read_again(request.stream):
                return
            _authorize(request, token)
        yield request

    def _send(self, call: Call, seconds: float) -> Answer:
        try:
            response = self._client.post(**_arguments(call, seconds))
        except httpx.HTTPStatusError as error:  # a hook of the client raised it
            return _answer(error.response, b"")
        except httpx.TransportError as error:
            raise _unreachable(error) from error
        return _answer(response, response.content)


class AsyncSessionAuth(_Auth):
    """The same for an `httpx.AsyncClient`, on asyncio; see `SessionAuth`.

    *save* may be a coroutine function here.
    """

    def __init__(
        self, client: httpx.AsyncClient, url: str, **options: Unpack[Options]
    ) -> None:
        self._client = client
        self._session = ClientSession(str(httpx.URL(url)), **options)

    async def log_in(
        self, username: str, password: str, name: str | None = None
    ) -> None:
        """Start a session; see `SessionAuth.log_in`."""
        steps = self._session.log_in(username, password, name)
        await run_async(steps, self._send, _seconds(self._client.timeout))

    async def log_out(self) -> None:
        """Forget the session and end it; see `SessionAuth.log_out`."""
        steps = self._session.log_out()
        await run_async(steps, self._send, _seconds(self._client.timeout))

    async def token(self) -> str:
        """Return a token that is valid for a while; see `SessionAuth.token`.

        .. versionadded:: 2.0
        """
        steps = self._session.get_token(user=self._session.user)
        return await run_async(steps, self._send, _seconds(self._client.timeout))

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send *request*, and once more with another token if that may help."""
        if self._session.trusts(origin(request.url)):
            get_token = partial(self._session.get_token, user=self._session.user)
            seconds = _seconds(request)
            token = await run_async(get_token(), self._send, seconds)
            response = yield _authorize(request, token)
            refused = _refused(self._session, response)
            if refused is None:
                return
            await response.aread()  # the renewal may need its connection
            token = await run_async(get_token(refused), self._send, seconds)
            request = response.request
            if not _can_be_read_again(request.stream):
                return
            _authorize(request, token)
        yield request

    async def _send(self, call: Call, seconds: float) -> Answer:
        try:
            response = await self._client.post(**_arguments(call, seconds))
        except httpx.HTTPStatusError as error:  # a hook of the client raised it
            return _answer(error.response, b"")
        except httpx.TransportError as error:
            raise _unreachable(error) from error
        return _answer(response, response.content)


def _arguments(call: Call, seconds: float) -> dict[str, Any]:
    """Return how to send *call*: unchanged, and to its URL only."""
    how = {"auth": None, "follow_redirects": False, "timeout": seconds}
    return {**call._asdict(), **how}


def _seconds(source: httpx.Request | httpx.Timeout) -> float:
    """Return how long a request, or a client, waits for a response."""
    if isinstance(source, httpx.Request):
        seconds = source.extensions.get("timeout", {}).get("read")
    else:
        seconds = source.read
    return LONGEST if seconds is None else float(seconds)


def _can_be_read_again(stream: object) -> bool:
    """Return whether a body is in memory, or is a form of files that HTTPX rewinds."""
    if isinstance(stream, httpx.ByteStream):
        return True
    fields = getattr(stream, "fields", None)  # of a multipart form
    if not isinstance(fields, list):
        return False
    files = (getattr(field, "file", b"") for field in fields)
    return all(isinstance(file, (str, bytes)) or _can_seek(file) for file in files)


def _can_seek(file: Any) -> bool:
    try:
        return bool(file.seekable())
    except (AttributeError, ValueError):  # is another kind of file, or is closed
        return False


def _answer(response: httpx.Response, body: bytes) -> Answer:
    return Answer(response.status_code, response.headers.get("Retry-After"), body)


def origin(url: httpx.URL) -> str:
    """Return where HTTPX goes for *url*, which its text alone does not always tell."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _authorize(request: httpx.Request, token: str) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {token}"
    return request


def _refused(session: ClientSession, response: httpx.Response) -> str | None:
    return session.refused(
        response.status_code,
        response.headers.get("WWW-Authenticate"),
        origin(response.url),
        response.request.headers.get("Authorization"),
    )


def _unreachable(error: httpx.TransportError) -> ServerUnavailableError:
    return ServerUnavailableError(
        f"The server cannot be reached: {type(error).__name__}"
    )
