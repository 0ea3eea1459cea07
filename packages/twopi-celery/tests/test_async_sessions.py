"""Asynchronous sessions: with ``await`` they are served, without it refused."""

import asyncio
import threading
import uuid

import pytest
from kombu import pools
from kombu.exceptions import OperationalError
from sqlalchemy import MetaData, select, text
from sqlalchemy.ext.asyncio import (
    AsyncSession,
    async_scoped_session,
    async_sessionmaker,
    create_async_engine,
)

from twopi_celery import (
    Outbox,
    PublishError,
    aapply_async_on_commit,
    adelay_on_commit,
    apply_async_on_commit,
    create_celery,
    delay_on_commit,
)


class Shop:
    def __init__(self, folder, **settings):
        settings = {"broker_url": "memory://", **settings}
        self.celery = create_celery("shop", settings, set_as_current=False)
        self.queue = self.celery.conf.task_default_queue = uuid.uuid4().hex
        self.engine = create_async_engine(f"sqlite+aiosqlite:///{folder}/shop.db")
        metadata = MetaData()
        self.outbox = Outbox(metadata)
        self.metadata = metadata
        self.threads = []

        @self.celery.task(name="ship", shared=False)
        def ship(number):
            self.threads.append(threading.current_thread())
            return number

        self.ship = ship

    async def __aenter__(self):
        async with self.engine.begin() as connection:
            await connection.run_sync(self.metadata.create_all)
        return self

    async def __aexit__(self, *_):
        await self.engine.dispose()
        pools.reset()

    def published(self):
        found = []
        with self.celery.connection() as connection:
            while message := connection.default_channel.basic_get(self.queue):
                found.append(message.headers["id"])
        return found


def test_a_commit_publishes_and_a_rollback_does_not(tmp_path):
    async def run():
        async with Shop(tmp_path) as shop:
            scoped = async_scoped_session(
                async_sessionmaker(shop.engine), asyncio.current_task
            )
            async with AsyncSession(shop.engine) as session:
                for each in (session, scoped):
                    await each.execute(text("SELECT 1"))
                    kept = await adelay_on_commit(each, shop.ship, 1)
                    await aapply_async_on_commit(each, "of.another", [1], countdown=1)
                    assert shop.published() == []
                    await each.commit()
                    assert shop.published()[0] == kept

                    await each.execute(text("SELECT 1"))
                    await adelay_on_commit(each, shop.ship, 1)
                    await each.rollback()
                    assert shop.published() == []

                at_once = await adelay_on_commit(session, shop.ship, 1)
                assert shop.published() == [at_once]
            await scoped.remove()

    asyncio.run(run())


def test_eager_tasks_run_where_they_are(tmp_path):
    async def run():
        async with Shop(tmp_path, task_always_eager=True) as shop:
            async with AsyncSession(shop.engine) as session:
                await session.execute(text("SELECT 1"))
                await adelay_on_commit(session, shop.ship, 1)
                await session.commit()
                await adelay_on_commit(session, shop.ship, 1)
            assert shop.threads == [threading.current_thread()] * 2

    asyncio.run(run())


def test_a_broker_that_is_away_is_raised_by_the_commit(tmp_path):
    async def run():
        options = {"broker_transport_options": {"max_retries": 0}}
        async with Shop(tmp_path, **options) as shop:
            shop.celery.conf.broker_url = "amqp://127.0.0.1:1//"
            async with AsyncSession(shop.engine) as session:
                await session.execute(text("SELECT 1"))
                await adelay_on_commit(session, shop.ship, 1)
                with pytest.raises(PublishError):
                    await session.commit()
            async with AsyncSession(shop.engine) as session:
                with pytest.raises(OperationalError):
                    await adelay_on_commit(session, shop.ship, 1)

    asyncio.run(run())


def test_an_outbox(tmp_path):
    async def run():
        async with Shop(tmp_path) as shop:
            async with AsyncSession(shop.engine) as session:
                ids = [await shop.outbox.adelay(session, shop.ship, 1)]
                await session.commit()
                await shop.outbox.adelay(session, shop.ship, 2)
                await session.rollback()
            async with shop.engine.begin() as connection:
                options = {"queue": shop.queue}
                ids.append(
                    await shop.outbox.aapply_async(
                        connection, shop.ship, [3], **options
                    )
                )
            async with AsyncSession(shop.engine) as session:
                found = await session.scalars(select(shop.outbox.table.c.task_id))
                assert list(found) == ids
                with pytest.raises(TypeError):
                    await shop.outbox.adelay(session, shop.ship)

    asyncio.run(run())


def test_without_await_they_are_refused(tmp_path):
    async def run():
        async with Shop(tmp_path) as shop:
            scoped = async_scoped_session(
                async_sessionmaker(shop.engine), asyncio.current_task
            )
            async with AsyncSession(shop.engine) as session:
                for each in (session, scoped):
                    for call in (
                        lambda each=each: delay_on_commit(each, shop.ship, 1),
                        lambda each=each: apply_async_on_commit(each, shop.ship, [1]),
                        lambda each=each: shop.outbox.delay(each, shop.ship, 1),
                        lambda each=each: shop.outbox.apply_async(each, shop.ship, [1]),
                        lambda each=each: shop.outbox.backlog(each),
                    ):
                        with pytest.raises(TypeError, match=r"asynchronous"):
                            call()
                with pytest.raises(TypeError, match="not an asynchronous session"):
                    await adelay_on_commit(session.sync_session, shop.ship, 1)
            async with shop.engine.connect() as connection:
                with pytest.raises(TypeError, match=r"await outbox\.aapply_async"):
                    shop.outbox.delay(connection, shop.ship, 1)
            await scoped.remove()

    asyncio.run(run())
