"""The literal secrets of the request, the task and the frames of an error.

Everything here returns values, so that they can be found again where no name tells
what they are. Flask and Celery are used if something else has imported them.
"""

from __future__ import annotations

import base64
import binascii
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import sentry_sdk

from twopi_sentry.patterns import SHORTEST, WORDS, find_shapes, is_secret_name

Source = Callable[[], Iterable[str]]

HINT = "twopi_sentry"
LARGEST_BODY = 2**20
"""Bytes; a larger body is read only if the application has read it already."""
MOST_VALUES = 100_000
"""How many values of one frame, request or task are looked at."""

_sources: ContextVar[tuple[Source, ...]] = ContextVar("twopi_sentry", default=())


@contextmanager
def sources() -> Iterator[None]:
    """Forget at the end what has been remembered within."""
    token = _sources.set(())
    try:
        yield
    finally:
        _sources.reset(token)


def remember(source: Source, *, alone: bool = False) -> None:
    """Ask *source* for secrets in every event of the current isolation scope.

    Events may be sent after a request or task is over, or from a thread it has
    started: the scope goes with them. Logs know only the context they are in, where
    *source* is added to the others, or stands *alone*.
    """

    def add(event: Any, hint: dict[str, Any]) -> Any:
        hint[HINT] = (*hint.get(HINT, ()), source)
        return event

    sentry_sdk.get_isolation_scope().add_event_processor(add)
    _sources.set((source,) if alone else (*_sources.get(), source))


def collect(hint: Mapping[str, Any]) -> set[str]:
    """Return the secrets of the current request and task, and of *hint*."""
    secrets: set[str] = set()
    for source in {*_sources.get(), *hint.get(HINT, ()), _current}:
        secrets.update(source())
    error = (hint.get("exc_info") or (None, None))[1]
    if error is not None:
        secrets.update(_of_frames(error))
        secrets.update(_of_session())
    if "log_record" in hint:
        secrets.update(named_secrets(vars(hint["log_record"])))
    return secrets


def named_secrets(data: Any, *, secret: bool = False) -> Iterator[str]:
    """Yield the values in *data* whose name says that they are secret.

    Args:
        data: Dicts, lists and tuples, nested; pairs count as a name and its value.
        secret: Whether the name of *data* itself says so.
    """
    left: list[tuple[bool, Any]] = [(secret, data)]
    seen: set[int] = set()
    while left and len(seen) < MOST_VALUES:
        secret, value = left.pop()
        if isinstance(value, str | bytes | int):
            if secret:
                yield from _literals(value)
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
    yield from urlencoded_secrets(urlsplit(request.referrer or "").query)
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


def _current() -> Iterator[str]:
    """Yield the secrets of the request and task this runs in."""
    flask = sys.modules.get("flask")
    if flask is not None and flask.has_request_context():
        yield from request_secrets(flask.request)
    if flask is not None and flask.has_app_context():
        yield from named_secrets(vars(flask.g._get_current_object()))  # noqa: SLF001
    celery = sys.modules.get("celery")
    if celery is not None and celery.current_task:
        yield from task_secrets(celery.current_task)()


def _of_session() -> Iterator[str]:
    """Yield the secrets in Flask's session; looking there adds ``Vary: Cookie``."""
    flask = sys.modules.get("flask")
    if flask is not None and flask.has_request_context():
        yield from named_secrets(flask.session._get_current_object())  # noqa: SLF001


def _of_frames(error: BaseException) -> Iterator[str]:
    """Yield the secret variables of the frames that *error* and its causes went by."""
    left: list[BaseException] = [error]
    seen: set[int] = set()
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        trace = each.__traceback__
        while trace is not None:
            yield from named_secrets(dict(trace.tb_frame.f_locals))
            trace = trace.tb_next
        left += filter(None, [each.__cause__, each.__context__])
        left += getattr(each, "exceptions", ())
