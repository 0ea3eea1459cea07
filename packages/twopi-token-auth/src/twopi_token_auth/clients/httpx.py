"""Log in with HTTPX, sync or async.

The token goes to the origin of the URL only. HTTPX takes it away on a redirect to
another origin, except from http to https on the same host and the standard ports.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any, NoReturn, Unpack

import httpx

from twopi_token_auth.clients.errors import ServerUnavailableError
from twopi_token_auth.clients.session import ClientSession, Options
from twopi_token_auth.clients.steps import Answer, Call, run, run_async


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
    its end, and once where the server refuses it. Of any number of threads one renews,
    and the others wait for it. A request that the server refused is sent again unless
    its body is a stream, which cannot be: its 401 comes back, and the next one works.

    Each request may raise `SessionOverError` or `ServerUnavailableError`.

    Args:
        client: Sends the logins and renewals; usually the client this is the auth of.
        url: What the blueprint is under.
        options: See `Options`.

    Raises:
        ValueError: *url* is not an absolute HTTP URL.
    """

    def __init__(
        self, client: httpx.Client, url: str, **options: Unpack[Options]
    ) -> None:
        self._client = client
        self._session = ClientSession(str(httpx.URL(url)), **options)

    def log_in(self, username: str, password: str, name: str | None = None) -> None:
        """Start a session.

        Args:
            username: Who.
            password: Their password.
            name: What to call this client in the list of sessions.

        Raises:
            LoginRefusedError: The name or the password is wrong.
            ServerUnavailableError: The network or the server failed.
        """
        run(self._session.log_in(username, password, name), self._send)

    def log_out(self) -> None:
        """Forget the session, whatever happens, and end it at the server.

        Raises:
            ServerUnavailableError: The server may not have heard of it.
        """
        run(self._session.log_out(), self._send)

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Send *request*, and once more with another token if that may help."""
        if self._session.trusts(origin(request.url)):
            token = run(self._session.get_token(), self._send)
            response = yield _authorize(request, token)
            refused = _refused(self._session, response)
            if refused is None:
                return
            response.read()  # the renewal may need its connection
            token = run(self._session.get_token(refused), self._send)
            request = response.request
            if not isinstance(request.stream, httpx.ByteStream):
                return
            _authorize(request, token)
        yield request

    def _send(self, call: Call) -> Answer:
        try:
            response = self._client.post(**_arguments(call))
        except httpx.HTTPStatusError as error:  # a hook of the client raised it
            return _answer(error.response, b"")
        except httpx.TransportError as error:
            raise _unreachable(error) from error
        return _answer(response, response.content)


class AsyncSessionAuth(_Auth):
    """The same for an `httpx.AsyncClient`, on asyncio; see `SessionAuth`."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, **options: Unpack[Options]
    ) -> None:
        self._client = client
        self._session = ClientSession(str(httpx.URL(url)), **options)

    async def log_in(
        self, username: str, password: str, name: str | None = None
    ) -> None:
        """Start a session; see `SessionAuth.log_in`."""
        await run_async(self._session.log_in(username, password, name), self._send)

    async def log_out(self) -> None:
        """Forget the session and end it; see `SessionAuth.log_out`."""
        await run_async(self._session.log_out(), self._send)

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send *request*, and once more with another token if that may help."""
        if self._session.trusts(origin(request.url)):
            token = await run_async(self._session.get_token(), self._send)
            response = yield _authorize(request, token)
            refused = _refused(self._session, response)
            if refused is None:
                return
            await response.aread()  # the renewal may need its connection
            token = await run_async(self._session.get_token(refused), self._send)
            request = response.request
            if not isinstance(request.stream, httpx.ByteStream):
                return
            _authorize(request, token)
        yield request

    async def _send(self, call: Call) -> Answer:
        try:
            response = await self._client.post(**_arguments(call))
        except httpx.HTTPStatusError as error:  # a hook of the client raised it
            return _answer(error.response, b"")
        except httpx.TransportError as error:
            raise _unreachable(error) from error
        return _answer(response, response.content)


def _arguments(call: Call) -> dict[str, Any]:
    """Return how to send *call*: as it is, and to nobody else."""
    return {**call._asdict(), "auth": None, "follow_redirects": False}


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
