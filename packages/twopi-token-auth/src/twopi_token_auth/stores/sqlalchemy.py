"""Sessions in a table of a relational database (the extra ``sqlalchemy``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Engine,
    Index,
    MetaData,
    RowMapping,
    String,
    Table,
    and_,
    case,
    delete,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Connection

from twopi_token_auth.stores.base import (
    DATES,
    RefreshSession,
    from_microseconds,
    to_microseconds,
)
from twopi_token_auth.stores.sql_connections import Connections, SessionFactory


class SQLAlchemyStore:
    """Keeps one row per session in SQLite, PostgreSQL or MariaDB.

    A renewal is one statement: ``UPDATE ... WHERE counter = ... RETURNING``, and on
    MariaDB, which has no ``RETURNING`` there, ``INSERT ... SELECT ... FOR UPDATE ON
    DUPLICATE KEY UPDATE ... RETURNING``. Databases that have neither, such as MySQL,
    read the row after it. Each statement commits by itself, on a connection of its own:
    what a view has not committed yet neither matters nor is committed, except that
    SQLite has one writer at a time. A SQLite database in memory has one connection,
    which belongs to the application: the store keeps its sessions in another one.

    Make the table with `create_all`, or with Alembic: its ``target_metadata`` is
    `metadata`, which can be that of your models.

    Args:
        bind: An engine, or what makes ORM sessions, such as a `sessionmaker` or
            Flask-SQLAlchemy's ``db.session``; the engine of a new session is used.
        table: The name of the table.
        metadata: Where to put the table; None makes a new one.

    Attributes:
        metadata: What the table belongs to.
        table: The table. Its dates are microseconds since 1970.
    """

    def __init__(
        self,
        bind: Engine | SessionFactory,
        *,
        table: str = "token_sessions",
        metadata: MetaData | None = None,
    ) -> None:
        self.metadata = MetaData() if metadata is None else metadata
        self.table = _make_table(table, self.metadata)
        self._connections = Connections(bind, self.table)

    def create_all(self) -> None:
        """Create the table and its indexes where they are missing."""
        self.metadata.create_all(self._engine(), tables=[self.table])

    def create(self, session: RefreshSession) -> None:
        """Keep a new session."""
        with self._connections.open() as connection:
            connection.execute(insert(self.table).values(_to_row(session)))

    def get(self, session_id: str) -> RefreshSession | None:
        """Return a session, or None."""
        with self._connections.open() as connection:
            return self._select(connection, session_id)

    def advance(
        self,
        session_id: str,
        counter: int,
        *,
        to: int,
        at: datetime,
        idle_expires_at: datetime | None,
    ) -> RefreshSession | None:
        """Renew a session if it is active and has this *counter*."""
        columns = self.table.c
        now, idle = to_microseconds(at), to_microseconds(idle_expires_at)
        ends: Any = columns.expires_at
        if idle is not None:
            ends = case((columns.expires_at < idle, columns.expires_at), else_=idle)
        changes = {
            "counter": literal(to),
            "renewed_at": literal(now),
            "idle_expires_at": ends,
        }
        renewable = and_(
            columns.id == session_id,
            columns.counter == counter,
            columns.revoked_at.is_(None),
            or_(columns.idle_expires_at.is_(None), columns.idle_expires_at > now),
        )
        update_row = update(self.table).where(renewable).values(changes)
        with self._connections.open() as connection:
            dialect = connection.dialect
            if dialect.update_returning:
                returning: Any = update_row.returning(self.table)
            elif dialect.name in {"mysql", "mariadb"} and dialect.insert_returning:
                returning = self._upsert(renewable, changes)
            else:
                if connection.execute(update_row).rowcount != 1:
                    return None
                session = self._select(connection, session_id)
                # Somebody may have renewed it once more since.
                return session and replace(session, counter=to, renewed_at=at)
            row = connection.execute(returning).mappings().one_or_none()
            return None if row is None else _to_session(row)

    def _upsert(self, which: ColumnElement[bool], changes: dict[str, Any]) -> Any:
        """Return an update of one row that tells what is in it, as MariaDB has it.

        There, ``INSERT`` can return rows, unlike ``UPDATE``. What it inserts is the row
        itself, changed, if it is locked and still as expected; otherwise nothing.
        """
        columns = self.table.c
        row = select(*(changes.get(each.name, each) for each in columns))
        statement = mysql.insert(self.table).from_select(
            columns.keys(), row.where(which).with_for_update()
        )
        values = {name: statement.inserted[name] for name in changes}
        return statement.on_duplicate_key_update(values).returning(self.table)

    def revoke(self, session_id: str, at: datetime) -> bool:
        """End a session."""
        return bool(self._revoke(self.table.c.id == session_id, at))

    def revoke_all(self, user_id: str, at: datetime, *, keep: str | None = None) -> int:
        """End all sessions of a user but *keep*."""
        whose = self.table.c.user_id == user_id
        return self._revoke(
            whose if keep is None else whose & (self.table.c.id != keep), at
        )

    def check(self) -> None:
        """Check that the database can be used as it should, for example at the start.

        Raises:
            ConfigurationError: There is no table, the connection cannot store every
                character, or psycopg 3 prepares statements behind a pooler.
            StoreUnavailableError: The database cannot be reached.
        """
        self._connections.check()

    def list(
        self, user_id: str, at: datetime | None = None
    ) -> Sequence[RefreshSession]:
        """Return the sessions of a user; with *at*, those that are active then."""
        columns = self.table.c
        statement: Any = select(self.table).where(columns.user_id == user_id)
        if at is not None:
            alive = statement.where(columns.revoked_at.is_(None))
            ends = columns.idle_expires_at
            # Not OR: each part reads a range of the index, which holds no ended ones.
            statement = union_all(
                alive.where(ends > to_microseconds(at)), alive.where(ends.is_(None))
            )
        with self._connections.open() as connection:
            return [*map(_to_session, connection.execute(statement).mappings())]

    def purge(self, before: datetime, limit: int) -> int:
        """Delete up to *limit* sessions that ended before then."""
        columns = self.table.c
        end = to_microseconds(before)
        ended = or_(columns.idle_expires_at < end, columns.revoked_at < end)
        with self._connections.open() as connection:
            found = connection.scalars(select(columns.id).where(ended).limit(limit))
            # In one order, so that two of these do not block each other.
            session_ids = sorted(found)
            if not session_ids:
                return 0
            statement = delete(self.table).where(columns.id.in_(session_ids))
            return connection.execute(statement).rowcount

    def _select(self, connection: Connection, session_id: str) -> RefreshSession | None:
        statement = select(self.table).where(self.table.c.id == session_id)
        row = connection.execute(statement).mappings().one_or_none()
        return None if row is None else _to_session(row)

    def _revoke(self, which: ColumnElement[bool], at: datetime) -> int:
        statement = (
            update(self.table)
            .where(which, self.table.c.revoked_at.is_(None))
            .values(revoked_at=to_microseconds(at))
        )
        with self._connections.open() as connection:
            return connection.execute(statement).rowcount

    def _engine(self) -> Engine:
        return self._connections.engine()


def _make_table(name: str, metadata: MetaData) -> Table:
    # Names must be compared byte by byte; by default, MariaDB takes "Ada" for "ada".
    user_id = String(255).with_variant(
        mysql.VARCHAR(255, charset="utf8mb4", collation="utf8mb4_bin"),
        "mysql",
        "mariadb",
    )
    text = String(255).with_variant(
        mysql.VARCHAR(255, charset="utf8mb4"), "mysql", "mariadb"
    )
    return Table(
        name,
        metadata,
        Column("id", String(32), primary_key=True),
        Column("user_id", user_id, nullable=False),
        Column("scopes", JSON, nullable=False),
        Column("data", JSON, nullable=False),
        Column("name", text),
        Column("counter", BigInteger, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("renewed_at", BigInteger, nullable=False),
        Column("idle_expires_at", BigInteger),
        Column("expires_at", BigInteger),
        Column("revoked_at", BigInteger),
        Column("ip", text),
        Column("user_agent", text),
        Column("remember", Boolean, nullable=False),
        Index(f"ix_{name}_user_id", "user_id", "revoked_at", "idle_expires_at"),
        Index(f"ix_{name}_idle_expires_at", "idle_expires_at"),
        Index(f"ix_{name}_revoked_at", "revoked_at"),
    )


def _to_row(session: RefreshSession) -> dict[str, Any]:
    names = RefreshSession.__dataclass_fields__
    row = {name: getattr(session, name) for name in names}
    return {
        **row,
        **{name: to_microseconds(row[name]) for name in DATES},
        "scopes": list(session.scopes),
    }


def _to_session(row: RowMapping) -> RefreshSession:
    dates: dict[str, Any] = {name: from_microseconds(row[name]) for name in DATES}
    return RefreshSession(**{**row, **dates, "scopes": tuple(row["scopes"])})
