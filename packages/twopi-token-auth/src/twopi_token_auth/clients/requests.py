"""Log in with Requests.

The token goes to the origin of the URL only. Requests takes it away on a redirect to
another origin, except from http to https on the same host and the standard ports.
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any, Unpack

import requests
from requests.auth import AuthBase

from twopi_token_auth.clients.errors import ServerUnavailableError
from twopi_token_auth.clients.session import ClientSession, Options
from twopi_token_auth.clients.steps import (
    LONGEST,
    Answer,
    Call,
    refuse_coroutine_function,
    run,
)

_REQUEST = requests.Session.request.__code__


class SessionAuth(AuthBase):
    """Sends the token of a session with the requests of a `requests.Session`.

    .. code-block:: python

        import requests
        from twopi_token_auth.clients.requests import SessionAuth

        http = requests.Session()
        http.auth = SessionAuth(http, "https://shop.example/auth")

    and then ``http.auth.log_in("ada", "secret")``. A token is renewed shortly before
    its end, and once if the server refuses it. One thread renews, and the others wait
    for it. A request that the server refused is sent again unless its body is a stream,
    which can be read only once: then its 401 is returned, and the next request works.

    Each request may raise `SessionOverError` or `ServerUnavailableError`.

    Args:
        session: Sends the logins and renewals; usually the one this is the auth of.
        url: What the blueprint is under.
        timeout: How many seconds a login, a logout or a renewal may take. A request
            waits for a renewal, another thread's included, no longer than this and
            than its own timeout to read.
        options: See `Options`.

    Raises:
        ValueError: *url* is not an absolute HTTP URL.
        TypeError: *save* is a coroutine function.
    """

    def __init__(
        self,
        session: requests.Session,
        url: str,
        *,
        timeout: float = LONGEST,
        **options: Unpack[Options],
    ) -> None:
        refuse_coroutine_function(options.get("save"))
        self._http = session
        self._timeout = timeout
        self._session = ClientSession(_normal(url), **options)

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
        run(steps, self._send, self._timeout)

    def log_out(self) -> None:
        """Forget the session, and end it at the server.

        Raises:
            ServerUnavailableError: The server has not confirmed it; the next
                `log_out` or `log_in` tries again.
        """
        run(self._session.log_out(), self._send, self._timeout)

    def token(self) -> str:
        """Return a token that is valid for a while, for a WebSocket for example.

        Raises:
            SessionOverError: A login is needed first.
            ServerUnavailableError: The network or the server failed.

        .. versionadded:: 2.0
        """
        steps = self._session.get_token(user=self._session.user)
        return run(steps, self._send, self._timeout)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Give *request* the token, and look at what comes back."""
        if self._session.trusts(request.url or ""):
            user = self._session.user
            seconds = min(self._timeout, _seconds(_timeout_of_caller()))
            token = run(self._session.get_token(user=user), self._send, seconds)
            request.headers["Authorization"] = f"Bearer {token}"
            request.hooks["response"].append(partial(self._answered, user))
        return request

    def _answered(
        self, user: str | None, response: requests.Response, **how: Any
    ) -> requests.Response:
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
        seconds = min(self._timeout, _seconds(how.get("timeout")))
        token = run(self._session.get_token(refused, user=user), self._send, seconds)
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

    def _send(self, call: Call, seconds: float) -> Answer:
        try:
            response = self._http.post(
                **call._asdict(),
                auth=_as_it_is,
                allow_redirects=False,
                timeout=seconds,
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


def _timeout_of_caller() -> Any:
    """Return the timeout of the request that is being made.

    Requests gives it to the connection only, so it is read where `Session.request` has
    it; None if the request was prepared in another way.
    """
    frame = inspect.currentframe()
    while frame is not None and frame.f_code is not _REQUEST:
        frame = frame.f_back
    return None if frame is None else frame.f_locals.get("timeout")


def _seconds(timeout: Any) -> float:
    """Return how long a request waits for a response, by its *timeout*."""
    seconds = timeout[1] if isinstance(timeout, tuple) else timeout
    return float(seconds) if isinstance(seconds, (int, float)) else LONGEST


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Be an auth that does nothing, in place of the session's and of a netrc file."""
    return request


def _normal(url: str) -> str:
    """Return *url* as Requests writes it; as it is if that is impossible."""
    try:
        return requests.Request("GET", url).prepare().url or url
    except requests.RequestException:
        return url
