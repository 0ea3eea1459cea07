"""Tasks that are published when the database has what they are about."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twopi_celery.database.executor import refuse_async
from twopi_celery.publishing.frozen_call import Call, freeze

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session
    from sqlalchemy.orm import Session, scoped_session


def delay_on_commit(
    session: Session | scoped_session[Session],
    task: Call,
    *args: Any,
    **kwargs: Any,
) -> str:
    """Publish a task when the transaction of *session* is committed.

    ``delay_on_commit(session, task, 1, a=2)`` is
    ``apply_async_on_commit(session, task, (1,), {"a": 2})``, see there.

    Args:
        session: The session.
        task: A task or a signature.
        *args: Its arguments.
        **kwargs: Its keyword arguments.

    Returns:
        The id that the task will have.

    .. versionadded:: 2.0
    """
    return apply_async_on_commit(session, task, args, kwargs)


def apply_async_on_commit(
    session: Session | scoped_session[Session],
    task: Call,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    **options: Any,
) -> str:
    """Publish a task when the transaction of *session* is committed.

    Published before, it might run before there is what it is about, or run although all
    was rolled back.

    .. code-block:: python

        from sqlalchemy import create_engine, text
        from sqlalchemy.orm import Session
        from twopi_celery import create_celery, delay_on_commit

        celery = create_celery(
            "shop", {"task_always_eager": True, "broker_url": "memory://"}
        )
        sent = []


        @celery.task
        def send_receipt(order):
            sent.append(order)


        with Session(create_engine("sqlite://")) as session:
            session.execute(text("SELECT 1"))  # an INSERT, more likely
            delay_on_commit(session, send_receipt, 4711)
            assert sent == []
            session.commit()
        assert sent == [4711]

    - A rollback drops the tasks of its transaction, and so does closing the session.
      A rollback to a SAVEPOINT (``begin_nested``) drops those since that SAVEPOINT.
    - If *session* is in no transaction, the task is published at once. SQLAlchemy
      begins one by itself as soon as something is added, queried or executed.
    - The transaction is that of the session. If the session is within one of its
      connection, as in tests that roll all back, ``session.commit()`` publishes.
    - Tasks are published in the order of the calls. When they are, *session* is in no
      transaction, and eager tasks may use it.
    - A process that dies after the commit takes its tasks along. If that must not be,
      see `Outbox`.

    Args:
        session: The session, or a `scoped_session` such as Flask-SQLAlchemy's
            ``db.session``. For an `AsyncSession` see `aapply_async_on_commit`.
        task: A task; or a signature of a task, chain, group or chord; or the name of a
            task of the current Celery application.
        args: Its arguments, which must not be changed before the commit.
        kwargs: Its keyword arguments.
        **options: Those of Celery's ``apply_async``. A *countdown* begins at
            the commit.

    Returns:
        The id that the task will have, to be kept in the database for example. That of
        a chain is the id of its last task.

    Raises:
        TypeError: The task does not take these arguments, or Celery not these options.
        NotImplementedError: There is a chord, and no result backend that can do it.
        kombu.exceptions.EncodeError: They cannot be serialized.
        PublishError: Raised by what commits: tasks could not be published. All others
            of that transaction are.

    .. versionadded:: 2.0
    """
    refuse_async(session, "aapply_async_on_commit")
    from sqlalchemy.orm import scoped_session

    from twopi_celery.publishing.commit_listener import publish_on_commit

    if isinstance(session, scoped_session):
        session = session()
    task_id, call = freeze(task, args, kwargs or {}, options)
    publish_on_commit(session, call)
    return task_id


async def adelay_on_commit(
    session: AsyncSession | async_scoped_session[AsyncSession],
    task: Call,
    *args: Any,
    **kwargs: Any,
) -> str:
    """Publish a task when the transaction of an asynchronous *session* is committed.

    ``await adelay_on_commit(session, task, 1, a=2)`` is
    ``await aapply_async_on_commit(session, task, (1,), {"a": 2})``, see there.

    Args:
        session: The session.
        task: A task or a signature.
        *args: Its arguments.
        **kwargs: Its keyword arguments.

    Returns:
        The id that the task will have.

    .. versionadded:: 2.0
    """
    return await aapply_async_on_commit(session, task, args, kwargs)


async def aapply_async_on_commit(
    session: AsyncSession | async_scoped_session[AsyncSession],
    task: Call,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    **options: Any,
) -> str:
    """Publish a task when the transaction of an asynchronous *session* is committed.

    All that `apply_async_on_commit` says is true here too. The commit publishes in
    another thread, so that the event loop does not wait for the broker; eager tasks run
    where they are.

    Args:
        session: An ``AsyncSession``, or an ``async_scoped_session``.
        task: A task, a signature, or the name of a task.
        args: Its arguments, which must not be changed before the commit.
        kwargs: Its keyword arguments.
        **options: Those of Celery's ``apply_async``.

    Returns:
        The id that the task will have.

    Raises:
        TypeError: As `apply_async_on_commit`; or *session* is not asynchronous.
        kombu.exceptions.EncodeError: As `apply_async_on_commit`.
        NotImplementedError: As `apply_async_on_commit`.

    .. versionadded:: 2.0
    """
    from sqlalchemy.ext.asyncio import async_scoped_session

    from twopi_celery.publishing.commit_listener import publish_on_commit

    own = session() if isinstance(session, async_scoped_session) else session
    inner = getattr(own, "sync_session", None)
    if inner is None:
        raise TypeError(
            f"{type(session).__name__} is not an asynchronous session; use "
            "apply_async_on_commit"
        )
    task_id, call = freeze(task, args, kwargs or {}, options)
    if inner.in_transaction() or call.app.conf.task_always_eager:
        publish_on_commit(inner, call)
    else:
        await asyncio.to_thread(call.apply_async)
    return task_id
