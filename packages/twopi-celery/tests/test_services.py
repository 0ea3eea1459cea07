"""Real brokers and a database that drops idle connections."""

import uuid

import pytest
from kombu import pools
from sqlalchemy import create_engine, text

from twopi_celery import create_celery, filesystem_broker

pytestmark = pytest.mark.services

TASKS = """
    from twopi_celery import create_celery

    celery = create_celery("tasks", {settings!r})


    @celery.task
    def add(a, b):
        return a + b
"""


def settings_of(broker, backend, queue):
    return {
        "CELERY_BROKER_URL": broker,
        "result_backend": backend,
        "result_expires": 60,
        "CELERY_TASK_DEFAULT_QUEUE": queue,
    }


@pytest.mark.parametrize("pool", ["solo", "prefork"])
@pytest.mark.parametrize("server", ["redis", "rabbitmq"])
def test_round_trip(server, pool, request, start_worker):
    url = request.getfixturevalue(server)
    queue = f"twopi_celery_{uuid.uuid4().hex}"
    settings = settings_of(url, url if server == "redis" else "rpc://", queue)
    celery = create_celery("client", settings)

    try:
        with start_worker(TASKS.format(settings=settings), pool) as worker:
            assert worker.run(celery, "add", 2, 3) == 5
            assert worker.run(celery, "add", 3, 4) == 7
            worker.stop()
    finally:
        with celery.connection() as connection:
            connection.default_channel.queue_delete(queue)
        celery.backend.result_consumer.stop()
        pools.reset()


IDLE = """
    from pathlib import Path

    from sqlalchemy import text

    from twopi_celery import create_celery, create_db_session, filesystem_broker

    settings = {{
        **filesystem_broker(Path(__file__).parent / "queue"),
        "SQLALCHEMY_DATABASE_URI": {url!r},
        "SQLALCHEMY_ENGINE_OPTIONS": {{
            "connect_args": {{"init_command": "SET SESSION wait_timeout = 1"}}
        }},
    }}
    celery = create_celery("tasks", settings)
    session = create_db_session(celery)


    @celery.task
    def number():
        return session.scalar(text("SELECT CONNECTION_ID()"))
"""


def test_a_connection_that_the_server_has_closed_is_replaced(
    mariadb, start_worker, wait_for
):
    engine = create_engine(mariadb)
    query = text("SELECT count(*) FROM information_schema.processlist WHERE id = :id")

    def closed(number):
        with engine.connect() as connection:
            return connection.scalar(query, {"id": number}) == 0

    with start_worker(IDLE.format(url=mariadb)) as worker:
        celery = create_celery("client", filesystem_broker(worker.folder / "queue"))
        first = worker.run(celery, "number")
        wait_for(lambda: closed(first))

        second = worker.run(celery, "number")
    engine.dispose()

    assert second != first
