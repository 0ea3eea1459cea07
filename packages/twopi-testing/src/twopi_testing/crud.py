"""The life of one object: listed, created, read, updated, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import json

from twopi_testing.exchange import Client, Exchange, Statuses, object_url

STATUSES: Mapping[str, Statuses] = {
    "create": (200, 201),
    "read": 200,
    "update": (200, 204),
    "delete": (200, 202, 204),
    "gone": (404, 410),
}
"""What each step may answer; ``gone`` is reading an object after its deletion."""


def check_crud(
    client: Client,
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

    The object is read on its own after each step. Without *create* the steps act on
    the object whose *key* is in *data_1*, else on the first one listed; if the
    endpoint is empty and *initial_count* is 0, there is nothing to act on.

    A list is a JSON array or a page ``{"items": [...], "totalItems": n}``, where
    ``totalItems`` counts all pages. If it is missing or null, or ``totalItemsExact`` is
    false, the items are counted, unless ``hasMore`` or a ``next`` tells of more pages:
    then only what is gone is looked for. The pages of twopi-pagination are such.

    Args:
        client: A Flask test client, or anything with its request methods.
        endpoint: The URL of the list, such as ``/api/v1/things``; a query string
            goes with every request.
        data_1: What to create the object with (POST).
        data_2: What to update the object with (PUT); the default is *data_1*.
        key: The field of the answer to POST that identifies the object.
        check_keys: Fields that must come back as they were sent. An answer to POST
            or PUT may omit them, an answer to GET may not.
        keys_from_prev: Fields that must stay as the previous answer had them.
        create: Whether to create an object and read it.
        delete: Whether to delete the object and see that it is gone.
        update: Whether to update the object.
        read: Whether to read and count the list before and after every step.
        initial_count: How many objects the endpoint has before the check.
        statuses: Other statuses to accept, an integer or several for each of
            ``create``, ``read``, ``update``, ``delete`` and ``gone``; see `STATUSES`.

    Raises:
        AssertionError: An answer is wrong; the message shows method, URL, status
            and body.
        ValueError: *statuses* or *check_keys* names something that is not there.
    """
    __tracebackhide__ = True
    resource = _Resource(client, endpoint, key, _accepted(statuses))
    data_2 = data_1 if data_2 is None else data_2
    check_keys, keys_from_prev = list(check_keys), list(keys_from_prev)
    _require_sent(check_keys, data_1, data_2)

    count = initial_count
    if read:
        resource.expect_count(count)
    if create:
        object_id, created = resource.create(data_1, check_keys)
        entity = resource.read(object_id, data_1, check_keys, created, keys_from_prev)
        count += 1
        if read:
            resource.expect_count(count, present=object_id)
    elif update or delete:
        object_id = resource.find(data_1, initial_count)
        if object_id is None:
            return
        entity = resource.read(object_id)
    if update:
        resource.update(object_id, data_2, check_keys)
        resource.read(object_id, data_2, check_keys, entity, keys_from_prev)
        if read:
            resource.expect_count(count, present=object_id)
    if delete:
        resource.delete(object_id)
        count -= 1
        if read:
            resource.expect_count(count, absent=object_id)


class _Resource:
    """The requests of a check, each with what its answer has to fulfil."""

    def __init__(
        self,
        client: Client,
        url: str,
        key: str,
        statuses: Mapping[str, Statuses],
    ) -> None:
        self.client = client
        self.url = url
        self.key = key
        self.statuses = statuses

    def send(self, method: str, url: str, step: str, data: Any = None) -> Exchange:
        __tracebackhide__ = True
        sent = Exchange.send(self.client, method, url, data)
        return sent.expect(self.statuses[step])

    def listed(self) -> tuple[Exchange, list[Any], int | None]:
        """Return the objects of the page and how many there are on all, if known."""
        __tracebackhide__ = True
        listed = self.send("GET", self.url, "read")
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

    def expect_count(
        self, count: int, *, present: object = None, absent: object = None
    ) -> None:
        """Check the list's length, and its objects if it has only one page."""
        __tracebackhide__ = True
        listed, items, total = self.listed()
        if total not in {count, None}:
            listed.fail(f"expected {count} objects in the list, found {total}")
        ids = [item[self.key] for item in items if self._is_object(item)]
        if present is not None and len(ids) == total and present not in ids:
            listed.fail(f"the list lacks the object with {self.key} {present!r}")
        if absent is not None and absent in ids:
            listed.fail(f"the list has the deleted object with {self.key} {absent!r}")

    def find(self, data: Any, expected: int) -> Any:
        """Return the key of an object that is there already, or ``None``."""
        __tracebackhide__ = True
        if self._is_object(data):
            return data[self.key]
        listed, items, _ = self.listed()
        if not items and expected:
            listed.fail(f"expected {expected} objects in the list, found none")
        if items and not self._is_object(items[0]):
            listed.fail(f"the first object of the list has no {self.key!r}")
        return items[0][self.key] if items else None

    def create(self, data: Any, check_keys: list[str]) -> tuple[Any, dict[str, Any]]:
        __tracebackhide__ = True
        sent = self.send("POST", self.url, "create", data)
        created = sent.json_object()
        if created.get(self.key) is None:
            sent.fail(f"the answer has no {self.key!r}")
        _compare(sent, created, data, [name for name in check_keys if name in created])
        return created[self.key], created

    def read(
        self,
        object_id: object,
        data: Any = None,
        check_keys: Iterable[str] = (),
        previous: Mapping[str, Any] | None = None,
        keys_from_prev: Iterable[str] = (),
    ) -> dict[str, Any]:
        """Read one object, and compare it with what was sent and what it was."""
        __tracebackhide__ = True
        sent = self.send("GET", object_url(self.url, object_id), "read")
        entity = sent.json_object()
        if self.key in entity and entity[self.key] != object_id:
            sent.fail(f"expected the object with {self.key} {object_id!r}")
        _compare(sent, entity, data, check_keys)
        for name in keys_from_prev:
            if name not in entity:
                sent.fail(f"{name!r} is missing")
            if previous and name in previous and previous[name] != entity[name]:
                sent.fail(f"{name!r} was {previous[name]!r}, but is {entity[name]!r}")
        return entity

    def update(self, object_id: object, data: Any, check_keys: list[str]) -> None:
        __tracebackhide__ = True
        sent = self.send("PUT", object_url(self.url, object_id), "update", data)
        updated = sent.response.get_json(silent=True)
        if isinstance(updated, dict):
            names = [name for name in check_keys if name in updated]
            _compare(sent, updated, data, names)

    def delete(self, object_id: object) -> None:
        __tracebackhide__ = True
        url = object_url(self.url, object_id)
        self.send("DELETE", url, "delete")
        self.send("GET", url, "gone")

    def _is_object(self, item: Any) -> bool:
        return isinstance(item, Mapping) and item.get(self.key) is not None


def _accepted(
    statuses: Mapping[str, Statuses] | None,
) -> Mapping[str, Statuses]:
    for step in statuses or ():
        if step not in STATUSES:
            raise ValueError(f"no step {step!r}; statuses may name {[*STATUSES]}")
    return {**STATUSES, **(statuses or {})}


def _require_sent(check_keys: Iterable[str], *sent: Any) -> None:
    for name in check_keys:
        if not any(isinstance(data, Mapping) and name in data for data in sent):
            raise ValueError(
                f"check_keys has {name!r}, which neither data_1 nor data_2 has"
            )


def _compare(
    sent: Exchange, answer: Mapping[str, Any], data: Any, names: Iterable[str]
) -> None:
    """Compare as JSON, in which a tuple is a list and a date is a text."""
    __tracebackhide__ = True
    for name in names:
        if not isinstance(data, Mapping) or name not in data:
            continue
        expected = json.loads(json.dumps(data[name]))
        if name not in answer:
            sent.fail(f"{name!r} is missing, expected {expected!r}")
        if answer[name] != expected:
            sent.fail(f"{name!r} is {answer[name]!r}, expected {expected!r}")
