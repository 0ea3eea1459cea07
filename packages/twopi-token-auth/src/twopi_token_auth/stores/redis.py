"""Sessions in Redis (the extra ``redis``)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

import redis

from twopi_token_auth.errors import StoreUnavailableError
from twopi_token_auth.stores.base import (
    DATES,
    RefreshSession,
    from_microseconds,
    to_microseconds,
)

log = logging.getLogger(__name__)

# Dates are microseconds since 1970 and exact as Lua's numbers; "" stands for None.
_EXPIRE = """
local function expire(key, at)
    if at == '' then redis.call('PERSIST', key)
    else redis.call('PEXPIREAT', key, string.format('%.0f', math.ceil(at / 1000))) end
end
"""
_CREATE = (
    _EXPIRE
    + """
local session, user, id, prefix = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local idle, expires = ARGV[3], ARGV[4]
redis.call('HSET', session, unpack(ARGV, 5))
expire(session, idle)
for _, other in ipairs(redis.call('ZRANGE', user, 0, -1)) do
    if redis.call('EXISTS', prefix .. other) == 0 then
        redis.call('ZREM', user, other)
    end
end
redis.call('ZADD', user, expires == '' and '+inf' or expires, id)
local last = redis.call('ZRANGE', user, -1, -1, 'WITHSCORES')[2]
expire(user, last == 'inf' and '' or last)
"""
)
_ADVANCE = (
    _EXPIRE
    + """
local key, counter, to, now, idle = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local row = redis.call(
    'HMGET', key, 'counter', 'revoked_at', 'idle_expires_at', 'expires_at')
if row[1] ~= counter or row[2] ~= '' then return false end
if row[3] ~= '' and tonumber(row[3]) <= tonumber(now) then return false end
if row[4] ~= '' and (idle == '' or tonumber(row[4]) < tonumber(idle)) then
    idle = row[4]
end
redis.call('HSET', key, 'counter', to, 'renewed_at', now, 'idle_expires_at', idle)
expire(key, idle)
return redis.call('HGETALL', key)
"""
)
_REVOKE = """
local revoked = 0
for _, key in ipairs(KEYS) do
    if redis.call('HGET', key, 'revoked_at') == '' then
        redis.call('HSET', key, 'revoked_at', ARGV[1])
        revoked = revoked + 1
    end
end
return revoked
"""
_REVOKE_ALL = """
local revoked = 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    local key = ARGV[2] .. id
    if id ~= ARGV[3] and redis.call('HGET', key, 'revoked_at') == '' then
        redis.call('HSET', key, 'revoked_at', ARGV[1])
        revoked = revoked + 1
    end
end
return revoked
"""


class RedisStore:
    """Keeps one hash per session, and one sorted set of sessions per user.

    A renewal is one call of a script. Redis forgets a session by itself when it ends.
    Sessions are lost with the data of the server: switch persistence on, and choose an
    eviction policy that leaves them alone (``noeviction``). Not for Redis Cluster.

    Args:
        client: A client of redis-py, with or without ``decode_responses``.
        prefix: What the names of all keys begin with.
    """

    def __init__(self, client: redis.Redis, *, prefix: str = "twopi:") -> None:
        self._client: Any = client
        self._sessions = f"{prefix}session:"
        self._users = f"{prefix}user:"
        self._create: Any = client.register_script(_CREATE)
        self._advance: Any = client.register_script(_ADVANCE)
        self._revoke: Any = client.register_script(_REVOKE)
        self._revoke_all: Any = client.register_script(_REVOKE_ALL)

    def create(self, session: RefreshSession) -> None:
        """Keep a new session."""
        row = _to_row(session)
        ends = [row["idle_expires_at"], row["expires_at"]]
        arguments = [session.id, self._sessions, *ends]
        for field in row.items():
            arguments += field
        keys = [self._sessions + session.id, self._users + session.user_id]
        with _reporting():
            self._create(keys, arguments)

    def get(self, session_id: str) -> RefreshSession | None:
        """Return a session, or None."""
        with _reporting():
            return _to_session(self._client.hgetall(self._sessions + session_id))

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
        arguments = [counter, to, _from_date(at), _from_date(idle_expires_at)]
        with _reporting():
            flat = self._advance([self._sessions + session_id], arguments)
        return _to_session(
            dict(zip(flat[::2], flat[1::2], strict=True)) if flat else {}
        )

    def revoke(self, session_id: str, at: datetime) -> bool:
        """End a session."""
        with _reporting():
            return bool(self._revoke([self._sessions + session_id], [_from_date(at)]))

    def revoke_all(self, user_id: str, at: datetime, *, keep: str | None = None) -> int:
        """End all sessions of a user but *keep*."""
        arguments = [_from_date(at), self._sessions, keep or ""]
        with _reporting():
            return int(self._revoke_all([self._users + user_id], arguments))

    def list(self, user_id: str) -> Sequence[RefreshSession]:
        """Return the sessions of a user."""
        with _reporting():
            session_ids = self._client.zrange(self._users + user_id, 0, -1)
            pipeline = self._client.pipeline(transaction=False)
            for session_id in session_ids:
                pipeline.hgetall(self._sessions + _text(session_id))
            rows = pipeline.execute()
        return [session for session in map(_to_session, rows) if session]

    def purge(self, before: datetime, limit: int) -> int:  # noqa: ARG002
        """Do nothing: Redis forgets what has ended."""
        return 0


@contextmanager
def _reporting() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        log.exception("Redis cannot be used")
        raise StoreUnavailableError from error


def _to_row(session: RefreshSession) -> dict[str, str | int]:
    return {
        **{name: value or "" for name, value in asdict(session).items()},
        **{name: _from_date(getattr(session, name)) for name in DATES},
        "counter": session.counter,
        "scopes": json.dumps(session.scopes),
        "data": json.dumps(session.data),
    }


def _to_session(fields: dict[Any, Any]) -> RefreshSession | None:
    if not fields:
        return None
    row: dict[str, Any] = {_text(name): _text(each) for name, each in fields.items()}
    for name in DATES:
        row[name] = from_microseconds(int(row[name])) if row[name] else None
    for name in ("name", "ip", "user_agent"):
        row[name] = row[name] or None
    row["counter"] = int(row["counter"])
    row["scopes"] = tuple(json.loads(row["scopes"]))
    row["data"] = json.loads(row["data"])
    return RefreshSession(**row)


def _from_date(date: datetime | None) -> str | int:
    microseconds = to_microseconds(date)
    return "" if microseconds is None else microseconds


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
