"""What renewing a session costs, beside one row per refresh token written by hand.

Each call exchanges a refresh token for the next one and a new access token. PostgreSQL,
MariaDB and Redis take part where ``TWOPI_TEST_POSTGRES_URL`` and the like say where
they are.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from tempfile import TemporaryDirectory
from typing import Any

import jwt
import redis
import sqlalchemy as sa

from benchmarks.cases import Case, Subject, Suite
from twopi_token_auth import MemoryStore, SessionManager, SessionStore, SessionToken
from twopi_token_auth.errors import SessionError
from twopi_token_auth.stores.redis import RedisStore
from twopi_token_auth.stores.sqlalchemy import SQLAlchemyStore

SECRET = "thirty-two bytes, enough for all of HS256"  # noqa: S105
FOLDER = TemporaryDirectory()
TABLE = "twopi_benchmark"
BY_HAND, MEMORY, REDIS, OURS = (
    "a row per token",
    "MemoryStore",
    "RedisStore",
    "{} store",
)

Renew = Callable[[str], str]
Start = Callable[[], str]


class Token(SessionToken):
    """A token that needs no application."""

    def dump(self, *_: Any) -> str:
        """Sign it."""
        return super().dump(SECRET)


def managed(store: SessionStore) -> tuple[Start, Renew]:
    """Return what starts and what renews a session of ours."""
    manager = SessionManager(store, Token, secrets=lambda: [SECRET])

    def renew(token: str) -> str:
        return manager.renew(token).refresh_token

    return lambda: manager.start("ada", ["read"]).refresh_token, renew


def by_hand(engine: sa.Engine) -> tuple[Start, Renew]:
    """Return the same as many applications have it: hashes of random tokens in rows."""
    metadata = sa.MetaData()
    rows = sa.Table(
        f"{TABLE}_rows",
        metadata,
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("family", sa.String(32), nullable=False, index=True),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used", sa.Boolean, nullable=False),
    )
    metadata.drop_all(engine)
    metadata.create_all(engine)

    def insert(connection: sa.Connection, family: str) -> str:
        token, now = secrets.token_urlsafe(32), int(time.time())
        row = {"hash": digest(token), "family": family, "user_id": "ada", "used": False}
        connection.execute(rows.insert().values(expires_at=now + 999, **row))
        return token

    def start() -> str:
        with engine.begin() as connection:
            return insert(connection, secrets.token_hex(16))

    def renew(token: str) -> str:
        with engine.begin() as connection:
            found = sa.select(rows).where(rows.c.hash == digest(token))
            row = connection.execute(found.with_for_update()).one_or_none()
            now = int(time.time())
            if row is None or row.used or row.expires_at < now:
                raise SessionError("unknown")
            which = rows.update().where(rows.c.hash == row.hash)
            connection.execute(which.values(used=True))
            token = insert(connection, row.family)
        claims = {"sub": row.user_id, "iat": now, "exp": now + 900, "scopes": ["read"]}
        jwt.encode(claims, SECRET, "HS256")
        return token

    return start, renew


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def databases() -> Iterator[tuple[str, sa.Engine]]:
    """Name the databases at hand."""
    yield "SQLite", sa.create_engine(f"sqlite:///{FOLDER.name}/sessions.db")
    for name in ("PostgreSQL", "MariaDB"):
        variable = f"TWOPI_TEST_{name.upper().replace('SQL', '')}_URL"
        if variable in os.environ:
            yield name, sa.create_engine(os.environ[variable])


def case(name: str, engine: sa.Engine) -> Case:
    """Compare what *engine* can do."""
    store = SQLAlchemyStore(engine, table=TABLE)
    store.create_all()
    ways = {
        BY_HAND: by_hand(engine),
        OURS.format(name): managed(store),
        MEMORY: managed(MemoryStore()),
    }
    if "TWOPI_TEST_REDIS_URL" in os.environ:
        client = redis.Redis.from_url(os.environ["TWOPI_TEST_REDIS_URL"])
        ways[REDIS] = managed(RedisStore(client, prefix=f"{TABLE}:"))

    def check() -> None:
        """Prove that all give a new token for each one, and none for an old one."""
        for each, (start, renew) in ways.items():
            first = start()
            second = renew(first)
            third = renew(second)
            assert len({first, second, third}) == 3, each  # noqa: S101
            try:
                renew(first)
            except SessionError:
                continue
            raise AssertionError(each)

    return Case(
        name,
        "one renewal, CPU time of this process",
        {each: Subject(chain(*way)) for each, way in ways.items()},
        check,
    )


def chain(start: Start, renew: Renew) -> Callable[[], None]:
    """Return what renews the token that it got the last time."""
    token = start()

    def run() -> None:
        nonlocal token
        token = renew(token)

    return run


def suite() -> Suite:
    """Return the suite."""
    return Suite(
        "rotate",
        [case(name, engine) for name, engine in databases()],
        ["twopi-token-auth", "sqlalchemy", "redis", "pyjwt"],
    )
