"""Where sessions are kept: in memory, in a database, in Redis, or in your own store."""

from twopi_token_auth.stores.base import RefreshSession, SessionStore
from twopi_token_auth.stores.memory import MemoryStore

__all__ = ["MemoryStore", "RefreshSession", "SessionStore"]
