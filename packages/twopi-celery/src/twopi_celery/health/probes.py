"""The questions of a health check, asked over connections of their own.

Each raises, or notes in a finding what it found; the address first, so that it is known
of a server that keeps silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from celery import Celery
from kombu import Connection

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, scoped_session

    from twopi_celery.health.heartbeats import Heartbeats
    from twopi_celery.health.report import Finding


def ask_broker(celery: Celery, finding: Finding) -> None:
    """Open a connection and a channel."""
    with _connect(celery, finding):
        finding.detail = ""
        finding.ok = True


def ask_workers(
    celery: Celery, wanted: int, worker: str | None, timeout: float, finding: Finding
) -> None:
    """Ping the workers, until *wanted* have answered; or *worker* alone."""
    with _connect(celery, finding) as connection:
        answers = celery.control.ping(
            destination=[worker] if worker else None,
            timeout=timeout,
            limit=wanted,
            connection=connection,
        )
    _count(sorted(name for answer in answers or () for name in answer), wanted, finding)


def ask_heartbeats(
    heartbeats: Heartbeats,
    session: scoped_session[Session],
    wanted: int,
    worker: str | None,
    finding: Finding,
) -> None:
    """Look which workers gave a sign of life of late, and consume."""
    signs = heartbeats.signs(session)
    if worker:
        signs = [sign for sign in signs if worker in _names(sign.worker)]
    _count([sign.worker for sign in signs if sign.consumes], wanted, finding)
    stuck = ", ".join(sign.worker for sign in signs if not sign.consumes)
    if stuck:
        finding.detail = f"{finding.detail}; not consuming: {stuck}".lstrip("; ")


def _names(worker: str) -> set[str]:
    """Return what a worker can be called: with its process or without."""
    return {worker, worker.rpartition("/")[0]}


def ask_database(session: scoped_session[Session], finding: Finding) -> None:
    """Let the database compute something."""
    from sqlalchemy import select

    engine = session.get_bind().engine
    finding.url = engine.url.set(query={}).render_as_string(hide_password=True)
    with session.session_factory() as own:
        own.execute(select(1))
    finding.detail = ""
    finding.ok = True


def _connect(celery: Celery, finding: Finding) -> Connection:
    """Return a connection to the broker, each of its addresses tried once."""
    connection: Connection = celery.connection_for_write()
    finding.url = _masked(connection)
    connection.ensure_connection(
        max_retries=max(1, len(connection.alt)), interval_start=0, interval_step=0
    )
    connection.default_channel  # noqa: B018 - some transports connect only now
    finding.url = _masked(connection)
    return connection


def _masked(connection: Connection) -> str:
    """Return the address without what may be secret: password and parameters."""
    folder = (connection.transport_options or {}).get("data_folder_in")
    driver = connection.transport.driver_type
    if folder and driver == "filesystem":
        return f"filesystem://{folder}"
    url: str = connection.as_uri()
    if "." in str(connection.transport_cls):  # one of ours
        url = url.replace(str(connection.transport_cls), driver, 1)
    if not connection.password:  # as_uri masks one that is not there
        url = url.replace(":**@", "@" if connection.userid else "", 1)
    return url.partition("?")[0]


def _count(names: list[str], wanted: int, finding: Finding) -> None:
    finding.ok = len(names) >= wanted
    finding.detail = ", ".join(names)
    if not finding.ok:
        finding.detail = f"{len(names)} of {wanted} {finding.detail}".strip()
