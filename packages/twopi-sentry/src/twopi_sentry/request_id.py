"""The id that a request or task has brought along, to find its events by."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import sentry_sdk

Hook = Callable[[], str | None]

TAG = "request_id"
HEADER = "X-Request-ID"
IN_MESSAGES = frozenset({"x-request-id", "request-id"})
"""Names of a message's header, in lower case and with hyphens."""
_ID = re.compile(r"[!-~]{1,128}")
"""Whoever sends the header chooses what is in it."""


def current() -> str | None:
    """Return the ``X-Request-ID`` of the task's message, or of the current request."""
    celery = sys.modules.get("celery")
    if celery is not None and (task := celery.current_task):
        for name, value in (task.request.headers or {}).items():
            if str(name).lower().replace("_", "-") in IN_MESSAGES and value:
                return str(value)
    flask = sys.modules.get("flask")
    if flask is not None and flask.has_request_context():
        return flask.request.headers.get(HEADER)  # type: ignore[no-any-return]
    return None


def ask(hook: Hook) -> dict[str, str]:
    """Return the tag of the id that *hook* tells; no tag if it tells none."""
    try:
        found = hook()
    except Exception:  # noqa: BLE001  an id is not worth an event
        return {}
    return {TAG: found} if isinstance(found, str) and _ID.fullmatch(found) else {}


def tag_scope(hook: Hook) -> None:
    """Tag what is sent from the current isolation scope, also by its threads."""
    if tags := ask(hook):
        sentry_sdk.get_isolation_scope().set_tags(tags)
