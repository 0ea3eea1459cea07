"""The id of each request of a Flask application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twopi_request_id.current import begin, current
from twopi_request_id.settings import read_header, read_trace

if TYPE_CHECKING:
    from flask import Flask, Response

_BEFORE = "twopi_request_id.before"
"""Where a request keeps what went on before it: a request can be served in another."""


def init_app(app: Flask) -> None:
    """Give each request of *app* an id, and send it back.

    The id is that in the header ``X-Request-ID`` if it is fit for logs, otherwise the
    id of the trace in ``traceparent`` if that is valid, otherwise a new one. Responses
    have it, errors too. A second call changes nothing.

    Args:
        app: The Flask application. ``REQUEST_ID_HEADER`` names another header; ``None``
            neither reads nor sends one. ``REQUEST_ID_TRACE = False`` begins a new trace
            with each request, for servers whose clients must not choose the trace.

    Raises:
        ConfigurationError: A setting cannot be used.
        ModuleNotFoundError: Flask is missing; install ``twopi-request-id[flask]``.
    """
    from flask import request, request_finished, request_started, request_tearing_down

    if "twopi_request_id" in app.extensions:
        return
    header = read_header(app.config)
    trusted = read_trace(app.config)
    app.extensions["twopi_request_id"] = header

    def begin_request(_: Flask, **__: object) -> None:
        request.environ[_BEFORE] = current.get()
        sent = request.headers
        request_id = sent.get(header) if header else None
        if trusted:
            here = begin(request_id, sent.get("traceparent"), sent.get("tracestate"))
        else:
            here = begin(request_id)
        current.set(here)

    def answer(_: Flask, response: Response, **__: object) -> None:
        here = current.get()
        if header and here:
            response.headers[header] = here.request_id

    def end_request(_: Flask, **__: object) -> None:
        if _BEFORE in request.environ:  # not for a test_request_context
            current.set(request.environ.pop(_BEFORE))

    request_started.connect(begin_request, app, weak=False)
    request_finished.connect(answer, app, weak=False)
    request_tearing_down.connect(end_request, app, weak=False)
