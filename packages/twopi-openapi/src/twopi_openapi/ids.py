"""The operationIds of a document, which stay the same when views are added."""

from __future__ import annotations

import re
from collections import defaultdict

from twopi_openapi.errors import DuplicateOperationError
from twopi_openapi.marks import merge
from twopi_openapi.paths import template, variables
from twopi_openapi.routes import Route


def operation_ids(routes: list[Route]) -> list[str]:
    """Return an id for each of *routes*.

    It is the endpoint; with the method before it where the endpoint has several, and
    with ``_by_`` and the variables after it for a path of the endpoint that is not its
    shortest.

    Raises:
        DuplicateOperationError: Two operations would have one id.
    """
    shortest: dict[str, str] = {}
    for route in routes:
        endpoint, path = route.rule.endpoint, route.rule.rule
        best = shortest.get(endpoint, path)
        shortest[endpoint] = min(best, path, key=lambda each: (len(each), each))
    users = defaultdict(list)
    found = []
    for route in routes:
        name = merge(route.fragments).get("operation_id") or _made(route, shortest)
        users[name].append(route)
        found.append(name)
    for name, several in users.items():
        if len(several) > 1:
            places = " and ".join(
                f"{each.method.upper()} {each.rule}" for each in several
            )
            raise DuplicateOperationError(
                f"{places} have the operationId {name!r}; give one of them another by "
                "describes(operation_id=...)",
                rule=str(several[1].rule),
                endpoint=several[1].rule.endpoint,
            )
    return found


def _made(route: Route, shortest: dict[str, str]) -> str:
    name = re.sub(r"\W+", "_", route.rule.endpoint)
    if route.methods > 1:
        name = f"{route.method}_{name}"
    path = route.rule.rule
    if path == shortest[route.rule.endpoint]:
        return name
    before = set(re.findall(r"\w+", shortest[route.rule.endpoint]))
    for found in (variables(template(route.rule)), re.findall(r"\w+", path)):
        if more := [each for each in found if each not in before]:
            return f"{name}_by_{'_'.join(more)}"
    return f"{name}_at_{re.sub(r'[^A-Za-z0-9]+', '_', path).strip('_')}"
