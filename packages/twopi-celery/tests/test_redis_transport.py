"""Messages in Redis are on a list or unacknowledged, at each moment."""

import contextlib
import logging
import uuid

import pytest
from kombu import Connection, Consumer, Queue

from twopi_celery.brokers.redis_transport import Transport

pytestmark = pytest.mark.services


class Broker:
    """A corner of Redis, its keys behind a prefix."""

    def __init__(self, url):
        from redis import Redis

        self.url = url
        self.prefix = f"twopi_celery_{uuid.uuid4().hex}_"
        self.client = Redis.from_url(url)

    @contextlib.contextmanager
    def connect(self, transport=Transport, **options):
        options = {"global_keyprefix": self.prefix, **options}
        with Connection(
            self.url, transport=transport, transport_options=options
        ) as connection:
            yield connection

    def publish(self, *bodies, queue="tasks", **options):
        with (
            self.connect() as connection,
            connection.Producer(serializer="json") as producer,
        ):
            for body in bodies:
                producer.publish(
                    body, routing_key=queue, declare=[Queue(queue)], **options
                )

    def count(self, queue="tasks"):
        lists = self.client.llen(f"{self.prefix}{queue}")
        return lists, self.client.hlen(f"{self.prefix}unacked")

    def close(self):
        for key in self.client.scan_iter(f"{self.prefix}*"):
            self.client.delete(key)
        self.client.close()


@pytest.fixture
def broker(redis):
    with contextlib.closing(Broker(redis)) as broker:
        yield broker


@contextlib.contextmanager
def consume(connection, *queues, no_ack=False, prefetch=0):
    """Return the messages that arrive."""
    with connection.channel() as channel:
        messages = []
        consumer = Consumer(
            channel,
            [Queue(queue) for queue in queues or ["tasks"]],
            on_message=messages.append,
            accept=["json"],
        )
        consumer.qos(prefetch_count=prefetch)
        consumer.consume(no_ack=no_ack)
        yield messages, channel


def drain(connection, messages, count):
    while len(messages) < count:
        connection.drain_events(timeout=10)
    return [message.payload for message in messages]


def test_what_a_broken_connection_has_taken_is_not_lost(broker, wait_for):
    broker.publish("kept")
    with broker.connect() as connection, consume(connection) as (messages, channel):
        connection.transport.cycle.on_poll_start()  # asks for a message
        wait_for(lambda: broker.count() == (0, 1))
        channel.client.connection.disconnect()  # and never reads the answer
        channel._in_poll = None
        assert messages == []

    with (
        broker.connect("redis", visibility_timeout=0) as connection,  # kombu's own
        consume(connection) as (messages, channel),
    ):
        channel.qos.restore_visible(interval=1)
        assert drain(connection, messages, 1) == ["kept"]
        assert messages[0].headers["redelivered"] is True
        messages[0].ack()
    assert broker.count() == (0, 0)


def test_what_is_acknowledged_is_gone_and_what_is_not_comes_again(broker):
    bodies = [{"n": n, "\u00e9": '\u4e16\x00"\\/' * n} for n in range(20)]
    broker.publish(*bodies)
    with broker.connect() as connection, consume(connection) as (messages, _):
        assert drain(connection, messages, 20) == bodies
        assert broker.count() == (0, 20)
        for message in messages[:18]:
            message.ack()
        messages[18].reject(requeue=True)
    assert broker.count() == (2, 0)

    with broker.connect() as connection, consume(connection) as (messages, _):
        again = drain(connection, messages, 2)
        assert sorted(body["n"] for body in again) == [18, 19]
        assert not any(messages[0].properties == each for each in bodies)


def test_an_acknowledgement_after_the_connection_was_given_up(broker, caplog):
    broker.publish("late")
    with broker.connect() as connection, consume(connection) as (messages, _):
        drain(connection, messages, 1)
        connection.collect()

        log = logging.getLogger("test")
        messages[0].ack_log_error(log, connection.connection_errors)
    assert "The connection to Redis was closed" in caplog.text
    assert sum(broker.count()) == 1


def test_no_more_is_taken_than_may_be(broker):
    broker.publish(*range(5))
    with (
        broker.connect() as connection,
        consume(connection, prefetch=2) as (messages, _),
    ):
        drain(connection, messages, 2)
        with pytest.raises(TimeoutError):
            connection.drain_events(timeout=0.5)
        assert broker.count() == (3, 2)
        messages[0].ack()
        assert drain(connection, messages, 3) == [0, 1, 2]


def test_a_consumer_that_does_not_acknowledge_leaves_nothing(broker):
    broker.publish(1, 2)
    with (
        broker.connect() as connection,
        consume(connection, no_ack=True) as (messages, _),
    ):
        assert drain(connection, messages, 2) == [1, 2]
    assert broker.count() == (0, 0)


def test_queues_take_turns_and_priorities_go_first(broker):
    broker.publish("a1", "a2", queue="a", priority=0)
    broker.publish("b1", "b2", queue="b", priority=0)
    broker.publish("a9", queue="a", priority=9)
    with (
        broker.connect() as connection,
        consume(connection, "a", "b") as (messages, _),
    ):
        bodies = drain(connection, messages, 5)

    assert {*bodies[:2]} == {"a1", "b1"}
    assert bodies[-1] == "a9"  # kombu's priorities on Redis: 0 is the first


@pytest.mark.parametrize("queue", ["first", "second"])
def test_a_message_that_comes_while_nothing_is_there(broker, queue):
    with (
        broker.connect() as connection,
        consume(connection, "first", "second") as (messages, _),
    ):
        for _ in range(3):  # ask, wait, ask
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=0.3)
        broker.publish("late", queue=queue)

        assert drain(connection, messages, 1) == ["late"]
        messages[0].ack()
    assert broker.count(queue) == (0, 0)


def test_what_is_no_message_is_an_error_as_it_is_for_kombu(broker):
    broker.client.lpush(f"{broker.prefix}tasks", "nonsense")
    with (
        broker.connect() as connection,
        consume(connection) as (messages, _),
        pytest.raises(ValueError, match="Expecting value"),
    ):
        drain(connection, messages, 1)
    assert broker.count() == (0, 0)
