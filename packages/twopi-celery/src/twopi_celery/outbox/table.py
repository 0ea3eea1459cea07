"""The table of an outbox."""

from __future__ import annotations

import zlib

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from twopi_celery.errors import ConfigurationError

NEW_COLUMNS = ("attempts", "due")
"""What 2.0 has added to the table."""


def outbox_table(metadata: sa.MetaData, name: str) -> sa.Table:
    """Add the table *name* to *metadata*.

    Times are seconds since 1970, which all databases, drivers and time zones agree on.
    A row is pending until it has a time in ``done``: it was published then, or is dead
    if it has an ``error``. A relay may take a pending row from the time in ``due`` on;
    it claims the row by setting a later one and counting the attempt.

    Args:
        metadata: What the table becomes part of.
        name: Its name.
    """
    long_text = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # to count up
    done: sa.Column[float | None] = sa.Column("done", sa.Double())
    return sa.Table(
        name,
        metadata,
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("task_id", sa.String(155), nullable=False),
        sa.Column("task", sa.String(255), nullable=False),
        sa.Column("call", long_text, nullable=False),
        sa.Column("added", sa.Double(), nullable=False),
        done,
        sa.Column("error", sa.String(255)),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due", sa.Double(), nullable=False, server_default="0"),
        sa.Index(
            _index_name(name),
            "done",
            "id",
            postgresql_where=done.is_(None),
            sqlite_where=done.is_(None),
        ),
    )


def _index_name(table: str) -> str:
    """Return a name that fits the 63 characters of PostgreSQL."""
    name = f"ix_{table}_pending"
    if len(name) <= 63:
        return name
    return f"ix_{table[:40]}_{zlib.crc32(table.encode()):08x}_pending"


def require_columns(table: sa.Table, engine: sa.Engine) -> None:
    """Raise unless the *table* in the database has all columns.

    Args:
        table: What `outbox_table` returned.
        engine: The database.

    Raises:
        ConfigurationError: The table is missing, or is one of an earlier version.
    """
    try:
        columns = sa.inspect(engine).get_columns(table.name, table.schema)
    except sa.exc.NoSuchTableError as error:
        raise ConfigurationError(
            f"The database has no table {table.name}; create it by a migration, or by "
            "metadata.create_all"
        ) from error
    missing = {each.name for each in table.columns} - {each["name"] for each in columns}
    if missing:
        raise ConfigurationError(
            f"The table {table.name} lacks the columns {', '.join(sorted(missing))}; "
            "the page on twopi-celery has the migration that adds them"
        )
