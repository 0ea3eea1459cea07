"""Sessions in Redis (the extra ``redis``)."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

import redis

from twopi_token_auth.errors import ConfigurationError, StoreUnavailableError
from twopi_token_auth.stores.base import (
    DATES,
    RefreshSession,
    from_microseconds,
    to_microseconds,
)

log = logging.getLogger(__name__)

_HASH_TAG = re.compile(r"\{[^}]+\}")

# Dates are microseconds since 1970 and exact as Lua's numbers; "" stands for None.
_EXPIRE = """
local function expire(key, at)
    if at == '' then redis.call('PERSIST', key)
    else redis.call('PEXPIREAT', key, string.format('%.0f', math.ceil(at / 1000))) end
end
"""
# What has ended leaves the index of its user, so that nothing grows with it.
_INDEX = (
    _EXPIRE
    + """
local function index(user, id, ends, now)
    redis.call('ZREMRANGEBYSCORE', user, '-inf', now)
    redis.call('ZADD', user, ends == '' and '+inf' or ends, id)
    local last = redis.call('ZRANGE', user, -1, -1, 'WITHSCORES')[2]
    expire(user, last == 'inf' and '' or last)
end
"""
)
_CREATE = (
    _INDEX
    + """
local session, user, id, idle, now = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
redis.call('HSET', session, unpack(ARGV, 4))
expire(session, idle)
index(user, id, idle, now)
"""
)
_ADVANCE = (
    _INDEX
    + """
local key, counter, to, now, idle = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local row = redis.call('HMGET', key,
    'counter', 'revoked_at', 'idle_expires_at', 'expires_at', 'user_id', 'id')
if row[1] ~= counter or row[2] ~= '' then return false end
if row[3] ~= '' and tonumber(row[3]) <= tonumber(now) then return false end
if row[4] ~= '' and (idle == '' or tonumber(row[4]) < tonumber(idle)) then
    idle = row[4]
end
redis.call('HSET', key, 'counter', to, 'renewed_at', now, 'idle_expires_at', idle)
expire(key, idle)
index(ARGV[5] .. row[5], row[6], idle, now)
return redis.call('HGETALL', key)
"""
)
# Ending a session must work when the memory is full. A script that has written already,
# by a command that needs no memory such as ZREM, may write on.
_END = """
local function finish(key, user, id, at)
    local revoked = redis.call('HGET', key, 'revoked_at')
    redis.call('ZREM', user, id)
    if revoked ~= '' then return 0 end
    local written = redis.pcall('HSET', key, 'revoked_at', at)
    if type(written) == 'table' and written.err then redis.call('DEL', key) end
    return 1
end
"""
_REVOKE = (
    _END
    + """
local row = redis.call('HMGET', KEYS[1], 'user_id', 'id')
if not row[1] then return 0 end
return finish(KEYS[1], ARGV[2] .. row[1], row[2], ARGV[1])
"""
)
_REVOKE_ALL = (
    _END
    + """
local revoked = 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    if id ~= ARGV[3] then
        revoked = revoked + finish(ARGV[2] .. id, KEYS[1], id, ARGV[1])
    end
end
return revoked
"""
)


class RedisStore:
    """Keeps one hash per session, and one sorted set of active sessions per user.

    A renewal is one call of a script. Redis forgets a session by itself when it ends.
    Sessions are lost with the data of the server: switch persistence on. The eviction
    policy must be ``noeviction``: a server that evicts the set of a user hides sessions
    from "log out everywhere". Ending sessions works when the memory is full. In a Redis
    Cluster all keys are in one slot, by a hash tag around the prefix.

    Args:
        client: A client of redis-py, with or without ``decode_responses``.
        prefix: What the names of all keys begin with.
        allow_eviction: Accept a server that evicts keys, and what follows from it.
    """

    def __init__(
        self,
        client: redis.Redis | redis.RedisCluster,
        *,
        prefix: str = "twopi:",
        allow_eviction: bool = False,
    ) -> None:
        if isinstance(client, redis.RedisCluster) and not _HASH_TAG.search(prefix):
            prefix = f"{{{prefix}}}"
        self._checked = allow_eviction
        self._client: Any = client
        self._sessions = f"{prefix}session:"
        self._users = f"{prefix}user:"
        self._create: Any = client.register_script(_CREATE)
        self._advance: Any = client.register_script(_ADVANCE)
        self._revoke: Any = client.register_script(_REVOKE)
        self._revoke_all: Any = client.register_script(_REVOKE_ALL)

    def check(self) -> None:
        """Check that the server keeps what it is given.

        The first login of a process does so; call it at the start to know earlier.

        Raises:
            ConfigurationError: The server evicts keys when its memory is full.
            StoreUnavailableError: The server cannot be reached.
        """
        try:
            with _reporting(redis.ResponseError):
                memory = self._client.info("memory")
        except redis.ResponseError:  # the server does not tell us
            memory = {}
        policies = [memory.get("maxmemory_policy", "noeviction")]
        policies += [  # a cluster answers by node
            each.get("maxmemory_policy", "noeviction")
            for each in memory.values()
            if isinstance(each, dict)
        ]
        for policy in policies:
            if policy != "noeviction":
                raise ConfigurationError(
                    f"Redis evicts keys when its memory is full ({policy}), so that "
                    "'log out everywhere' can miss sessions; set maxmemory-policy to "
                    "noeviction, or pass allow_eviction=True to RedisStore"
                )
        self._checked = True

    def create(self, session: RefreshSession) -> None:
        """Keep a new session."""
        if not self._checked:
            self.check()
        row = _to_row(session)
        arguments = [session.id, row["idle_expires_at"], row["renewed_at"]]
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
        dates = [_from_date(at), _from_date(idle_expires_at)]
        arguments = [counter, to, *dates, self._users]
        with _reporting():
            flat = self._advance([self._sessions + session_id], arguments)
        return _to_session(
            dict(zip(flat[::2], flat[1::2], strict=True)) if flat else {}
        )

    def revoke(self, session_id: str, at: datetime) -> bool:
        """End a session."""
        with _reporting():
            keys = [self._sessions + session_id]
            return bool(self._revoke(keys, [_from_date(at), self._users]))

    def revoke_all(self, user_id: str, at: datetime, *, keep: str | None = None) -> int:
        """End all sessions of a user but *keep*."""
        arguments = [_from_date(at), self._sessions, keep or ""]
        with _reporting():
            return int(self._revoke_all([self._users + user_id], arguments))

    def list(
        self, user_id: str, at: datetime | None = None
    ) -> Sequence[RefreshSession]:
        """Return the active sessions of a user."""
        after = "-inf" if at is None else f"({_from_date(at)}"
        with _reporting():
            key = self._users + user_id
            session_ids = self._client.zrangebyscore(key, after, "+inf")
            pipeline = self._client.pipeline(transaction=False)
            for session_id in session_ids:
                pipeline.hgetall(self._sessions + _text(session_id))
            rows = pipeline.execute()
        return [session for session in map(_to_session, rows) if session]

    def purge(self, before: datetime, limit: int) -> int:  # noqa: ARG002
        """Do nothing: Redis forgets what has ended."""
        return 0


_FAILURES = (redis.RedisError, redis.exceptions.RedisClusterException)


@contextmanager
def _reporting(*but: type[Exception]) -> Iterator[None]:
    try:
        yield
    except but:
        raise
    except _FAILURES as error:
        log.exception("Redis cannot be used")
        raise StoreUnavailableError from error


def _to_row(session: RefreshSession) -> dict[str, str | int]:
    return {
        **{name: value or "" for name, value in asdict(session).items()},
        **{name: _from_date(getattr(session, name)) for name in DATES},
        "counter": session.counter,
        "remember": int(session.remember),
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
    row["remember"] = row["remember"] == "1"
    row["scopes"] = tuple(json.loads(row["scopes"]))
    row["data"] = json.loads(row["data"])
    return RefreshSession(**row)


def _from_date(date: datetime | None) -> str | int:
    microseconds = to_microseconds(date)
    return "" if microseconds is None else microseconds


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
