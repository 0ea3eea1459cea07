"""Calls as JSON, and their times counted from the call."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from kombu.exceptions import EncodeError
from kombu.utils.json import dumps

from twopi_celery.publishing.frozen_call import parts


def encode(call: Any) -> str:
    """Return *call* as JSON, which keeps it whatever the serializer of its message."""
    for each in parts(call):
        serializer = each.options.get("serializer")
        task = each.app.tasks.get(str(each.task))
        if serializer is None and task is not None:
            serializer = task.serializer
        if serializer == "pickle":
            raise EncodeError(
                f"An outbox keeps calls as JSON, and {each.task} is to be pickled; "
                "use the serializer 'json'"
            )
    try:
        return dumps(call)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise EncodeError(f"An outbox keeps calls as JSON: {error}") from error


def make_absolute(options: dict[str, Any], now: datetime) -> None:
    """Count from now on, and not from when the relay comes to it."""
    countdown, expires = options.pop("countdown", None), options.get("expires")
    if countdown is not None:
        options["eta"] = now + timedelta(seconds=countdown)
    if isinstance(expires, int | float):
        options["expires"] = now + timedelta(seconds=expires)
