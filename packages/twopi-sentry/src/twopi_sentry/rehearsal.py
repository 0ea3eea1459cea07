"""A rehearsal: an error in an application, and what would be sent about it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

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
        envelopes: What would be sent.
    """

    client: sentry_sdk.Client
    planted: Mapping[str, str]
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
        return [place for place, secret in self.planted.items() if secret in sent]


def rehearse_request(app: Flask, client: sentry_sdk.Client) -> Rehearsal:
    """Let a request to *app* fail before any of its code runs."""
    rehearsal = _plant(client, "header", "cookie", "query", "json", "referer", "local")
    planted = rehearsal.planted

    def fail() -> None:
        _fail(planted)

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


def rehearse_task(celery: Celery, client: sentry_sdk.Client) -> Rehearsal:
    """Let a task of *celery* fail, in this process."""
    rehearsal = _plant(client, "argument", "nested", "local")
    planted = rehearsal.planted

    def fail(**_: Any) -> None:
        _fail(planted)

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


def _plant(client: sentry_sdk.Client, *places: str) -> Rehearsal:
    planted = {place: f"{place}-{secrets.token_urlsafe(12)}" for place in places}
    return Rehearsal(client, planted)


def _fail(planted: Mapping[str, str]) -> None:
    """Raise an error that shows what was planted, under an innocent name."""
    password = planted["local"]
    shown = [*planted.values(), password]
    raise RehearsalError(f"python -m twopi_sentry check was here: {shown}")


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
