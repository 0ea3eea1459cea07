"""The current Celery application, where a process has several Flask applications."""

from __future__ import annotations

import functools
from typing import Any

from celery import Celery
from celery import _state as celery_state

_state: Any = celery_state


@functools.cache
def follow_contexts() -> None:
    """Let the Flask application in whose context we are say which one is current.

    Celery keeps the current application by thread; tasks of ``@shared_task`` belong to
    it. With several Flask applications in a thread, the one whose request this is must
    be asked first. In a process with one of them nothing changes.
    """
    local: Any = type(_state._tls)  # noqa: SLF001

    def get(self: Any) -> Celery | None:
        from flask import current_app, has_app_context

        if has_app_context():
            found: Celery | None = current_app.extensions.get("twopi_celery")
            if found is not None:
                return found
        explicit: Celery | None = self.__dict__.get("current_app")
        return explicit

    def put(self: Any, celery: Celery | None) -> None:
        self.__dict__["current_app"] = celery

    here = _state._tls.current_app  # noqa: SLF001
    local.current_app = property(get, put)
    _state._tls.__dict__.setdefault("current_app", here)  # noqa: SLF001


def make_default(celery: Celery) -> None:
    """Make *celery* the application of all threads; see `follow_contexts`.

    Args:
        celery: The application of a Flask application.
    """
    before = getattr(_state.default_app, "flask_app", None)
    if before is not None and _state.default_app is not celery:
        follow_contexts()
    celery.set_default()
