"""The places of an application that secrets are in: configuration, request, task."""

from __future__ import annotations

import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus

from twopi_config import Secret
from twopi_sentry.scrubbing.budget import OverBudgetError
from twopi_sentry.scrubbing.known_secrets import KnownSecrets
from twopi_sentry.scrubbing.named_values import Collector

Source = Callable[[Collector], None]

LARGEST_BODY = 2**20
"""Bytes; a larger body is read only if the application has read it already."""
FEW = 300
"""How many values of ``g``, the session and a log record are looked at."""


def configuration(conf: Mapping[str, Any]) -> Source:
    """Return the source of the secrets of *conf*, as it is when an event is sent."""

    def source(collector: Collector) -> None:
        # Celery's is a chain of mappings, with its defaults last
        parts = getattr(conf, "maps", None) or [conf]
        for part in [parts[0]] if len(parts) == 1 else parts[:-1]:
            try:
                items = dict(part)
            except (TypeError, ValueError):
                continue
            for name, value in items.items():
                secret = collector.vocabulary.is_secret_name(name)
                _setting(collector, value, secret=secret)

    return source


def _setting(collector: Collector, value: Any, *, secret: bool) -> None:
    if isinstance(value, Secret):
        secret, value = True, value.reveal()
    if isinstance(value, str):
        _text(collector, value, secret=secret)
    elif isinstance(value, Mapping):
        for name, each in [*value.items()][:FEW]:
            inside = secret or collector.vocabulary.is_secret_name(name)
            _setting(collector, each, secret=inside)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in [*value][:FEW]:
            _setting(collector, each, secret=secret)
    elif value is not None and not isinstance(value, bool):
        collector.collect(value, secret=secret, most=FEW)


def _text(collector: Collector, value: str, *, secret: bool) -> None:
    if secret:
        collector.value(value)
    if "://" in value or "=" in value:
        for start, end in collector.vocabulary.find(value):
            collector.known.add(value[start:end])
            collector.known.add(unquote(value[start:end]))


def process(collector: Collector) -> None:
    """Collect the secrets of the environment and the command line."""
    vocabulary = collector.vocabulary
    for name, value in os.environ.items():
        if vocabulary.hides(name, value):
            collector.value(value)
        elif "://" in value and "@" in value:
            _setting(collector, value, secret=False)
    words = iter(sys.argv[1:])
    for word in words:
        name, equals, value = word.partition("=")
        if name.startswith("-") and vocabulary.is_secret_name(name.lstrip("-")):
            collector.value(value if equals else next(words, ""))
        else:
            _setting(collector, word, secret=False)


class RequestSource:
    """The secrets of a Flask request, which are read once.

    Args:
        request: The request.
    """

    def __init__(self, request: Any) -> None:
        self._request = request
        self._found: KnownSecrets | None = None
        self._of_body: KnownSecrets | None = None
        self._failure: OverBudgetError | None = None

    def __call__(self, collector: Collector) -> None:
        """Collect them.

        Raises:
            OverBudgetError: There are more than the budget allows, now or before.
        """
        if self._failure is not None:
            raise self._failure
        try:
            if self._found is None:
                self._found = KnownSecrets()
                self._fields(self._with(collector, self._found))
            if self._of_body is None and self._is_read():
                self._of_body = KnownSecrets()
                self._body(self._with(collector, self._of_body))
        except OverBudgetError as error:
            self._failure = error
            raise
        collector.known.update(self._found)
        if self._of_body:
            collector.known.update(self._of_body)

    def _with(self, collector: Collector, known: KnownSecrets) -> Collector:
        return Collector(known, collector.vocabulary, collector.budget)

    def _fields(self, collector: Collector) -> None:
        request = self._request
        is_secret = collector.vocabulary.is_secret_name
        for name, value in request.headers.items():
            if name.lower() == "cookie":
                _cookies(collector, value)
            elif is_secret(name):
                collector.value(value)
            elif name == "Referer":
                for part in re.split("[?#]", value):  # it need not be a URL
                    _urlencoded(collector, part)
        if request.view_args:
            collector.collect(request.view_args, most=FEW)
        if query := request.query_string:
            _urlencoded(collector, query.decode("latin-1"))

    def _is_read(self) -> bool:
        request = self._request
        if hasattr(request, "_cached_data") or "form" in vars(request):
            return True
        length = request.content_length
        return 0 < (LARGEST_BODY + 1 if length is None else length) <= LARGEST_BODY

    def _body(self, collector: Collector) -> None:
        request = self._request
        try:
            body, form = request.get_data(), request.form.to_dict(flat=False)
        except Exception:  # noqa: BLE001  what cannot be read is in no event either
            return
        if form:
            collector.collect_json(form)
        if not body:
            return
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            text = body.decode("utf-8", "replace")
            collector.collect_json(text)
            if not text.startswith(("{", "[")):
                _urlencoded(collector, text)
        else:
            collector.collect_json(data)


def _cookies(collector: Collector, header: str) -> None:
    values = [pair.partition("=")[2].strip(' "') for pair in header.split(";")]
    values += [unquote(each) for each in values if "%" in each]
    collector.values(values)


def _urlencoded(collector: Collector, text: str) -> None:
    """Collect the secret values of a query string or form, decoded and as they are."""
    is_secret = collector.vocabulary.is_secret_name
    pairs = text.split("&")
    found: list[str] = []
    for pair in pairs:
        name, _, value = pair.partition("=")
        if value and is_secret(unquote_plus(name) if "%" in name else name):
            found.append(value)
            if "%" in value or "+" in value:
                found.append(unquote_plus(value))
        elif "%" in value or "://" in value:  # a URL within it
            plain = unquote_plus(value)
            for start, end in collector.vocabulary.find(plain):
                found.append(plain[start:end])
    collector.values(found)


def of_task(task: Any) -> Source:
    """Return the source of the secrets in the arguments of a running Celery *task*."""
    args, kwargs, headers = task.request.args, task.request.kwargs, task.request.headers
    run = task.run

    def source(collector: Collector) -> None:
        collector.collect_json([args, kwargs, headers])
        try:
            bound = inspect.signature(run).bind_partial(*(args or ()))
        except (TypeError, ValueError):
            return
        collector.collect_json(dict(bound.arguments))

    return source


def current_task(collector: Collector) -> None:
    """Collect the secrets of the task this runs in."""
    celery = sys.modules.get("celery")
    if celery is not None and celery.current_task:
        of_task(celery.current_task)(collector)


def of_g(collector: Collector) -> None:
    """Collect the secrets on Flask's ``g``, and those that the settings declare."""
    flask = sys.modules.get("flask")
    if flask is not None and flask.has_app_context():
        g = flask.g._get_current_object()  # noqa: SLF001
        collector.collect(dict(vars(g)), most=FEW)
        settings = flask.current_app.extensions.get("twopi_config")
        collector.collect(settings, most=FEW)


def session(collector: Collector) -> None:
    """Collect the secrets in Flask's session; looking there adds ``Vary: Cookie``."""
    flask = sys.modules.get("flask")
    if flask is not None and flask.has_request_context():
        found = flask.session._get_current_object()  # noqa: SLF001
        collector.collect(dict(found or {}), most=FEW)
