"""The engine of a relay, which waits for no silent database without end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import Celery

from twopi_celery.settings import read_engine

if TYPE_CHECKING:
    import sqlalchemy as sa

SECONDS = 10
"""How long a database may be silent."""

_POSTGRESQL = {
    "connect_timeout": SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": SECONDS * 1000,
}
BOUNDS: dict[str, dict[str, Any]] = {
    "psycopg": _POSTGRESQL,
    "psycopg2": _POSTGRESQL,
    "pymysql": dict.fromkeys(
        ("connect_timeout", "read_timeout", "write_timeout"), SECONDS
    ),
}
"""Arguments of drivers, which those in the settings and in the URL win over."""


def relay_engine(celery: Celery) -> sa.Engine:
    """Return an engine for the database in the settings of *celery*.

    Args:
        celery: The application.

    Raises:
        ConfigurationError: There is no database in the settings.
    """
    from sqlalchemy import create_engine

    url, options = read_engine(celery.conf)
    bounds = BOUNDS.get(url.get_dialect().driver, {})
    bounds = {name: value for name, value in bounds.items() if name not in url.query}
    given = options.get("connect_args") or {}
    return create_engine(url, **{**options, "connect_args": {**bounds, **given}})
