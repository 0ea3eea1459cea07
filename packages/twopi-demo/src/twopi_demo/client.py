"""A client of Punchcard's HTTP API: HTTPX, and twopi-token-auth to stay logged in."""

from __future__ import annotations

from typing import Any, Self

import httpx

from twopi_token_auth.clients.httpx import SessionAuth
from twopi_token_auth.clients.session import Tokens

API = "/api/v1"


class Answer:
    """What came back for a request."""

    def __init__(self, response: httpx.Response) -> None:
        self.request = f"{response.request.method} {response.request.url}"
        self.status = response.status_code
        self.headers = response.headers
        self.links = response.links
        self.text = response.text
        self._response = response

    def __repr__(self) -> str:
        return f"<{self.request} -> {self.status} {self.text[:300]}>"

    @property
    def json(self) -> Any:
        """Return the body, which has to be JSON."""
        return self._response.json()


class Client:
    """Send requests as nobody or, after `log_in`, as somebody.

    Args:
        port: Where Punchcard listens.
        seen: Takes the method and the path of every request.
    """

    def __init__(self, port: int, seen: set[tuple[str, str]] | None = None) -> None:
        self.port = port
        self.seen = set() if seen is None else seen
        self.token: str | None = None
        self.refresh_token: str | None = None
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            event_hooks={"request": [self._note]},
            headers={"Connection": "close"},
            timeout=30,
            trust_env=False,
        )

    def log_in(self, username: str, password: str) -> Self:
        """Log in, and return this client."""
        self._auth().log_in(username, password)
        self.credentials = username, password
        return self

    def elsewhere(self) -> Client:
        """Return a client that has logged in as the same user."""
        return Client(self.port, self.seen).log_in(*self.credentials)

    def renew(self) -> Answer:
        """Ask for a new access token, and use it if there is one."""
        body = {"refreshToken": self.refresh_token}
        answer = self.exchange("POST", f"{API}/renew", body)
        if answer.status == 200:
            self.token = answer.json["token"]
            self.refresh_token = answer.json["refreshToken"]
            self._auth(token=self.token, refresh_token=self.refresh_token)
        return answer

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        """Return the answer to a request; a token that is over is renewed for it."""
        return self._answer(method, path, body, params=query or None)

    def exchange(self, method: str, path: str, body: Any = None) -> Answer:
        """Return the answer to a request with the token as it is."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self._answer(method, path, body, auth=None, headers=headers)

    def _answer(self, method: str, path: str, body: Any, **options: Any) -> Answer:
        """Send text as it is, all else as JSON."""
        if isinstance(body, str):
            headers = options.pop("headers", {}) | {"Content-Type": "application/json"}
            options |= {"content": body, "headers": headers}
        elif body is not None:
            options["json"] = body
        return Answer(self._http.request(method, path, **options))

    def _auth(self, **options: Any) -> SessionAuth:
        """Go on with a session, or begin one, and return what sends its tokens."""
        url = f"{self._http.base_url}{API}"
        auth = SessionAuth(self._http, url, save=self._save, **options)
        self._http.auth = auth
        return auth

    def _save(self, tokens: Tokens | None) -> None:
        if tokens:
            self.token, self.refresh_token = tokens.token, tokens.refresh_token

    def _note(self, request: httpx.Request) -> None:
        self.seen.add((request.method, request.url.path))
