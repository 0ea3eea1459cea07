"""A table of a million events, made once on each database and kept for later runs."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

ROWS = 1_000_000
BATCH = 10_000
START = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - the column has no zone


class Base(orm.DeclarativeBase):
    """The mapped classes."""


class Event(Base):
    """A row like those that lists are made of; three of them have one time."""

    __tablename__ = "twopi_benchmark_event"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    created: orm.Mapped[dt.datetime]
    category: orm.Mapped[int]
    title: orm.Mapped[str] = orm.mapped_column(sa.String(40))
    amount: orm.Mapped[int]
    note: orm.Mapped[str | None] = orm.mapped_column(sa.String(40))
    __table_args__ = (sa.Index("twopi_benchmark_created_id", "created", "id"),)


def engines() -> dict[str, sa.Engine]:
    """Return SQLite, and each server whose URL is in the environment, by name."""
    folder = Path(tempfile.gettempdir()) / "twopi-benchmarks"
    folder.mkdir(exist_ok=True)
    urls = {
        "SQLite": f"sqlite:///{folder}/events-{ROWS}.sqlite",
        "PostgreSQL": os.environ.get("TWOPI_TEST_POSTGRES_URL"),
        "MariaDB": os.environ.get("TWOPI_TEST_MARIADB_URL"),
    }
    return {name: filled(sa.create_engine(url)) for name, url in urls.items() if url}


def filled(engine: sa.Engine) -> sa.Engine:
    """Return *engine*, whose database has all rows."""
    with engine.begin() as connection:
        if sa.inspect(connection).has_table(Event.__tablename__):
            if connection.scalar(sa.select(sa.func.max(Event.id))) == ROWS:
                return engine
            Event.__table__.drop(connection)  # type: ignore[attr-defined]
        Base.metadata.create_all(connection)
        for batch in batches():
            connection.execute(sa.insert(Event), batch)
    analyze = "ANALYZE TABLE" if engine.dialect.name == "mysql" else "VACUUM ANALYZE"
    if engine.dialect.name == "sqlite":
        analyze = "ANALYZE"
    table = "" if engine.dialect.name == "sqlite" else Event.__tablename__
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"{analyze} {table}")
    return engine


def batches() -> Iterator[list[dict[str, Any]]]:
    """Yield the rows, as many at a time as one statement takes."""
    for first in range(1, ROWS + 1, BATCH):
        yield [
            {
                "id": number,
                "created": START + dt.timedelta(seconds=number // 3, microseconds=7),
                "category": number * 7919 % 50,
                "title": f"event {number * 7919 % ROWS}",
                "amount": number * 104729 % 100_000,
                "note": None if number % 5 == 0 else f"note {number % 1000}",
            }
            for number in range(first, first + BATCH)
        ]
