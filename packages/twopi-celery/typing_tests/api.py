from collections.abc import Mapping
from typing import Any, assert_type

from celery import Celery, Task
from flask import Blueprint, Flask
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, scoped_session

from twopi_celery import (
    Backlog,
    ConfigurationError,
    DeadLetter,
    DeadTask,
    Heartbeats,
    Keys,
    Outbox,
    Progress,
    PublishError,
    Report,
    RequestIdFilter,
    Sign,
    adelay_on_commit,
    apply_async_on_commit,
    bind_request_id,
    check,
    create_celery,
    create_db_session,
    current_request_id,
    dead_letters,
    delay_on_commit,
    filesystem_broker,
    health_blueprint,
    health_checks,
    init_app,
    outbox_numbers,
    reliable,
)

settings = filesystem_broker("queue")
celery = create_celery("shop", settings, True, set_as_current=False)
session = create_db_session(celery)
assert_type(session, scoped_session[Session])
assert_type(reliable(celery, visibility_timeout=600), Celery)


@celery.task
def add(a: int, b: int) -> int:
    return a + b


add.delay(1, 2)
app = Flask("shop")
other: Celery = init_app(app, celery)
init_app(app, inject_version=False)

try:
    create_celery("shop", "shop.settings:Production")
except ConfigurationError as error:
    assert_type(error.settings, tuple[str, ...])


heartbeats = Heartbeats(MetaData(), every=2)
heartbeats.install(celery, session)
report = check(celery, session, heartbeats=heartbeats)
assert_type(report, Report)
assert_type(report.ok, bool)
assert_type(report.findings[0].url, str | None)
assert_type(health_blueprint(celery, session, workers=2), Blueprint)
for name, function in health_checks(celery).items():
    assert_type(name, str)
    function()


@celery.task(bind=True)
def export(self: Task[Any, Any], names: list[str]) -> None:
    for name in Progress(self, report=lambda progress: progress.eta).track(names):
        assert_type(name, str)


with bind_request_id() as request_id:
    assert_type(request_id, str)
assert_type(current_request_id(), str | None)
RequestIdFilter()

outbox = Outbox(MetaData())
with Session() as mine:
    assert_type(delay_on_commit(mine, add, 1, b=2), str)
    assert_type(apply_async_on_commit(mine, add.s(1), [2], countdown=1), str)
    assert_type(outbox.delay(mine, add, 1, b=2), str)
    assert_type(outbox.apply_async(mine, add, [1, 2], queue="slow"), str)
    assert_type(outbox.backlog(mine), Backlog)
    assert_type(outbox.dead(mine), list[DeadTask])
    assert_type(outbox.retry(mine, 1, 2), int)
    assert_type(outbox.delay(mine, "shop.add", 1), str)
delay_on_commit(create_db_session(celery), add, 1, 2)
assert_type(outbox_numbers(outbox, session), dict[str, float])
assert_type(dead_letters(celery), list[DeadLetter])
assert_type(heartbeats.signs(session), list[Sign])


keys = Keys(MetaData())
keys.install(celery, session)
with Session() as mine:
    assert_type(keys.once(mine, "a"), bool)
    assert_type(keys.purge(mine, age=3600), int)


async def later(asynchronous: AsyncSession) -> None:
    assert_type(await adelay_on_commit(asynchronous, add, 1, 2), str)
    assert_type(await outbox.adelay(asynchronous, add, 1, 2), str)


def catch(error: PublishError) -> None:
    assert_type(error.errors, Mapping[str, Exception])
