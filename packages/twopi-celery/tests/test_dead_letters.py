"""Workers of `reliable` throw nothing away: unknown tasks, unreadable ones, poison.

With TWOPI_CELERY_TASKS each test is run on each broker, and not on one of them.
"""

import os
import uuid
from contextlib import contextmanager

import pytest
from kombu import Connection, Queue, pools

from twopi_celery import (
    create_celery,
    dead_letters,
    reliable,
    replay_dead_letters,
)

pytestmark = pytest.mark.services

SERVERS = ["redis", "rabbitmq"] if "TWOPI_CELERY_TASKS" in os.environ else []

TASKS = """
    import os, signal
    from pathlib import Path
    from twopi_celery import create_celery, reliable

    settings = {{"broker_url": {url!r}, "task_default_queue": {queue!r}}}
    settings |= {{"task_time_limit": 60, "task_ignore_result": True}}
    settings |= {{"twopi_unknown_limit": {unknown}, "twopi_delivery_limit": 1}}
    celery = reliable(create_celery("tasks", settings))
    here = Path(__file__).parent


    @celery.task
    def mark(number):
        (here / str(number)).touch()


    @celery.task
    def die():
        os.kill(os.getpid(), signal.SIGKILL)
"""


@contextmanager
def shop(url):
    queue = f"twopi_celery_{uuid.uuid4().hex}"
    settings = {"broker_url": url, "task_default_queue": queue, "task_time_limit": 60}
    celery = reliable(create_celery("shop", settings, set_as_current=False))
    try:
        yield celery, queue
    finally:
        with Connection(url) as connection:
            for name in (queue, f"{queue}.dead"):
                Queue(name, channel=connection.default_channel).delete()
        pools.reset()


def publish(url, queue, body, **options):
    with Connection(url) as connection, connection.Producer() as producer:
        producer.publish(body, routing_key=queue, declare=[Queue(queue)], **options)


@pytest.mark.parametrize("server", SERVERS or ["rabbitmq"])
def test_what_a_worker_does_not_know_is_put_aside(
    server, request, start_worker, wait_for
):
    url = request.getfixturevalue(server)
    with shop(url) as (celery, queue):
        source = TASKS.format(url=url, queue=queue, unknown=1)
        with start_worker(source, "prefork", concurrency=1) as worker:
            later = celery.send_task("of.the.next.release", [1]).id
            publish(url, queue, "{", content_type="application/json")
            publish(url, queue, {"no": "task"}, serializer="json")
            celery.send_task("tasks.mark", [1])

            wait_for((worker.folder / "1").exists)
            wait_for(lambda: len(dead_letters(celery, queue)) == 3)
        found = {letter.id: letter for letter in dead_letters(celery)}

        assert found[later].task == "of.the.next.release"
        assert "Unknown task 'of.the.next.release'" in found[later].reason
        assert len(dead_letters(celery, limit=2)) == 2
        assert replay_dead_letters(celery, queue, later) == 1
        with celery.connection() as connection:
            message = Queue(queue, channel=connection.default_channel).get(no_ack=True)
        assert (message.headers["id"], message.payload[0]) == (later, [1])
        assert not [name for name in message.headers if name.startswith("x-twopi")]
        assert replay_dead_letters(celery, queue, drop=True) == 2
        assert dead_letters(celery) == []


def test_a_worker_of_the_next_release_does_it(redis, start_worker, wait_for):
    with shop(redis) as (celery, queue):
        source = TASKS.format(url=redis, queue=queue, unknown=9)
        old = source.replace("def mark", "def mark_of_before")
        with start_worker(old) as before:
            celery.send_task("tasks.mark", [2])
            wait_for(lambda: "putting it back in 2 s" in before.log.read_text())
            with start_worker(source) as worker:
                wait_for((worker.folder / "2").exists)


@pytest.mark.parametrize("server", SERVERS or ["redis"])
def test_a_task_that_kills_its_process_is_put_aside(
    server, request, start_worker, wait_for
):
    url = request.getfixturevalue(server)
    with shop(url) as (celery, queue):
        source = TASKS.format(url=url, queue=queue, unknown=1)
        with start_worker(source, "prefork", concurrency=1) as worker:
            poison = celery.send_task("tasks.die").id
            celery.send_task("tasks.mark", [3])

            wait_for(lambda: [each.id for each in dead_letters(celery)] == [poison])
            wait_for((worker.folder / "3").exists)
            worker.stop()
        [letter] = dead_letters(celery)
        assert "delivered 2 times" in letter.reason
