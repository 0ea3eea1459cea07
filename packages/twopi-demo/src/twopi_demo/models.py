"""The tables of Punchcard."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    String,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from twopi_celery import Heartbeats
from twopi_demo.database import session
from twopi_token_auth.stores.sqlalchemy import SQLAlchemyStore

SCOPES = {
    "member": ["entries"],
    "manager": ["entries", "entries:all", "projects", "reports"],
}


def utcnow() -> dt.datetime:
    """Return the current time, aware and in UTC."""
    return dt.datetime.now(dt.UTC)


class Utc(TypeDecorator[dt.datetime]):
    """Store an aware time as UTC, and return it aware, on every database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(
        self, value: dt.datetime | None, _: Dialect
    ) -> dt.datetime | None:
        """Return *value* as naive UTC."""
        return value and value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(
        self, value: dt.datetime | None, _: Dialect
    ) -> dt.datetime | None:
        """Return *value* as aware UTC."""
        return value and value.replace(tzinfo=dt.UTC)


class Cents(TypeDecorator[Decimal]):
    """Store an amount of money as whole cents: SQLite has no decimal numbers."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _: Dialect) -> int | None:
        """Return *value* in cents; an amount has at most two places."""
        return None if value is None else int(value.scaleb(2).to_integral_exact())

    def process_result_value(self, value: int | None, _: Dialect) -> Decimal | None:
        """Return *value* with two places."""
        return None if value is None else Decimal(value).scaleb(-2)


class Base(DeclarativeBase):
    """What all tables have in common."""

    type_annotation_map = {dt.datetime: Utc, Decimal: Cents, dict[str, Any]: JSON}  # noqa: RUF012


class User(Base):
    """Someone who logs in: a member, or a manager, who sees everybody's entries."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16))

    @property
    def scopes(self) -> list[str]:
        """Return what this user's role may do."""
        return SCOPES[self.role]


sessions = SQLAlchemyStore(session, metadata=Base.metadata)
"""The logins that have not ended; twopi-token-auth keeps this table."""


class Project(Base):
    """Something people work on and somebody pays for by the hour."""

    __tablename__ = "projects"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    hourly_rate: Mapped[Decimal]


class Entry(Base):
    """Minutes that a user worked on a project."""

    __tablename__ = "entries"
    __table_args__ = (
        Index("entries_of_all", "started", "id"),
        Index("entries_of_user", "user_id", "started", "id"),
        Index("entries_of_project", "project_id", "started", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id))
    started: Mapped[dt.datetime]
    minutes: Mapped[int]
    note: Mapped[str] = mapped_column(String(500))


class Job(Base):
    """A month's billing report of a project: asked for, being computed, or done."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(
        String(36), primary_key=True, default=lambda: str(uuid.uuid4())
    )
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id, ondelete="CASCADE"))
    month: Mapped[dt.date]
    created: Mapped[dt.datetime] = mapped_column(default=utcnow)
    state: Mapped[str] = mapped_column(String(16), default="queued")
    count: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    result: Mapped[dict[str, Any] | None]
    worker: Mapped[int | None]
    project: Mapped[Project] = relationship()


heartbeats = Heartbeats(Base.metadata)
"""The workers that live; twopi-celery keeps this table."""
