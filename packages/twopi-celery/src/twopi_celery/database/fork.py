"""Connections of SQLAlchemy after a fork: the child opens its own.

A pool does not notice a fork. Without this, a worker's child would send its queries
through a socket of its parent, and read the rows of its siblings. All pools of the
process are covered, whoever made their engines: Flask-SQLAlchemy's too.
"""

from __future__ import annotations

import functools
import gc
import os
import sqlite3
import sys
import weakref
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from sqlalchemy.pool import ConnectionPoolEntry

T = TypeVar("T")

_records: dict[int, weakref.ref[ConnectionPoolEntry]] = {}
_in_use: list[list[tuple[Any, Any]]] = []
_parents: list[object] = []


@functools.cache
def survive_forks() -> None:
    """Give each forked child connections of its own, from now on."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=_before,
            after_in_parent=_in_use.clear,
            after_in_child=_after_in_child,
        )


def follow_pools() -> None:
    """Notice the connections that pools open, if SQLAlchemy has been imported."""
    if "sqlalchemy.pool" in sys.modules:
        _follow_pools()


@functools.cache
def _follow_pools() -> None:
    from sqlalchemy import event
    from sqlalchemy.pool import ConnectionPoolEntry, Pool

    event.listen(Pool, "connect", _remember_record)
    for each in gc.get_objects():  # those opened before
        if issubclass(type(each), ConnectionPoolEntry):
            remember(_records, each)


def _remember_record(_: object, record: ConnectionPoolEntry) -> None:
    remember(_records, record)


def remember(known: dict[int, weakref.ref[T]], thing: T) -> None:
    """Add *thing* to *known*, a weak set that one thread may read as another writes.

    Args:
        known: The set: references by identity.
        thing: What to refer to weakly.
    """
    key = id(thing)
    if key not in known:
        known[key] = weakref.ref(thing, lambda _: known.pop(key, None))


def recall(known: dict[int, weakref.ref[T]]) -> list[T]:
    """Return what is left in *known*.

    Args:
        known: What `remember` filled.
    """
    return [thing for ref in list(known.values()) if (thing := ref()) is not None]


def _before() -> None:
    """Keep the connections that are in use alive in the child.

    There, what is local to other threads is collected before any hook runs, and each of
    their connections would send a ROLLBACK through a socket of the parent.
    """
    follow_pools()
    pairs: list[tuple[Any, Any]] = []
    for record in recall(_records):
        user = getattr(record, "fairy_ref", None)
        pairs.append((record, user() if user is not None else None))
    _in_use.append(pairs)


def _after_in_child() -> None:
    """Take the connections of the parent out of the pools, and never close them."""
    for record, user in _in_use.pop():
        connection = record.dbapi_connection
        if connection is None or _is_in_memory(connection):
            continue
        _parents.append(connection)
        record.dbapi_connection = None
        if user is not None:
            user.dbapi_connection = None
    _in_use.clear()


def _is_in_memory(connection: object) -> bool:
    """Return whether this is a SQLite database that the fork has copied."""
    if not isinstance(connection, sqlite3.Connection):
        return False
    try:
        files = [file for _, _, file in connection.execute("PRAGMA database_list")]
    except sqlite3.Error:  # of another thread
        return False
    return not any(files)
