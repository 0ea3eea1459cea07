"""The errors of a Flask application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sentry_sdk

from twopi_config import Vocabulary
from twopi_config.vocabulary import DEFAULT
from twopi_sentry import request_id as request_ids
from twopi_sentry.client import UNKNOWN, create_client
from twopi_sentry.scrubbing.collect import remember, remember_end, sources
from twopi_sentry.scrubbing.sources import RequestSource
from twopi_sentry.span_locals import SpanLocals

if TYPE_CHECKING:
    from flask import Flask

EXTENSION = "twopi_sentry"


def inject_sentry(
    app: Flask,
    ignore_common_http: bool = True,
    *,
    request_id: request_ids.Hook | None = None,
    vocabulary: Vocabulary = DEFAULT,
    **options: Any,
) -> sentry_sdk.Client | None:
    """Report the errors of *app* to Sentry, if its configuration has a DSN.

    Reads ``SENTRY_DSN`` and ``SENTRY_SITE`` from ``app.config``; a variable
    ``SENTRY_DSN`` of the environment does not count. The release is ``app.version``
    if there is one, else ``"__UNKNOWN__"``. A second call returns the same client.

    The client is bound to the requests of this application: two applications in
    one process report each to its own.

    Args:
        app: The application.
        ignore_common_http: Whether to leave out HTTP errors below 500, those of
            flask-restful included, and validation errors.
        request_id: A function that returns the id of the current request, for the
            tag ``request_id``; the default is the header ``X-Request-ID``.
        vocabulary: What secrets are called; see `create_client`.
        options: Options for `sentry_sdk.init`, except ``dsn``.

    Returns:
        The client, which is also ``app.extensions["twopi_sentry"]``, or ``None``.

    Raises:
        ConfigurationError: A setting cannot be used.
        ModuleNotFoundError: Flask is missing; install ``twopi-sentry[flask]``.
    """
    from flask import request_started, request_tearing_down
    from sentry_sdk.integrations.flask import FlaskIntegration
    from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware

    if EXTENSION in app.extensions:
        return app.extensions[EXTENSION]  # type: ignore[no-any-return]
    given = [*options.pop("integrations", ())]
    if not any(isinstance(each, FlaskIntegration) for each in given):
        given.append(FlaskIntegration())
    version = getattr(app, "version", None) or UNKNOWN
    client = create_client(
        app.config,
        version,
        ignore_common_http,
        request_id=request_id,
        vocabulary=vocabulary,
        integrations=given,
        **options,
    )
    if client is None:
        return None

    inner = SentryWsgiMiddleware(app.wsgi_app, span_origin=FlaskIntegration.origin)

    def wsgi_app(environ: Any, start_response: Any) -> Any:
        with sources(), sentry_sdk.isolation_scope() as scope:
            scope.set_client(client)
            return inner(environ, start_response)

    def remember_request(_: Flask, **__: Any) -> None:
        from flask import request

        current = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        remember(RequestSource(current))
        request_ids.tag_scope(request_id or request_ids.current)

    def remember_its_end(_: Flask, **__: Any) -> None:
        integration = client.get_integration(SpanLocals)
        if integration is not None:
            remember_end(integration.vocabulary)

    request_started.connect(remember_request, app, weak=False)
    request_tearing_down.connect(remember_its_end, app, weak=False)
    app.wsgi_app = wsgi_app  # type: ignore[method-assign]
    app.extensions[EXTENSION] = client
    return client
