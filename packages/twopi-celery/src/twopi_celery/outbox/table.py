"""The table of an outbox."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import mysql


def outbox_table(metadata: sa.MetaData, name: str) -> sa.Table:
    """Add the table *name* to *metadata*.

    Times are seconds since 1970, which all databases, drivers and time zones agree on.
    A row is pending until it has a time in ``done``: it was published then, or refused
    if it has an ``error``.

    Args:
        metadata: What the table becomes part of.
        name: Its name.
    """
    long_text = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # to count up
    return sa.Table(
        name,
        metadata,
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("task_id", sa.String(155), nullable=False),
        sa.Column("task", sa.String(255), nullable=False),
        sa.Column("call", long_text, nullable=False),
        sa.Column("added", sa.Double(), nullable=False),
        sa.Column("done", sa.Double()),
        sa.Column("error", sa.String(255)),
        sa.Index(f"ix_{name}_done_id", "done", "id"),
    )
