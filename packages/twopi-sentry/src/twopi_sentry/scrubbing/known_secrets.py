"""The literal secrets of a configuration, a request and a task.

Everything here returns values, so that they can be found again where no name tells
what they are.
"""

from __future__ import annotations

import base64
import binascii
import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus

from twopi_sentry.scrubbing.patterns import (
    SHORTEST,
    WORDS,
    find_random,
    find_shapes,
    is_secret_name,
)

Source = Callable[[], Iterable[str]]

LARGEST_BODY = 2**20
"""Bytes; a larger body is read only if the application has read it already."""
MOST_VALUES = 100_000
"""How many values of one frame, request or task are looked at."""


def named_secrets(
    data: Any, *, secret: bool = False, most: int = MOST_VALUES
) -> Iterator[str]:
    """Yield the values in *data* whose name says that they are secret.

    Args:
        data: Dicts, lists and tuples, nested; pairs count as a name and its value.
            What looks like a secret in other texts is found too.
        secret: Whether the name of *data* itself says so.
        most: How many values to look at.
    """
    left: list[tuple[bool, Any]] = [(secret, data)]
    seen: set[int] = set()
    looked = 0
    while left and looked < most:
        looked += 1
        secret, value = left.pop()
        if isinstance(value, str | bytes | int):
            if secret:
                yield from _literals(value)
            elif isinstance(value, str):
                yield from find_random(value)
            continue
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            left += [(secret or is_secret_name(key), value[key]) for key in [*value]]
        elif isinstance(value, list | tuple | set | frozenset):
            items = [*value]
            named = len(items) == 2 and is_secret_name(items[0])
            left += [(secret or named, each) for each in items]


LONGEST_WORD = 12
"""A shorter password of letters alone, ``guest``, would hit the word elsewhere."""
CONF_ENDS = (
    *("SECRET_KEY", "_SECRET", "PASSWORD", "PASSPHRASE", "_PASS", "_PWD", "_TOKEN"),
    *("API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY", "ENCRYPTION_KEY"),
)
"""Ends of the names of secret settings; others hold names, such as TOKEN_HEADER."""


def conf_secrets(conf: Mapping[str, Any]) -> Iterator[str]:
    """Yield the secrets of a configuration, and the passwords of the URLs in it."""
    for name in [*conf]:
        try:
            value = conf[name]
        except KeyError:  # Celery lists settings that it does not have
            continue
        if str(name).upper().endswith(CONF_ENDS):
            yield from named_secrets(value, secret=True)
        elif isinstance(value, str) and "://" in value:
            for found in find_shapes(value):
                if len(found) >= LONGEST_WORD or not found.isalpha():
                    yield from (found, unquote(found))


def _literals(value: str | bytes | int) -> Iterator[str]:
    if isinstance(value, int):
        if not isinstance(value, bool) and abs(value) >= 10**5:
            yield str(value)
        return
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    text = text.strip()
    if len(text) >= SHORTEST and text.lower() not in WORDS:
        yield text
    scheme, _, rest = text.partition(" ")
    if scheme.lower() in {"bearer", "basic", "token", "digest"} and rest:
        yield from _literals(rest)
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(rest, validate=True).decode()
        except (binascii.Error, ValueError):
            return
        yield decoded
        yield decoded.partition(":")[2]


def urlencoded_secrets(text: str) -> Iterator[str]:
    """Yield the secret values of a query string or form, decoded and as they are."""
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if is_secret_name(unquote_plus(name)):
            yield value
            yield unquote_plus(value)


def request_secrets(request: Any) -> Iterator[str]:
    """Yield the secrets of a Flask *request*."""
    yield from named_secrets([*request.headers.items()])
    for value in request.headers.getlist("Authorization"):
        yield from find_shapes(value)
    yield from named_secrets([*request.cookies.listvalues()], secret=True)
    yield from named_secrets(request.view_args)
    yield from urlencoded_secrets(request.query_string.decode("latin-1"))
    for part in re.split("[?#]", request.referrer or ""):  # it need not be a URL
        yield from urlencoded_secrets(part)
    yield from _of_body(request)


def _of_body(request: Any) -> Iterator[str]:
    read = hasattr(request, "_cached_data") or "form" in vars(request)
    if not read and (request.content_length or LARGEST_BODY + 1) > LARGEST_BODY:
        return
    try:
        body, form = request.get_data(), request.form.to_dict(flat=False)
    except Exception:  # noqa: BLE001  what cannot be read is in no event either
        return
    yield from named_secrets(form)
    try:
        yield from named_secrets(json.loads(body))
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace")
        yield from find_shapes(text)
        if not text.startswith(("{", "[")):
            yield from urlencoded_secrets(text)


def task_secrets(task: Any) -> Source:
    """Return the source of the secrets in the arguments of a running Celery *task*."""
    args, kwargs, headers = task.request.args, task.request.kwargs, task.request.headers
    run = task.run

    def source() -> Iterator[str]:
        yield from named_secrets([args, kwargs, headers])
        try:
            bound = inspect.signature(run).bind_partial(*(args or ()))
        except (TypeError, ValueError):
            return
        yield from named_secrets(bound.arguments)

    return source
