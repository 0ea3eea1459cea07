"""The requests of a CRUD check, each with what its response must have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twopi_testing.comparison import are_equal, require_equal
from twopi_testing.exchange import Client, Exchange, Statuses, object_url


class Endpoint:
    """A list of objects at a URL, and the objects below it."""

    check_keys: list[str]
    keys_from_prev: list[str]
    partial_answers: bool

    def __init__(
        self, client: Client, url: str, key: str, statuses: Mapping[str, Statuses]
    ) -> None:
        self.client = client
        self.url = url
        self.key = key
        self.statuses = statuses
        self._require_equal = getattr(client, "assertEqualDicts", require_equal)
        self._are_equal = getattr(client, "equalDicts", are_equal)

    def expect_count(
        self,
        count: int,
        *,
        present: object = None,
        data: Any = None,
        absent: object = None,
    ) -> None:
        """Check the list's length, and its objects if it has only one page."""
        __tracebackhide__ = True
        listed, items, total = self._listed()
        if total not in {count, None}:
            listed.fail(f"expected {count} objects in the list, found {total}")
        ids = [str(item[self.key]) for item in items if self._has_key(item)]
        if absent is not None and str(absent) in ids:
            listed.fail(f"the list has the deleted object with {self.key} {absent!r}")
        if present is None or len(items) != total:
            return
        if len(ids) == total and str(present) not in ids:
            listed.fail(f"the list lacks the object with {self.key} {present!r}")
        if data is not None and not any(self._is_like(item, data) for item in items):
            listed.fail("the list lacks an object with the fields that were sent")

    def create(self, data: Any) -> tuple[object, dict[str, Any]]:
        """Create an object, and return its key and the response."""
        __tracebackhide__ = True
        sent = self._send("POST", self.url, "create", data)
        created = sent.json_object()
        if created.get(self.key) is None:
            sent.fail(f"the answer has no {self.key!r}")
        self._compare(sent, self.check_keys, created, data)
        return created[self.key], created

    def read(
        self,
        object_id: object,
        data: Any = None,
        previous: Mapping[str, Any] | None = None,
        *,
        has: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Read an object, and compare it with what was sent and what it was.

        What *has* has of ``keys_from_prev`` it must have, too.
        """
        __tracebackhide__ = True
        sent = self._send("GET", object_url(self.url, object_id), "read")
        entity = sent.json_object()
        if self._has_key(entity) and str(entity[self.key]) != str(object_id):
            sent.fail(f"expected the object with {self.key} {object_id!r}")
        self._require(sent, self.check_keys, entity, data)
        self._require(sent, self.keys_from_prev, entity, previous)
        for name in self.keys_from_prev:
            if has and name in has and name not in entity:
                sent.fail(f"{name!r} is missing")
        return entity

    def update(
        self, object_id: object, data: Any, previous: Mapping[str, Any] | None
    ) -> None:
        """Update an object; the response may be empty."""
        __tracebackhide__ = True
        url = object_url(self.url, object_id)
        sent = self._send("PUT", url, "update", data)
        if sent.response.data:
            updated = sent.json_object()
            self._compare(sent, self.check_keys, updated, data)
            self._compare(sent, self.keys_from_prev, updated, previous)

    def delete(self, object_id: object, *, read: bool) -> None:
        """Delete an object, and see that it is gone if *read*."""
        __tracebackhide__ = True
        url = object_url(self.url, object_id)
        self._send("DELETE", url, "delete")
        if read:
            self._send("GET", url, "gone")

    def _send(self, method: str, url: str, step: str, data: Any = None) -> Exchange:
        __tracebackhide__ = True
        sent = Exchange.send(self.client, method, url, data)
        return sent.expect(self.statuses[step])

    def _listed(self) -> tuple[Exchange, list[Any], int | None]:
        """Return the objects of the page and how many there are on all, if known."""
        __tracebackhide__ = True
        listed = self._send("GET", self.url, "read")
        body = listed.json()
        page = body if isinstance(body, dict) else {"items": body}
        items = page.get("items")
        if not isinstance(items, list):
            listed.fail('expected a list, or an object with a list in "items"')
        total = page.get("totalItems")
        if page.get("totalItemsExact") is False or total is None:
            more = page.get("hasMore") or page.get("next")
            return listed, items, None if more else len(items)
        if not isinstance(total, int) or total < len(items):
            listed.fail(f'"totalItems" is {total!r}, but {len(items)} are listed')
        return listed, items, total

    def _is_like(self, item: Any, data: Any) -> bool:
        return bool(self._are_equal(self._asked(self.check_keys, item), item, data))

    def _compare(
        self, sent: Exchange, keys: list[str], answer: Mapping[str, Any], data: Any
    ) -> None:
        """Compare a response that may omit fields if ``partial_answers``."""
        __tracebackhide__ = True
        self._require(sent, self._asked(keys, answer), answer, data)

    def _asked(self, keys: list[str], answer: Any) -> list[str]:
        if self.partial_answers and isinstance(answer, Mapping):
            return [name for name in keys if name in answer]
        return keys

    def _require(
        self, sent: Exchange, keys: Iterable[str], found: Any, expected: Any
    ) -> None:
        __tracebackhide__ = True
        if expected is None:
            return
        try:
            self._require_equal(keys, found, expected)
        except AssertionError as error:
            sent.fail(str(error))

    def _has_key(self, item: Any) -> bool:
        return isinstance(item, Mapping) and item.get(self.key) is not None
