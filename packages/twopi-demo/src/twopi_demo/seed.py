"""The data Punchcard starts with: five people, four projects, the entries of 2025."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from twopi_demo.models import Base, Entry, Project, User
from twopi_demo.passwords import hash_password

PASSWORD = "punchcard"  # noqa: S105 - of a demonstration that only this machine reaches
PEOPLE = {
    "ada": "manager",
    "bob": "member",
    "cyd": "member",
    "dan": "member",
    "eve": "member",
}
RATES = {
    "Harbour crane": Decimal("97.50"),
    "Library search": Decimal("84.25"),
    "Night train": Decimal("110.00"),
    "Weather station": Decimal("72.95"),
}
NOTES = ("Call", "Design", "Fix", "Review", "Tests", "Travel", "Write-up")
NEW_YEAR = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
YEAR = [NEW_YEAR + dt.timedelta(days) for days in range(365)]
WORKDAYS = [day for day in YEAR if day.weekday() < 5]
BATCH = 5_000


def prepare(engine: Engine, rows: int) -> None:
    """Make the tables and fill them, all or nothing, unless that has been done."""
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        if connection.scalar(select(User.id).limit(1)) is None:
            fill(connection, rows)


def fill(connection: Connection, rows: int) -> None:
    """Insert people, projects and *rows* entries, the same ones every time."""
    stored = hash_password(PASSWORD)  # once: good hashing takes its time
    people = [
        {"username": name, "role": role, "password_hash": stored}
        for name, role in PEOPLE.items()
    ]
    projects = [{"name": name, "hourly_rate": rate} for name, rate in RATES.items()]
    connection.execute(insert(User), people)
    connection.execute(insert(Project), projects)
    everything = entries(random.Random(2025), rows)  # noqa: S311 - no secret
    while batch := list(itertools.islice(everything, BATCH)):
        connection.execute(insert(Entry), batch)


def entries(source: random.Random, rows: int) -> Iterator[dict[str, Any]]:
    """Yield *rows* entries, day by day; many start at the same quarter of an hour."""
    for number in range(rows):
        quarter = dt.timedelta(minutes=15 * source.randint(32, 68))
        yield {
            "user_id": source.randint(1, len(PEOPLE)),
            "project_id": source.randint(1, len(RATES)),
            "started": WORKDAYS[number * len(WORKDAYS) // rows] + quarter,
            "minutes": source.randint(5, 240),
            "note": source.choice(NOTES),
        }
