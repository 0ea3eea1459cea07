"""What ends a session: the end of its task or Flask context, and a fork."""

from __future__ import annotations

import functools
import logging
import os
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session, scoped_session, sessionmaker

from twopi_celery.database.fork import follow_pools, recall, remember, survive_forks
from twopi_celery.tasks import signals

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

_scopes: dict[int, weakref.ref[scoped_session[Session]]] = {}


class SessionFactory(sessionmaker[Session]):
    """Makes the sessions of one scope.

    What ends sessions is in the way of each task and of each Flask context. It costs
    them little until there is a session to end.
    """

    def __call__(self, **local_kw: Any) -> Session:
        """Return a new session; see `sessionmaker`."""
        signals.thread.has_sessions = True
        if not signals.ends_sessions():
            _follow_contexts()
        return super().__call__(**local_kw)


def watch(scope: scoped_session[Session]) -> None:
    """Remove the sessions of *scope* after tasks and requests, and in forked children.

    *scope* is referred to weakly: one that is no longer used is collected.
    """
    _connect()
    remember(_scopes, scope)


@functools.cache
def _connect() -> None:
    signals.follow_tasks()
    survive_forks()
    follow_pools()
    signals.end_sessions.append(_remove_all)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_after_fork_in_child)


@functools.cache
def _follow_contexts() -> None:
    with suppress(ModuleNotFoundError):
        from flask import appcontext_popped

        appcontext_popped.connect(_end_context, weak=False)


def _end_context(app: Flask, **_: object) -> None:
    """End the sessions of a thread with its last context.

    A task, or the caller of an eager one, may outlive the contexts in it.
    """
    if not signals.thread.has_sessions or signals.in_task():
        return
    from flask import has_app_context

    if "twopi_celery" in app.extensions and not has_app_context():
        _remove_all(app.name)


def _remove_all(user: str | None) -> None:
    signals.thread.has_sessions = False
    for scope in recall(_scopes):
        if not scope.registry.has():
            continue
        try:
            scope.remove()
        except Exception:
            log.exception("A session could not be closed after %s", user)
            scope.registry.clear()


def _after_fork_in_child() -> None:
    for scope in recall(_scopes):
        scope.registry.clear()
