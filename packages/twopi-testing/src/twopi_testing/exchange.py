"""One request and its answer, and failures that show both."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol
from urllib.parse import quote

from werkzeug.test import TestResponse

METHODS = ("get", "post", "put", "patch", "delete")
SHOWN = 1000
"""How many characters of a body a failure shows."""


Statuses = int | Sequence[int] | AbstractSet[int]
"""A status, or several."""


class Client(Protocol):
    """What sends the requests: a Flask test client, or a test case with helpers."""

    def get(self, *args: Any, **kwargs: Any) -> TestResponse: ...  # noqa: D102
    def post(self, *args: Any, **kwargs: Any) -> TestResponse: ...  # noqa: D102
    def put(self, *args: Any, **kwargs: Any) -> TestResponse: ...  # noqa: D102
    def patch(self, *args: Any, **kwargs: Any) -> TestResponse: ...  # noqa: D102
    def delete(self, *args: Any, **kwargs: Any) -> TestResponse: ...  # noqa: D102


def codes_of(expected: Statuses) -> Collection[int]:
    """Return the statuses *expected* stands for."""
    return (expected,) if isinstance(expected, int) else expected


def object_url(endpoint: str, object_id: object, *, is_quoted: bool = False) -> str:
    """Return the URL of one object: ``/things?a=1`` and 7 make ``/things/7?a=1``."""
    path, mark, query = endpoint.partition("?")
    name = str(object_id) if is_quoted else quote(str(object_id), safe="")
    return f"{path.rstrip('/')}/{name}{mark}{query}"


@dataclass(frozen=True)
class Exchange:
    """A request that was sent, and the response."""

    method: str
    url: str
    response: TestResponse

    @classmethod
    def send(
        cls, client: Client, method: str, url: str, data: object = None
    ) -> Exchange:
        """Send *data*, if the method has any, as JSON."""
        body = {"json": data} if method in {"POST", "PUT", "PATCH"} else {}
        return cls(method, url, getattr(client, method.lower())(url, **body))

    @classmethod
    def of(cls, response: TestResponse) -> Exchange:
        """Return the exchange that ended in *response*, after redirects the last."""
        url = response.request.full_path.removesuffix("?")
        return cls(response.request.method, url, response)

    @property
    def heading(self) -> str:
        """Method, URL and status."""
        status = getattr(self.response, "status", self.response.status_code)
        return f"{self.method} {self.url} answered {status}"

    def __str__(self) -> str:
        text = self.response.data.decode("utf-8", "replace").strip()
        if len(text) > SHOWN:
            text = f"{text[:SHOWN]}... ({len(text)} characters)"
        return f"{self.heading}: {text or '(empty body)'}"

    def fail(self, reason: str) -> NoReturn:
        """Raise an `AssertionError` with *reason* and the exchange."""
        __tracebackhide__ = True
        raise AssertionError(f"{reason}\n{self}")

    def expect(self, codes: Statuses) -> Exchange:
        """Return the exchange itself if its status is one of *codes*."""
        __tracebackhide__ = True
        wanted = codes_of(codes)
        if self.response.status_code not in wanted:
            listed = " or ".join(str(int(code)) for code in wanted)
            self.fail(f"expected status {listed}")
        return self

    def json(self) -> Any:
        """Return the decoded body, whatever its content type is called.

        A ``get_json`` that a test class has put on the response decodes it.
        """
        __tracebackhide__ = True
        decode = vars(self.response).get("get_json")
        try:
            return decode() if decode else json.loads(self.response.data)
        except ValueError:
            self.fail("expected a JSON body")

    def json_object(self) -> dict[str, Any]:
        """Return the decoded body, which must be an object."""
        __tracebackhide__ = True
        body = self.json()
        if not isinstance(body, dict):
            self.fail("expected a JSON object")
        return body
