"""The same checks as methods of a test class, for unittest and pytest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.test import TestResponse

from twopi_testing.crud import check_crud
from twopi_testing.exchange import Statuses
from twopi_testing.privileges import ExpectedCodes, check_privileges


class _Requests:
    """The methods that the three helpers share, so that they mix in any order."""

    client: FlaskClient
    client_headers: Mapping[str, str] = MappingProxyType({})

    def get(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Perform a GET request to the application."""
        return self.client.get(*args, **self._arguments(kwargs))

    def post(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Perform a POST request to the application."""
        return self.client.post(*args, **self._arguments(kwargs))

    def put(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Perform a PUT request to the application."""
        return self.client.put(*args, **self._arguments(kwargs))

    def patch(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Perform a PATCH request to the application."""
        return self.client.patch(*args, **self._arguments(kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Perform a DELETE request to the application."""
        return self.client.delete(*args, **self._arguments(kwargs))

    def _arguments(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if self.client_headers:
            headers = Headers(self.client_headers)
            headers.update(Headers(arguments.get("headers")))
            arguments["headers"] = headers
        if "data" in arguments and _is_json(arguments):
            arguments["json"] = arguments.pop("data")
        return arguments


def _is_json(arguments: Mapping[str, Any]) -> bool:
    data = arguments.get("data")
    if not isinstance(data, dict | list) or isinstance(data, MultiDict):
        return False
    headers = Headers(arguments.get("headers"))
    content_type = arguments.get("content_type") or headers.get("Content-Type")
    return content_type is None or "json" in content_type.lower()


class AppReqTestHelper(_Requests):
    """Adds request methods to a test class that has a Flask client in ``client``.

    A dict or list passed as ``data`` is sent as JSON, encoded by the application,
    unless a content type says otherwise (``content_type="multipart/form-data"``); a
    ``MultiDict`` is a form; text and bytes are sent as they are. ``client_headers``
    go with every request; ``headers`` of a call win over them. All other arguments
    are those of `flask.testing.FlaskClient`.

    Attributes:
        client: The client that sends the requests, set by your ``setUp``.
        client_headers: Headers for every request, such as ``Authorization``.
    """


class CRUDTestHelper(_Requests):
    """Adds a check of an endpoint's CRUD operations to a test class.

    The requests are those of `AppReqTestHelper`, ``client_headers`` included.
    """

    def do_crud_test(
        self,
        endpoint: str,
        data_1: Any = None,
        data_2: Any = None,
        key: str = "id",
        check_keys: Iterable[str] = (),
        keys_from_prev: Iterable[str] = (),
        create: bool = True,
        delete: bool = True,
        update: bool = True,
        read: bool = True,
        initial_count: int = 0,
        *,
        statuses: Mapping[str, Statuses] | None = None,
    ) -> None:
        """Take one object of *endpoint* through its life and check every answer.

        Same as `check_crud`, with the requests of this class.
        """
        __tracebackhide__ = True
        check_crud(
            self,
            endpoint,
            data_1,
            data_2,
            key,
            check_keys,
            keys_from_prev,
            create,
            delete,
            update,
            read,
            initial_count,
            statuses=statuses,
        )


class PrivilegeTestHelper(_Requests):
    """Adds a check of an endpoint's privileges to a test class.

    The requests are those of `AppReqTestHelper`, ``client_headers`` included.
    """

    def do_test_privileges(
        self,
        endpoint: str,
        data: Any,
        object_id: object,
        expected_codes: ExpectedCodes,
    ) -> None:
        """Send one request per action and compare the statuses; report all at once.

        Same as `check_privileges`, with the requests of this class.
        """
        __tracebackhide__ = True
        check_privileges(self, endpoint, data, object_id, expected_codes)
