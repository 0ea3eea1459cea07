"""A rehearsal: an error in an application, and what would be sent about it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from twopi_config.vocabulary import DEFAULT, is_searchable
from twopi_sentry.scrubbing.budget import Budget
from twopi_sentry.scrubbing.known_secrets import KnownSecrets
from twopi_sentry.scrubbing.named_values import Collector
from twopi_sentry.scrubbing.sources import configuration
from twopi_sentry.storm import leaked, lines, plan, show

if TYPE_CHECKING:
    from celery import Celery
    from flask import Flask


class RehearsalError(Exception):
    """The error that is reported."""


@dataclass
class Rehearsal:
    """What would be sent.

    Attributes:
        client: The client that would send it.
        planted: The secrets that were in the request or task, by their places.
        words: Secret settings that are too short or too plain to be looked for.
        storm: Whether the secrets were in every place of a report.
        envelopes: What would be sent.
    """

    client: sentry_sdk.Client
    planted: Mapping[str, str]
    words: list[str] = field(default_factory=list)
    storm: bool = False
    envelopes: list[Envelope] = field(default_factory=list)

    @property
    def items(self) -> Iterator[tuple[str, Any]]:
        """The kind of each item and its content."""
        for envelope in self.envelopes:
            for item in envelope.items:
                content = item.get_bytes().decode("utf-8", "replace")
                with suppress(ValueError):
                    content = json.loads(content)
                yield str(item.headers.get("type")), content

    @property
    def reported(self) -> bool:
        """Whether the error would be sent; a session always is."""
        return any(kind == "event" for kind, _ in self.items)

    @property
    def leaks(self) -> list[str]:
        """The places of the secrets that would be sent."""
        sent = b"".join(each.serialize() for each in self.envelopes).decode()
        found = [place for place, secret in self.planted.items() if secret in sent]
        stormed = {name: each for name, each in self.planted.items() if " as " in name}
        return list(dict.fromkeys([*found, *leaked(stormed, self._texts())]))

    @property
    def harmless(self) -> list[str]:
        """The texts that are no secrets, and have to be sent."""
        traced = any(kind == "transaction" for kind, _ in self.items)
        return lines(traced=traced) if self.storm else []

    @property
    def unreadable(self) -> list[str]:
        """The harmless texts that would not be sent."""
        sent = self._texts()
        return [each for each in self.harmless if each not in sent]

    def _texts(self) -> str:
        return "\n".join(_texts(content) for _, content in self.items)


def _texts(value: Any) -> str:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        return "\n".join(map(_texts, value))
    return str(value)


def rehearse_request(
    app: Flask, client: sentry_sdk.Client, *, storm: bool = False
) -> Rehearsal:
    """Let a request to *app* fail before any of its code runs.

    Args:
        app: The application.
        client: The client that it reports to.
        storm: Whether to plant a secret in every place of a report.
    """
    places = ("header", "cookie", "query", "json", "referer", "local")
    rehearsal = _plant(client, app.config, places, storm=storm)
    planted = rehearsal.planted

    def fail() -> None:
        _fail(planted, storm=storm)

    before = app.before_request_funcs.setdefault(None, [])
    before.insert(0, fail)
    try:
        with _recording(rehearsal), suppress(RehearsalError):
            app.test_client(use_cookies=False).post(
                f"/?token={planted['query']}",
                headers={
                    "Authorization": f"Bearer {planted['header']}",
                    "Cookie": f"session={planted['cookie']}",
                    "Referer": f"https://site.invalid/?token={planted['referer']}",
                    "X-Request-ID": "twopi-sentry-check",
                },
                json={"user": {"password": planted["json"]}},
            )
    finally:
        before.remove(fail)
    return rehearsal


def rehearse_task(
    celery: Celery, client: sentry_sdk.Client, *, storm: bool = False
) -> Rehearsal:
    """Let a task of *celery* fail, in this process.

    Args:
        celery: The application.
        client: The client that it reports to.
        storm: Whether to plant a secret in every place of a report.
    """
    places = ("argument", "nested", "local")
    rehearsal = _plant(client, celery.conf, places, storm=storm)
    planted = rehearsal.planted

    def fail(**_: Any) -> None:
        _fail(planted, storm=storm)

    task = celery.task(name="twopi_sentry.check", shared=False)(fail)
    try:
        with (
            sentry_sdk.isolation_scope() as scope,
            _recording(rehearsal),
            suppress(RehearsalError),
        ):
            scope.set_client(client)
            task.apply(
                kwargs={
                    "token": planted["argument"],
                    "user": {"password": planted["nested"]},
                },
                headers={"X-Request-ID": "twopi-sentry-check"},
            )
    finally:
        celery.tasks.unregister("twopi_sentry.check")
    return rehearsal


def _plant(
    client: sentry_sdk.Client,
    conf: Mapping[str, Any],
    places: Iterable[str],
    *,
    storm: bool,
) -> Rehearsal:
    planted = {place: f"{place}-{secrets.token_urlsafe(12)}" for place in places}
    words = []
    for name, secret in _settings(conf):
        if is_searchable(secret):
            planted[f"configuration {name}"] = secret
        else:
            words.append(name)
    return Rehearsal(client, planted | (plan() if storm else {}), words, storm)


def _settings(conf: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the secret settings of *conf*, and the secrets in them."""
    for name in [*conf]:
        if name == "SENTRY_DSN":
            continue
        known = KnownSecrets()
        with suppress(KeyError):  # Celery lists settings that it does not have
            source = configuration({name: conf[name]})
            source(Collector(known, DEFAULT, Budget()))
        for secret in known.near:
            yield str(name), secret


def _fail(planted: Mapping[str, str], *, storm: bool) -> None:
    """Raise an error that shows what was planted, under an innocent name."""
    password = planted["local"]
    shown = [each for name, each in planted.items() if " as " not in name]
    text = show({name: planted[name] for name in plan()}) if storm else ""
    raise RehearsalError(
        f"python -m twopi_sentry check was here: {[*shown, password]} {text}"
    )


@contextmanager
def _recording(rehearsal: Rehearsal) -> Iterator[None]:
    """Keep what the client sends meanwhile."""

    class Recording(Transport):
        def capture_envelope(self, envelope: Envelope) -> None:
            rehearsal.envelopes.append(envelope)

    client = rehearsal.client
    transport = client.transport
    client.flush()
    client.transport = Recording()
    try:
        yield
        client.flush()
    finally:
        client.transport = transport
