"""Brokers that fall silent, under `reliable`: nothing hangs, and workers go on."""

import json
import time
import uuid
from contextlib import contextmanager

import pytest
from kombu import Connection, pools
from kombu.exceptions import OperationalError

from twopi_celery import ConfigurationError, create_celery, reliable
from twopi_celery.brokers import amqp_transport
from twopi_celery.brokers.redis_transport import Channel

pytestmark = pytest.mark.services


@contextmanager
def shop(url, queue):
    settings = {"broker_url": url, "task_default_queue": queue, "task_time_limit": 60}
    settings |= {"task_ignore_result": True}
    celery = reliable(create_celery("shop", settings, set_as_current=False))

    @celery.task(name="tasks.mark", shared=False)
    def mark(number):
        return number

    yield celery, mark
    celery.close()
    pools.reset()


@pytest.fixture
def queue(request):
    return f"twopi_celery_{uuid.uuid4().hex}"


@pytest.mark.parametrize("what", ["connected only", "all"])
def test_a_publisher_gives_up_a_silent_rabbitmq(
    what, rabbitmq, queue, proxy, monkeypatch
):
    monkeypatch.setattr(amqp_transport, "TIMEOUT", 0.5)
    with shop(proxy.url(rabbitmq), queue) as (_, mark):
        mark.delay(1)
        proxy.silence(connected_only=what == "connected only")

        with pytest.raises(OperationalError, match="has not confirmed a message"):
            mark.delay(2)

        proxy.speak()
        mark.delay(3)
    with Connection(rabbitmq) as connection:
        channel = connection.default_channel
        found = [channel.basic_get(queue, no_ack=True) for _ in range(2)]
        assert [json.loads(each.body)[0] for each in found] == [[1], [3]]
        channel.queue_delete(queue)


def test_a_publisher_goes_around_a_half_open_connection_to_redis(redis, queue, proxy):
    with shop(proxy.url(redis), queue) as (celery, mark):
        celery.conf.broker_transport_options |= {"socket_timeout": 0.5}
        mark.delay(1)
        proxy.silence(connected_only=True)

        mark.delay(2)

        with Connection(redis) as connection:
            client = connection.default_channel.client
            assert client.llen(queue) >= 2
            client.delete(queue)


TASKS = """
    from pathlib import Path
    from twopi_celery import create_celery, reliable

    settings = {{"broker_url": {url!r}, "task_default_queue": {queue!r}}}
    settings |= {{"task_time_limit": 60, "task_ignore_result": True}}
    celery = reliable(create_celery("tasks", settings))


    @celery.task
    def mark(number):
        (Path(__file__).parent / str(number)).touch()
"""


@pytest.mark.parametrize("pool", ["prefork"])
def test_a_worker_goes_around_a_half_open_connection_to_redis(
    pool, redis, queue, proxy, start_worker, wait_for
):
    source = TASKS.format(url=proxy.url(redis), queue=queue)
    with shop(redis, queue) as (_, mark), start_worker(source, pool) as worker:
        mark.delay(1)
        wait_for((worker.folder / "1").exists)

        proxy.silence(connected_only=True)
        mark.delay(2)
        began = time.monotonic()

        wait_for((worker.folder / "2").exists)
        print(f"{pool}: {time.monotonic() - began:.1f} s")  # noqa: T201


def test_an_old_redis_is_refused_by_name(redis, monkeypatch):
    monkeypatch.setattr("redis.Redis.info", lambda *_: {"redis_version": "6.0.16"})
    transport = "twopi_celery.brokers.redis_transport.Transport"
    with Connection(redis, transport=transport) as connection:
        channel: Channel = connection.default_channel
        with pytest.raises(ConfigurationError, match=r"6\.2 .* this is 6\.0"):
            channel._require_version()
        monkeypatch.setattr("redis.Redis.info", lambda *_: {"redis_version": "7.4"})
        channel._require_version()
        monkeypatch.setattr("redis.Redis.info", lambda *_: {})
        channel._require_version()
