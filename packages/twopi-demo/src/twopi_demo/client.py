"""A client of Punchcard's HTTP API, made of the standard library alone."""

from __future__ import annotations

import http.client
import json
from typing import Any, Self
from urllib.parse import urlencode

API = "/api/v1"


class Answer:
    """What came back for a request."""

    def __init__(self, request: str, response: http.client.HTTPResponse) -> None:
        self.request = request
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    def __repr__(self) -> str:
        return f"<{self.request} -> {self.status} {self.text[:300]}>"

    @property
    def json(self) -> Any:
        """Return the body, which has to be JSON."""
        return json.loads(self.text)


class Client:
    """Send requests as nobody or, after `log_in`, as somebody.

    An access token that is over is renewed once and the request sent again, as any
    client of such an API does.

    Args:
        port: Where Punchcard listens.
        seen: Takes the method and the path of every request.
    """

    def __init__(self, port: int, seen: set[tuple[str, str]] | None = None) -> None:
        self.port = port
        self.seen = set() if seen is None else seen
        self.token: str | None = None
        self.refresh_token: str | None = None

    def log_in(self, username: str, password: str) -> Self:
        """Log in, and return this client."""
        credentials = {"username": username, "password": password}
        tokens = self.send("POST", f"{API}/login", credentials).json
        self.token, self.refresh_token = tokens["token"], tokens["refreshToken"]
        return self

    def renew(self) -> Answer:
        """Ask for a new access token, and use it if there is one."""
        body = {"refreshToken": self.refresh_token}
        answer = self.exchange("POST", f"{API}/renew", body)
        if answer.status == 200:
            self.token = answer.json["token"]
        return answer

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        """Return the answer to a request, made again after a renewal if that helps."""
        if query:
            path = f"{path}?{urlencode(query)}"
        answer = self.exchange(method, path, body)
        expired = answer.status == 401 and self.refresh_token
        if expired and self.renew().status == 200:
            return self.exchange(method, path, body)
        return answer

    def exchange(self, method: str, path: str, body: Any = None) -> Answer:
        """Return the answer to one request; text is sent as it is, else as JSON."""
        headers = {"Connection": "close"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = body if isinstance(body, str) else json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            self.seen.add((method, path.partition("?")[0]))
            return Answer(f"{method} {path}", response)
        finally:
            connection.close()
