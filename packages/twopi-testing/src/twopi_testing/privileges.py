"""Who may do what on an endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from twopi_testing.exchange import Client, Exchange, Statuses, object_url

Pair = tuple[str, Statuses]
ExpectedCodes = (
    Mapping[str, Statuses] | Sequence[Pair] | AbstractSet[Pair] | Iterator[Pair]
)
"""What `check_privileges` expects: a mapping, or pairs."""

ACTIONS = {
    "plural-get": "GET",
    "get": "GET",
    "post": "POST",
    "put": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
}
"""The method of each action, in an order in which a success spoils no later one."""


def check_privileges(
    client: Client,
    endpoint: str,
    data: Any,
    object_id: object,
    expected_codes: ExpectedCodes,
) -> None:
    """Send one request per action and compare the statuses; report all at once.

    Bodies are not looked at: a refusal may be JSON, HTML or empty.

    Args:
        client: A Flask test client, or anything with its request methods, that
            sends the credentials in question.
        endpoint: The URL of the list, such as ``/api/v1/things``.
        data: What to send with POST, PUT and PATCH.
        object_id: The object to act on with ``get``, ``put``, ``patch``, ``delete``;
            a string is the rest of the URL, quoted where it must be.
        expected_codes: The status, or several, for any of ``plural-get``, ``get``,
            ``post``, ``put``, ``patch`` and ``delete``. The actions of a mapping
            are done in that order, those of pairs in the order given.

    Raises:
        AssertionError: Answers were different; the message shows method, URL,
            status and body of each. A request that raised counts as different.
        ValueError: *expected_codes* is empty or names another action.
    """
    __tracebackhide__ = True
    pairs = _ordered(expected_codes)
    faults, cause = [], None
    for action, codes in pairs:
        plural = action in {"plural-get", "post"}
        url = endpoint if plural else object_url(endpoint, object_id, is_quoted=True)
        body = data if action in {"post", "put", "patch"} else None
        try:
            Exchange.send(client, ACTIONS[action], url, body).expect(codes)
        except AssertionError as error:
            faults.append(f"{action}: {error}")
        except Exception as error:  # noqa: BLE001  the other cells are worth knowing
            cause = cause or error
            faults.append(f"{action}: {ACTIONS[action]} {url} raised {error!r}")
    if faults:
        heading = f"{len(faults)} of {len(pairs)} privileges are not as expected"
        raise AssertionError("\n".join([heading, *faults])) from cause


def _ordered(
    expected: ExpectedCodes,
) -> list[tuple[str, Statuses]]:
    pairs = list(expected.items() if isinstance(expected, Mapping) else expected)
    for action, _ in pairs:
        if action not in ACTIONS:
            raise ValueError(f"no action {action!r}; the actions are {[*ACTIONS]}")
    if not pairs:
        raise ValueError("expected_codes is empty, so nothing would be checked")
    if isinstance(expected, Mapping):
        pairs.sort(key=lambda pair: [*ACTIONS].index(pair[0]))
    return pairs
