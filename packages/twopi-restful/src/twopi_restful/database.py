"""The answers to the errors of a database: extra ``sqlalchemy``."""

from __future__ import annotations

import logging

from flask import Blueprint, Flask, Response

from twopi_restful.output import output_json

log = logging.getLogger(__name__)


def answer_database_errors(app: Flask | Blueprint, *, retry_after: int = 5) -> None:
    """Answer for SQLAlchemy where a request fails through no fault of the view.

    503 with ``Retry-After``, and an error in the log, if the database is down, locked,
    or has no connection left (`OperationalError`, `TimeoutError`, `InterfaceError` of
    a lost connection); 409 if somebody else changed or deleted what the session was
    about to write (`StaleDataError`, `ObjectDeletedError`). No answer says any of SQL.
    The session is yours to roll back.

    A handler of yours for one of these errors wins, registered before or after. Some
    drivers call mistakes such as a missing table an `OperationalError` as well: hence
    the log. In the Resources of a `flask_restful.Api` it takes `init_app`.

    .. code-block:: python

        from flask import Flask

        import twopi_restful

        app = Flask(__name__)
        twopi_restful.init_app(app)
        twopi_restful.answer_database_errors(app, retry_after=2)

    Args:
        app: The app, or a blueprint whose views alone are concerned.
        retry_after: After how many seconds a client should try again.

    Raises:
        ValueError: *retry_after* is negative.
        ModuleNotFoundError: Install ``twopi-restful[sqlalchemy]``.
    """
    from sqlalchemy import exc
    from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

    if retry_after < 0:
        raise ValueError(f"retry_after is a number of seconds, not {retry_after!r}")

    def outage(error: Exception) -> Response:
        if isinstance(error, exc.InterfaceError) and not error.connection_invalidated:
            raise error
        log.error("The database is not available", exc_info=error)
        headers = {"Retry-After": str(retry_after)}
        return output_json("The database is not available.", 503, headers)

    def conflict(_: Exception) -> Response:
        return output_json("It has been changed or deleted meanwhile.", 409)

    answers = {
        exc.OperationalError: outage,
        exc.TimeoutError: outage,
        exc.InterfaceError: outage,
        StaleDataError: conflict,
        ObjectDeletedError: conflict,
    }
    present = app.error_handler_spec[None][None]
    for kind, handler in answers.items():
        if kind not in present:
            app.register_error_handler(kind, handler)
