"""The life of one object: listed, created, read, updated, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twopi_testing.endpoint import Endpoint
from twopi_testing.exchange import Client, Statuses

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
    existing: object = None,
    partial_answers: bool = False,
    statuses: Mapping[str, Statuses] | None = None,
) -> None:
    """Take one object of *endpoint* through its life and check every response.

    The requests are those of 1.x: list, POST, list, GET, PUT, GET, DELETE, GET, list.
    Without *create* the endpoint is only listed and nothing is changed, unless
    *existing* names an object.

    A list is a JSON array or a page ``{"items": [...], "totalItems": n}``, where
    ``totalItems`` counts all pages. If it is missing or null, or ``totalItemsExact`` is
    false, the items are counted, unless ``hasMore`` or a ``next`` tells of more pages:
    then only what is gone is looked for. The pages of twopi-pagination are such.

    Args:
        client: A Flask test client, or anything with its request methods. If it has
            the methods ``assertEqualDicts`` and ``equalDicts`` of `CRUDTestHelper`,
            they compare.
        endpoint: The URL of the list, such as ``/api/v1/things``; a query string
            goes with every request.
        data_1: What to create the object with (POST).
        data_2: What to update the object with (PUT); the default is *data_1*.
        key: The field of the response to POST that identifies the object.
        check_keys: Fields that must come back as they were sent; one that was not
            sent must not come back.
        keys_from_prev: Fields that must stay as they were before the update.
        create: Whether to create an object.
        delete: Whether to delete the object and see that it is gone.
        update: Whether to update the object.
        read: Whether to list the objects and to read the one; without it no GET is
            sent.
        initial_count: How many objects the endpoint has before the check.
        existing: The key of an object that is there already, to update and delete
            instead of a created one; for ``create=False``.
        partial_answers: Whether lists and the responses to POST and PUT may omit
            fields in *check_keys* and *keys_from_prev*.
        statuses: Other statuses to accept, an integer or several for each of
            ``create``, ``read``, ``update``, ``delete`` and ``gone``; see `STATUSES`.

    Raises:
        AssertionError: A response is wrong; the message shows method, URL, status
            and body.
        ValueError: *statuses* names an unknown step, or *existing* was passed with
            *create*.
    """
    __tracebackhide__ = True
    if create and existing is not None:
        raise ValueError("existing names an object that is not created; create=False")
    things = Endpoint(client, endpoint, key, _accepted(statuses))
    things.check_keys = _names(check_keys)
    things.keys_from_prev = _names(keys_from_prev)
    things.partial_answers = partial_answers
    first = data_1 if create else None
    second = (data_1 if data_2 is None else data_2) if update else first
    count, object_id, previous = initial_count, existing, None

    if read:
        things.expect_count(count)
    if create:
        object_id, previous = things.create(first)
        count += 1
    if read:
        things.expect_count(count, present=object_id, data=first)
        if object_id is not None:
            previous = things.read(object_id, first, has=previous)
    if update and object_id is not None:
        things.update(object_id, second, previous)
    if read and object_id is not None:
        things.read(object_id, second, previous)
    if delete and object_id is not None:
        things.delete(object_id, read=read)
        count -= 1
    if read:
        things.expect_count(count, absent=object_id if delete else None)


def _names(keys: Iterable[str]) -> list[str]:
    return [keys] if isinstance(keys, str) else list(keys)


def _accepted(statuses: Mapping[str, Statuses] | None) -> Mapping[str, Statuses]:
    for step in statuses or ():
        if step not in STATUSES:
            raise ValueError(f"no step {step!r}; statuses may name {[*STATUSES]}")
    return {**STATUSES, **(statuses or {})}
