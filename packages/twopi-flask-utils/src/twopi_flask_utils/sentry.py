"""Error reports without secrets: the 1.x path of `twopi_sentry`.

The clients are those of sentry-sdk, with raven's ``captureException`` and
``captureMessage`` added.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import sentry_sdk

import twopi_sentry
from twopi_flask_utils.deprecation import deprecate

if TYPE_CHECKING:
    from celery import Celery
    from flask import Flask

__all__ = ["celery_inject_sentry", "create_client", "inject_sentry"]


def create_client(
    conf: Mapping[str, Any],
    app_version: str = "__UNKNOWN__",
    ignore_common_http: bool = True,
    **options: Any,
) -> sentry_sdk.Client | None:
    """Create a Sentry client; see `twopi_sentry.create_client`."""
    made = twopi_sentry.create_client(conf, app_version, ignore_common_http, **options)
    return _with_raven_methods(made)


def inject_sentry(
    app: Flask, ignore_common_http: bool = True, **options: Any
) -> sentry_sdk.Client | None:
    """Report the errors of *app* to Sentry; see `twopi_sentry.inject_sentry`.

    The client is also ``app.extensions["sentry"]``, where raven's extension was.
    """
    client = twopi_sentry.inject_sentry(app, ignore_common_http, **options)
    if client is not None:
        app.extensions.setdefault("sentry", client)
    return _with_raven_methods(client)


def celery_inject_sentry(celery: Celery, **options: Any) -> sentry_sdk.Client | None:
    """Report failures of tasks to Sentry; see `twopi_sentry.celery_inject_sentry`."""
    return _with_raven_methods(twopi_sentry.celery_inject_sentry(celery, **options))


def _with_raven_methods(client: sentry_sdk.Client | None) -> sentry_sdk.Client | None:
    if client is not None:
        vars(client)["captureException"] = partial(_capture_exception, client)
        vars(client)["captureMessage"] = partial(_capture_message, client)
    return client


def _capture_exception(
    client: sentry_sdk.Client, exc_info: Any = None, **details: Any
) -> str | None:
    """Report an exception, an ``exc_info``, or the one being handled."""
    deprecate("captureException()", "sentry_sdk.capture_exception()")
    error = sys.exc_info() if exc_info is None or exc_info is True else exc_info
    with sentry_sdk.new_scope() as scope:
        level = _prepare(scope, client, details)
        return scope.capture_exception(error, **level)


def _capture_message(
    client: sentry_sdk.Client, message: str, params: Any = (), **details: Any
) -> str | None:
    """Report a message, with *params* filled in by ``%``."""
    deprecate("captureMessage()", "sentry_sdk.capture_message()")
    with sentry_sdk.new_scope() as scope:
        level = _prepare(scope, client, details)
        return scope.capture_message(message % params if params else message, **level)


def _prepare(
    scope: sentry_sdk.Scope, client: sentry_sdk.Client, details: Mapping[str, Any]
) -> dict[str, Any]:
    """Apply raven's ``tags``, ``extra`` and ``data``; return the level, if any."""
    given = {**(details.get("data") or {}), **details}
    scope.set_client(client)
    for name, value in (given.get("tags") or {}).items():
        scope.set_tag(name, value)
    for name, value in (given.get("extra") or {}).items():
        scope.set_extra(name, value)
    level = given.get("level")
    if isinstance(level, int):
        level = logging.getLevelName(level).lower()
    return {"level": level} if level else {}
