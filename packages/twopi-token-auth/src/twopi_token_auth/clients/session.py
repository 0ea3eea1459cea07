"""The tokens of one login: when a client renews them, and which request does it.

Nothing here sends or waits for anything: the methods of `ClientSession` are `Steps`.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from threading import Lock
from typing import TypedDict
from urllib.parse import urlsplit
from weakref import WeakSet

from twopi_token_auth.clients.errors import (
    LoginRefusedError,
    OtherSessionError,
    ServerUnavailableError,
    SessionOverError,
)
from twopi_token_auth.clients.steps import (
    Answer,
    Call,
    Flight,
    OutOfTimeError,
    Save,
    Steps,
    take_off,
)

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
            the session has ended, by the thread or task that sends the request.
            Renewals call it one at a time. A coroutine function is for
            `AsyncSessionAuth`, which awaits it. Keep the refresh token: the one before
            is used up. Let each process log in by itself: two that go on with one
            refresh token look like a user and a thief, and the server ends their
            session.
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
        self._cookie = self._has_cookie = cookie
        self._renew_at = self._expires_at = math.inf
        self._retry_at = -math.inf
        self._flight: Flight | None = None
        self._login = 0
        """Which login this is: a response that belongs to an earlier one is dropped."""
        self._session_id: str | None = None
        self._user: str | None = None
        self._logout: Call | None = None
        """What ends a session that was left; None once the server has confirmed."""
        _SESSIONS.add(self)

    @property
    def user(self) -> str | None:
        """The user name of the last login here: a request is never sent for another."""
        return self._user

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
        """End the session that there may be, and start one in its place."""
        yield from self.log_out(ask=False)
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
            self._session_id = None
            tokens = self._take(answer, sent_at, "login")
            self._user = username
        yield Save(self._save, tokens)

    def log_out(self, *, ask: bool = True) -> Steps[None]:
        """Forget the session, and end it at the server.

        If that fails, the next call tries again.

        Args:
            ask: Ask the server even if no session is known but there may be a cookie.
        """
        with self._lock:
            known = self._token is not None or self._can_renew()
            if known or (ask and self._has_cookie and self._logout is None):
                self._logout = self._call("logout", self._renewal(), self._token)
            call = self._logout
            self._forget()
        if known or ask:
            yield Save(self._save, None)
        if call is None:
            return
        answer: Answer = yield call
        ended = answer.status in {400, 401}  # before
        if not ended and (answer.status != 200 or answer.body.lstrip()[:1] != b"{"):
            raise _unexpected(answer, "logout")
        with self._lock:
            if self._logout is call:
                self._logout = None

    def get_token(self, refused: str | None = None, *, user: str | None) -> Steps[str]:
        """Return a token of *user* that is valid for a while and is not *refused*.

        Raises:
            SessionOverError: A login is needed first.
            ServerUnavailableError: The server cannot be reached.
        """
        renewed, failure = False, None
        while True:
            with self._lock:
                if user != self._user:
                    raise OtherSessionError("Another user has logged in meanwhile")
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
                try:
                    yield flight
                except OutOfTimeError:
                    if (token := self._valid(refused)) is not None:
                        return token
                    raise
                result = flight.result()
                renewed = result is True
                failure = result if isinstance(result, Exception) else None

    def _renew(self, flight: Flight, refused: str | None) -> Steps[None]:
        """Renew, on behalf of everybody who waits for *flight*."""
        result: ServerUnavailableError | bool = False
        with self._lock:
            login = self._login
            body = self._renewal()
        sent_at = self._clock()
        try:
            answer: Answer = yield self._call("renew", body)
            result = True
            with self._lock:
                if login != self._login:
                    return  # there was a login or a logout meanwhile
                end = self._end_by(answer, body)
                tokens = None if end else self._take(answer, sent_at, "renew")
                if end:
                    self._forget()
            yield Save(self._save, tokens)
            if end:
                raise end
        except ServerUnavailableError as error:
            late = isinstance(error, OutOfTimeError)
            result = False if late else error  # others may have more time
            with self._lock:
                self._retry_at = self._clock() + (error.retry_after or 1)
                if self._usable(refused) is None:
                    raise
        finally:
            with self._lock:
                if self._flight is flight:
                    self._flight = None
            flight.set_result(result)

    def _usable(self, refused: str | None) -> str | None:
        """Return the token if it need not be renewed, or cannot be just now."""
        now = self._clock()
        early = now < self._renew_at or now < self._retry_at
        return self._valid(refused) if early else None

    def _valid(self, refused: str | None) -> str | None:
        """Return the token if it has not expired and is not *refused*."""
        valid = self._clock() < self._expires_at and self._token != refused
        return self._token if valid else None

    def _can_renew(self) -> bool:
        return self._cookie or self._refresh_token is not None

    def _renewal(self) -> dict[str, str]:
        return {"refreshToken": self._refresh_token} if self._refresh_token else {}

    def _end_by(self, answer: Answer, body: dict[str, str]) -> SessionOverError | None:
        """Return why the session is over, if *answer* to a renewal says so."""
        if answer.status == 400 and not body:
            return SessionOverError(
                "The session cannot be renewed, no cookie arrived: it has ended, or "
                "the client does not keep or send the cookie (Secure without HTTPS, "
                "another path or host); log in again"
            )
        if answer.status in {400, 401}:
            return SessionOverError("The session has ended; log in again")
        other = answer.read().get("session_id")
        if isinstance(other, str) and self._session_id not in {None, other}:
            return OtherSessionError(
                "The cookie belongs to another login with the same HTTP client; use a "
                "client for each user, and log in again"
            )
        return None

    def _take(self, answer: Answer, sent_at: float, view: str) -> Tokens:
        body = answer.read()
        token = body.get("token")
        if answer.status != 200 or not isinstance(token, str):
            raise _unexpected(answer, view)
        refresh_token, expires_in = body.get("refreshToken"), body.get("expiresIn")
        session_id = body.get("session_id")
        if isinstance(session_id, str):
            self._session_id = session_id
        if isinstance(refresh_token, str):
            self._refresh_token = refresh_token
        elif view == "login":
            self._refresh_token = None
            self._cookie = self._has_cookie = True
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

    def _go_on_in_child(self) -> None:
        """Forget a renewal, and a lock, of a thread that a fork has left behind."""
        self._lock = Lock()
        self._flight = None

    def _call(self, view: str, body: dict[str, str], token: str | None = None) -> Call:
        headers = {"X-Requested-With": "twopi-token-auth"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return Call(f"{self._url}/{view}", body, headers)


_SESSIONS: WeakSet[ClientSession] = WeakSet()


def _go_on_in_child() -> None:
    for session in _SESSIONS:
        session._go_on_in_child()  # noqa: SLF001


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_go_on_in_child)


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
