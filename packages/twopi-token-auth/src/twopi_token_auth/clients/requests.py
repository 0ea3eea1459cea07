"""Log in with Requests.

The token goes to the origin of the URL only. Requests takes it away on a redirect to
another origin, except from http to https on the same host and the standard ports.
"""

from __future__ import annotations

from typing import Any, Unpack

import requests
from requests.auth import AuthBase

from twopi_token_auth.clients.errors import ServerUnavailableError
from twopi_token_auth.clients.session import ClientSession, Options
from twopi_token_auth.clients.steps import Answer, Call, run


class SessionAuth(AuthBase):
    """Sends the token of a session with the requests of a `requests.Session`.

    .. code-block:: python

        import requests
        from twopi_token_auth.clients.requests import SessionAuth

        http = requests.Session()
        http.auth = SessionAuth(http, "https://shop.example/auth")

    and then ``http.auth.log_in("ada", "secret")``. A token is renewed shortly before
    its end, and once where the server refuses it. Of any number of threads one renews,
    and the others wait for it. A request that the server refused is sent again unless
    its body is a stream, which cannot be: its 401 comes back, and the next one works.

    Each request may raise `SessionOverError` or `ServerUnavailableError`.

    Args:
        session: Sends the logins and renewals; usually the one this is the auth of.
        url: What the blueprint is under.
        timeout: For how many seconds a login or renewal may stand still.
        options: See `Options`.

    Raises:
        ValueError: *url* is not an absolute HTTP URL.
    """

    def __init__(
        self,
        session: requests.Session,
        url: str,
        *,
        timeout: float = 30,
        **options: Unpack[Options],
    ) -> None:
        self._http = session
        self._timeout = timeout
        self._session = ClientSession(_normal(url), **options)

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

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Give *request* the token, and look at what comes back."""
        if self._session.trusts(request.url or ""):
            token = run(self._session.get_token(), self._send)
            request.headers["Authorization"] = f"Bearer {token}"
            request.hooks["response"].append(self._answered)
        return request

    def _answered(self, response: requests.Response, **how: Any) -> requests.Response:
        """Send the request of *response* once more if another token may help."""
        refused = self._session.refused(
            response.status_code,
            response.headers.get("WWW-Authenticate"),
            response.url,
            response.request.headers.get("Authorization"),
        )
        if refused is None:
            return response
        _ = response.content  # the renewal may need its connection
        token = run(self._session.get_token(refused), self._send)
        again = response.request.copy()
        body: Any = again.body
        if body is not None and not isinstance(body, (str, bytes)):
            return response
        response.close()
        again.headers["Authorization"] = f"Bearer {token}"
        adapter: Any = response.connection
        answer: requests.Response = adapter.send(again, **how)
        answer.history.append(response)
        answer.request = again
        return answer

    def _send(self, call: Call) -> Answer:
        try:
            response = self._http.post(
                **call._asdict(),
                auth=_as_it_is,
                allow_redirects=False,
                timeout=self._timeout,
            )
        except requests.HTTPError as error:  # a hook of the session raised it
            response = error.response
        except requests.RequestException as error:
            raise ServerUnavailableError(
                f"The server cannot be reached: {type(error).__name__}"
            ) from error
        return Answer(
            response.status_code, response.headers.get("Retry-After"), response.content
        )


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Be an auth that does nothing, in place of the session's and of a netrc file."""
    return request


def _normal(url: str) -> str:
    """Return *url* as Requests writes it; as it is if that is impossible."""
    try:
        return requests.Request("GET", url).prepare().url or url
    except requests.RequestException:
        return url
