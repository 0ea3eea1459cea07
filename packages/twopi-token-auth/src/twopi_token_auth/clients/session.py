"""The tokens of one login as a client keeps them: when to renew, and who does it.

Nothing here sends or waits for anything: the methods of `ClientSession` are `Steps`.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from threading import Lock
from typing import TypedDict
from urllib.parse import urlsplit

from twopi_token_auth.clients.errors import (
    LoginRefusedError,
    ServerUnavailableError,
    SessionOverError,
)
from twopi_token_auth.clients.steps import Answer, Call, Flight, Steps, take_off

_PORTS = {"http": 80, "https": 443}
_ERROR = re.compile(r'\berror="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a login or a renewal gave.

    Attributes:
        token: The short-lived token.
        refresh_token: What to renew it with; None where a cookie has it.
        expires_in: For how many seconds *token* is good, if the server said.
    """

    token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: float | None


class Options(TypedDict, total=False):
    """What every auth class takes, by name.

    Attributes:
        token: A short-lived token to begin with; used until the server refuses it.
        refresh_token: The refresh token that *save* was given last.
        cookie: True goes on with the refresh cookie that the client has already. After
            a login the answer tells whether there is a cookie.
        origins: Further origins, such as ``"https://api.example"``, that are given the
            token; otherwise only the one of the URL is.
        margin: How many seconds before its end a token is renewed, 30 by default; at
            most half of its life.
        save: Called with the `Tokens` after each login and renewal, and with None when
            there is no session any more, by the thread or task that sends the request,
            one call at a time. Keep the refresh token: the one before is used up. Let
            each process log in for itself: two that go on with one refresh token look
            like a user and a thief, and the server ends their session.
        clock: Returns seconds; never goes back.
    """

    token: str | None
    refresh_token: str | None
    cookie: bool
    origins: Collection[str]
    margin: float
    save: Callable[[Tokens | None], object] | None
    clock: Callable[[], float]


class ClientSession:
    """One login. Safe for any number of threads, tasks and event loops.

    Args:
        url: What the blueprint is under, such as ``https://shop.example/auth``.
        token: See `Options`, as for the rest.

    Raises:
        ValueError: *url* or one of *origins* is not an absolute HTTP URL.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        refresh_token: str | None = None,
        cookie: bool = False,
        origins: Collection[str] = (),
        margin: float = 30,
        save: Callable[[Tokens | None], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url.rstrip("/")
        self._origins = {origin_of(each) for each in (url, *origins)}
        self._margin = margin
        self._save = save or _save_nothing
        self._clock = clock
        self._lock = Lock()
        self._token = token
        self._refresh_token = refresh_token
        self._cookie = cookie
        self._renew_at = self._expires_at = math.inf
        self._retry_at = -math.inf
        self._flight: Flight | None = None
        self._login = 0
        """Which login this is: an answer that belongs to an earlier one is dropped."""

    def trusts(self, url: str) -> bool:
        """Tell whether a request to *url* may carry the token."""
        try:
            return origin_of(url) in self._origins
        except ValueError:
            return False

    def refused(
        self, status: int, challenge: str | None, url: str, authorization: str | None
    ) -> str | None:
        """Return the token that an answer refuses, if a new one may help.

        Args:
            status: Of the answer.
            challenge: Its ``WWW-Authenticate`` (RFC 6750 section 3).
            url: Who gave it, at the end of all redirects.
            authorization: The header that the answered request had.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if status != 401 or scheme != "Bearer" or not self.trusts(url):
            return None
        error = _ERROR.search(challenge or "")
        return token if error is None or error[1] == "invalid_token" else None

    def log_in(
        self, username: str, password: str, name: str | None = None
    ) -> Steps[None]:
        """Start a session in place of the one there may be."""
        body = {"username": username, "password": password}
        if name is not None:
            body["name"] = name
        sent_at = self._clock()
        answer: Answer = yield self._call("login", body)
        if answer.status in {400, 401}:
            errors = answer.read().get("_errors")
            raise LoginRefusedError(
                str(errors[0]) if isinstance(errors, list) and errors else "Refused"
            )
        with self._lock:
            self._login += 1
            tokens = self._take(answer, sent_at, "login")
        self._save(tokens)

    def log_out(self) -> Steps[None]:
        """Forget the session, and end it at the server."""
        with self._lock:
            body = {"refreshToken": self._refresh_token} if self._refresh_token else {}
            call = self._call("logout", body, self._token)
            known = self._token or self._can_renew()
            self._forget()
        self._save(None)
        if known:
            answer: Answer = yield call
            if answer.status not in {200, 400, 401}:
                raise _unexpected(answer, "logout")

    def get_token(self, refused: str | None = None) -> Steps[str]:
        """Return a token that is good for a while and is not *refused*.

        Raises:
            SessionOverError: There is none to be had without a login.
            ServerUnavailableError: Nobody can tell.
        """
        renewed, failure = False, None
        while True:
            with self._lock:
                token = self._token if renewed else self._usable(refused)
                if token is not None:
                    return token
                if failure is not None:
                    raise ServerUnavailableError(
                        str(failure), retry_after=failure.retry_after
                    )
                if not self._can_renew():
                    raise SessionOverError("There is no session; log in")
                leads = self._flight is None
                flight = self._flight = self._flight or take_off()
            if leads:
                yield from self._renew(flight, refused)
                renewed = True
            else:
                yield flight
                result = flight.result()
                renewed = result is True
                failure = result if isinstance(result, Exception) else None

    def _renew(self, flight: Flight, refused: str | None) -> Steps[None]:
        """Renew, on behalf of everybody who waits for *flight*."""
        result: ServerUnavailableError | bool = False
        with self._lock:
            login = self._login
            body = {"refreshToken": self._refresh_token} if self._refresh_token else {}
        sent_at = self._clock()
        try:
            answer: Answer = yield self._call("renew", body)
            result = True
            with self._lock:
                if login != self._login:
                    return  # somebody logged in or out meanwhile
                over = answer.status in {400, 401}
                tokens = None if over else self._take(answer, sent_at, "renew")
                if over:
                    self._forget()
            self._save(tokens)
            if over:
                raise SessionOverError("The session has ended; log in again")
        except ServerUnavailableError as error:
            result = error
            with self._lock:
                self._retry_at = self._clock() + (error.retry_after or 1)
                if self._usable(refused) is None:
                    raise
        finally:
            with self._lock:
                self._flight = None
            flight.set_result(result)

    def _usable(self, refused: str | None) -> str | None:
        """Return the token if it need not be renewed, or cannot be just now."""
        now = self._clock()
        early = now < self._renew_at or now < min(self._retry_at, self._expires_at)
        return self._token if early and self._token != refused else None

    def _can_renew(self) -> bool:
        return self._cookie or self._refresh_token is not None

    def _take(self, answer: Answer, sent_at: float, view: str) -> Tokens:
        body = answer.read()
        token = body.get("token")
        if answer.status != 200 or not isinstance(token, str):
            raise _unexpected(answer, view)
        refresh_token, expires_in = body.get("refreshToken"), body.get("expiresIn")
        if isinstance(refresh_token, str):
            self._refresh_token = refresh_token
        elif view == "login":
            self._refresh_token = None
            self._cookie = True
        if not isinstance(expires_in, (int, float)) or isinstance(expires_in, bool):
            expires_in = None
        life = math.inf if expires_in is None else expires_in
        self._token = token
        self._expires_at = sent_at + life
        self._renew_at = self._expires_at - min(self._margin, life / 2)
        return Tokens(token, self._refresh_token, expires_in)

    def _forget(self) -> None:
        self._login += 1
        self._token = self._refresh_token = None
        self._cookie = False

    def _call(self, view: str, body: dict[str, str], token: str | None = None) -> Call:
        headers = {"X-Requested-With": "twopi-token-auth"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return Call(f"{self._url}/{view}", body, headers)


def origin_of(url: str) -> tuple[str, str, int]:
    """Return the scheme, host and port of *url* (RFC 6454 section 4).

    Raises:
        ValueError: It is not an absolute HTTP URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise ValueError(
            "The URL must be absolute, like https://shop.example/auth, and have no "
            "user name in it"
        )
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _save_nothing(_: Tokens | None) -> None:
    pass


def _unexpected(answer: Answer, view: str) -> ServerUnavailableError:
    after = re.fullmatch(r"[0-9]{1,9}", answer.retry_after or "")
    return ServerUnavailableError(
        f"POST /{view} was answered with {answer.status}, which says nothing about "
        "the session",
        retry_after=int(after[0]) if after else None,
    )
