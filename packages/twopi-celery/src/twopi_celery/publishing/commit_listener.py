"""What happens once the transaction of a SQLAlchemy session is committed.

SQLAlchemy tells of commits and rollbacks of SAVEPOINTs too, by the same events, and of
nothing if a session is closed. So calls wait for the innermost transaction they were
made in. One that ends without having been committed takes its calls along; a SAVEPOINT
that is released leaves them to the transaction around it.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import sys
from dataclasses import dataclass, field
from typing import Any

from celery.canvas import Signature
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from twopi_celery.errors import PublishError

log = logging.getLogger(__name__)

WAITING = "twopi_celery.waiting"
"""Where a session keeps its calls: a dictionary by transaction in ``session.info``."""


@dataclass(slots=True)
class _Waiting:
    calls: list[Signature[Any]] = field(default_factory=list)
    committed: bool = False


def publish_on_commit(session: Session, call: Signature[Any]) -> None:
    """Publish *call* when the transaction of *session* is committed, or else never.

    Without a transaction it is published at once.

    Args:
        session: The session.
        call: What `signatures.freeze` returned.
    """
    transaction = _innermost(session)
    if transaction is None:
        call.apply_async()
        return
    _listen()
    waiting = session.info.setdefault(WAITING, {})
    waiting.setdefault(transaction, _Waiting()).calls.append(call)


def _innermost(session: Session) -> SessionTransaction | None:
    """Return the transaction or SAVEPOINT that *session* is in; flushes are in one."""
    return session.get_nested_transaction() or session.get_transaction()


@functools.cache
def _listen() -> None:
    event.listen(Session, "after_commit", _mark)
    event.listen(Session, "after_transaction_end", _end)


def _mark(session: Session) -> None:
    committed = session.info.get(WAITING, {}).get(_innermost(session))
    if committed is not None:
        committed.committed = True


def _end(session: Session, transaction: SessionTransaction) -> None:
    waiting = session.info.get(WAITING, {})
    ended = waiting.pop(transaction, None)
    if ended is None or not ended.committed:
        return
    parent = transaction.parent
    while parent is not None and not parent.nested and parent.parent is not None:
        parent = parent.parent  # that of a flush
    if parent is None:
        _publish_aside(session, ended.calls)
    else:
        waiting.setdefault(parent, _Waiting()).calls.extend(ended.calls)


def _publish_aside(session: Session, calls: list[Signature[Any]]) -> None:
    """Publish *calls*; those of an asynchronous session in a thread, unless eager."""
    eager = any(call.app.conf.task_always_eager for call in calls)
    if not eager and "sqlalchemy.ext.asyncio" in sys.modules:
        from sqlalchemy.ext.asyncio import async_session
        from sqlalchemy.util import await_only

        if async_session(session) is not None:
            await_only(asyncio.to_thread(_publish, calls))
            return
    _publish(calls)


def _publish(calls: list[Signature[Any]]) -> None:
    errors = {}
    for call in calls:
        try:
            call.apply_async()
        except Exception as error:
            log.exception("A task of a committed transaction is lost: %s", call.task)
            errors[str(call.id)] = error
    if errors:
        raise PublishError(errors) from next(iter(errors.values()))
