"""Is the database there, and does the worker live?"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select

from twopi_demo.database import session
from twopi_demo.models import Heartbeat, User, utcnow

SILENCE = dt.timedelta(seconds=5)
"""How long a worker may be silent; it gives a sign of life every second."""


def check_database() -> None:
    """Raise if the database does not answer."""
    session.execute(select(User.id).limit(1))


def check_worker() -> None:
    """Raise if no worker gave a sign of life of late."""
    seen = session.scalar(select(func.max(Heartbeat.seen)))
    if seen is None or utcnow() - seen > SILENCE:
        raise RuntimeError(f"no sign of life of a worker since {seen}")


CHECKS = {"database": check_database, "worker": check_worker}
