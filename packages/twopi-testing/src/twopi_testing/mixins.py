"""The same checks as methods of a test class, for unittest and pytest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from types import MappingProxyType, SimpleNamespace
from typing import Any

from flask.json.provider import JSONProvider
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.test import TestResponse

from twopi_testing.comparison import difference, fields_of
from twopi_testing.crud import check_crud
from twopi_testing.exchange import METHODS, Statuses
from twopi_testing.privileges import ExpectedCodes, check_privileges

JSON = "application/json"


class AppReqTestHelper:
    """Adds request methods to a test class that has a Flask client in ``client``.

    Every request but GET is ``application/json`` unless ``content_type`` or a
    ``Content-Type`` header says otherwise: text and bytes as ``data`` are sent as they
    are, a dict or list is encoded. A ``MultiDict``, and a dict with files, is a form.
    ``json`` is encoded, and goes before ``data``. ``headers`` of a call replace
    ``client_headers``: ``headers={}`` sends none. All other arguments are those of
    `flask.testing.FlaskClient`. ``get_json()`` of a response parses the body whatever
    its content type is, and raises `ValueError` if it is not JSON.

    All five methods call ``_req(method, url, ...)``, which a subclass may override.

    Attributes:
        client: The client that sends the requests, set by your ``setUp``.
        client_headers: Headers for every request, such as ``Authorization``.
    """

    client: FlaskClient
    client_headers: Mapping[str, str] = MappingProxyType({})

    def get(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Perform a GET request to the application."""
        return self._req("get", *args, **kwargs)

    def post(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Perform a POST request to the application."""
        return self._req("post", *args, **kwargs)

    def put(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Perform a PUT request to the application."""
        return self._req("put", *args, **kwargs)

    def patch(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Perform a PATCH request to the application."""
        return self._req("patch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Perform a DELETE request to the application."""
        return self._req("delete", *args, **kwargs)

    def _req(self, meth: str, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs["headers"] = kwargs.get("headers", self.client_headers)
        value = kwargs.pop("json", None)
        if value is not None:
            kwargs["data"] = self._encoded(value)
        if meth != "get":
            self._describe_body(kwargs)
        response: TestResponse = getattr(self.client, meth)(*args, **kwargs)
        response.get_json = partial(_parsed, response)  # type: ignore[method-assign]
        return response

    def _describe_body(self, arguments: dict[str, Any]) -> None:
        """Set the content type, and encode a dict or list that is sent as JSON."""
        data = arguments.get("data")
        content_type = arguments.get("content_type")
        if content_type is None:
            content_type = Headers(arguments["headers"] or ()).get("Content-Type")
            if content_type is None and not _is_form(data):
                content_type = arguments["content_type"] = JSON
        is_json = content_type is not None and "json" in content_type.lower()
        if is_json and isinstance(data, dict | list):
            arguments["data"] = self._encoded(data)

    def _encoded(self, value: Any) -> str:
        """Return *value* as JSON, by the application's encoder where it must be."""
        try:
            return json.dumps(value)
        except TypeError:
            app = getattr(self.client, "application", None)
            if app is None:  # a client of one's own
                raise
            provider: JSONProvider = app.json
            return provider.dumps(value)


def _is_form(data: Any) -> bool:
    if isinstance(data, MultiDict):
        return True
    return isinstance(data, dict) and any(map(_has_file, data.values()))


def _has_file(value: Any) -> bool:
    """Return whether *value* is a file, ``(file, name)``, or a list of these."""
    if isinstance(value, tuple | list):
        return any(map(_has_file, value))
    return hasattr(value, "read")


def _parsed(
    response: TestResponse,
    force: bool = True,  # noqa: ARG001  an argument of get_json
    silent: bool = False,
    cache: bool = True,  # noqa: ARG001
) -> Any:
    """Return the decoded body of *response*; None if *silent* and it is not JSON."""
    try:
        return json.loads(response.data.decode())
    except ValueError:
        if silent:
            return None
        raise


class CRUDTestHelper(AppReqTestHelper):
    """Adds a check of an endpoint's CRUD operations to a test class.

    Override ``assertEqualDicts`` and ``equalDicts`` to compare in another way.
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
        existing: object = None,
        partial_answers: bool = False,
        statuses: Mapping[str, Statuses] | None = None,
    ) -> None:
        """Take one object of *endpoint* through its life and check every response.

        Same as `check_crud`, with the requests and comparisons of this class.
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
            existing=existing,
            partial_answers=partial_answers,
            statuses=statuses,
        )

    def filteredDicts(  # noqa: N802  the name of 1.x
        self, keys: Iterable[str], *dicts: Any
    ) -> list[dict[str, Any]]:
        """Return each of *dicts* with no other names than *keys*."""
        return [fields_of(each, keys) for each in dicts]

    def assertEqualDicts(  # noqa: N802  the name of 1.x
        self, keys: Iterable[str], d1: Any, d2: Any
    ) -> None:
        """Require *d1*, which was received, to have *keys* as *d2* has them.

        Raises:
            AssertionError: They differ.
        """
        __tracebackhide__ = True
        reason = difference(*self.filteredDicts(keys, d1, d2))
        if reason:
            raise AssertionError(reason)

    def equalDicts(  # noqa: N802  the name of 1.x
        self, keys: Iterable[str], d1: Any, d2: Any
    ) -> bool:
        """Return whether *d1* has *keys* as *d2* has them."""
        return difference(*self.filteredDicts(keys, d1, d2)) is None


class PrivilegeTestHelper(AppReqTestHelper):
    """Adds a check of an endpoint's privileges to a test class."""

    def do_test_privileges(
        self,
        endpoint: str,
        data: Any,
        object_id: object,
        expected_codes: ExpectedCodes,
    ) -> None:
        """Send one request per action and compare the statuses; report all at once.

        Same as `check_privileges`, with the requests of ``_req`` of this class; without
        *expected_codes* there is nothing to do.
        """
        __tracebackhide__ = True
        pairs = expected_codes
        if not isinstance(pairs, Mapping):
            pairs = list(pairs)
        if pairs:
            methods = {method: partial(self._req, method) for method in METHODS}
            client: Any = SimpleNamespace(**methods)
            check_privileges(client, endpoint, data, object_id, pairs)
