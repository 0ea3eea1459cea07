import shutil

import pytest
from kombu import Connection, Exchange, Queue
from kombu.exceptions import ChannelError

from twopi_celery import filesystem_broker


def connect(folder):
    settings = filesystem_broker(folder)
    return Connection(
        settings["broker_url"],
        transport=settings["broker_transport"],
        transport_options=settings["broker_transport_options"],
    )


RACE = """
    import json, multiprocessing, queue, sys
    from kombu import Connection
    from twopi_celery import filesystem_broker

    MESSAGES = 300


    def connect():
        settings = filesystem_broker("queue")
        return Connection(
            settings["broker_url"],
            transport=settings["broker_transport"],
            transport_options=settings["broker_transport_options"],
        )


    def produce(number, start):
        start.wait(30)
        with connect() as connection:
            orders = connection.SimpleQueue("orders")
            for index in range(MESSAGES):
                orders.put([number, index])


    def consume(start, missing, answers):
        start.wait(30)
        taken = []
        with connect() as connection:
            channel = connection.channel()
            while missing.value > 0:
                try:
                    message = channel._get("orders")
                except queue.Empty:
                    continue
                taken.append(message["body"])
                with missing.get_lock():
                    missing.value -= 1
        answers.put(taken)


    if __name__ == "__main__":
        spawn = multiprocessing.get_context("spawn")
        start, answers = spawn.Barrier(4), spawn.Queue()
        missing = spawn.Value("i", 2 * MESSAGES)
        arguments = [(produce, (0, start)), (produce, (1, start))]
        arguments += [(consume, (start, missing, answers))] * 2
        processes = [
            spawn.Process(target=target, args=args, daemon=True)
            for target, args in arguments
        ]
        for process in processes:
            process.start()
        taken = answers.get(timeout=40) + answers.get(timeout=40)
        for process in processes:
            process.join(20)
        print(len(taken), len(set(taken)), [each.exitcode for each in processes])
"""


def test_several_processes_lose_and_double_nothing(run_python, tmp_path):
    assert run_python(RACE) == "600 600 [0, 0, 0, 0]\n"
    assert not list((tmp_path / "queue" / "data").iterdir())
    assert not list((tmp_path / "queue" / "processed").iterdir())


def test_messages_come_in_order(tmp_path):
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("orders")
        for number in range(20):
            queue.put(number)

        assert [queue.get(timeout=5).payload for _ in range(20)] == list(range(20))


def test_a_queue_whose_name_ends_alike_is_another_queue(tmp_path):
    with connect(tmp_path) as connection:
        connection.SimpleQueue("paid.orders").put(1)
        orders = connection.SimpleQueue("orders")

        with pytest.raises(orders.Empty):
            orders.get(block=False)


def test_what_is_no_message_is_put_aside(tmp_path, caplog):
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("orders")
        (tmp_path / "data" / "00_x.orders.msg").write_text('{"body"')
        queue.put("good")

        assert queue.get(timeout=5).payload == "good"
    assert "00_x.orders.msg is no message" in caplog.text
    assert (tmp_path / "processed" / "00_x.orders.msg").exists()


def test_a_folder_that_is_gone_is_an_error_of_the_broker(tmp_path):
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("orders")
        (tmp_path / "data").rmdir()

        with pytest.raises(ChannelError, match="Cannot add a message to orders"):
            queue.put(1)
        shutil.rmtree(tmp_path / "control")
        with pytest.raises(ChannelError, match=f"{tmp_path}/control of the broker"):
            queue.put(1)
    assert not list((tmp_path / "processed").iterdir())


def test_a_broadcast_reaches_each_queue(tmp_path):
    news = Exchange("news", type="fanout")
    with connect(tmp_path) as connection:
        channel = connection.channel()
        first, second = (Queue(name, news, channel=channel) for name in ("a", "b"))
        first.declare()
        second.declare()

        connection.Producer(exchange=news).publish(1)

        assert [first.get().payload, second.get().payload] == [1, 1]


# Queues that belong to one process


def mailbox(connection, name):
    """Bind a queue that expires to a fanout exchange, as Celery does for pings."""
    news = Exchange("news", type="fanout")
    queue = Queue(name, news, channel=connection.channel(), expires=10)
    queue.declare()
    return queue


def files(folder):
    return sorted(path.name.partition(".")[2] for path in folder.iterdir())


def test_nothing_is_kept_for_a_process_that_is_gone(tmp_path, run_python):
    killed = """
        import os, sys
        from kombu import Connection, Exchange, Queue
        from twopi_celery import filesystem_broker

        settings = filesystem_broker("FOLDER")
        connection = Connection(
            settings["broker_url"],
            transport=settings["broker_transport"],
            transport_options=settings["broker_transport_options"],
        )
        Queue(
            "gone",
            Exchange("news", type="fanout"),
            channel=connection.channel(),
            expires=10,
        ).declare()
        connection.Producer(exchange=Exchange("news", type="fanout")).publish("old")
        sys.stdout.flush()
        os._exit(0)
    """
    run_python(killed.replace("FOLDER", str(tmp_path / "queue")))
    data, control = tmp_path / "queue" / "data", tmp_path / "queue" / "control"
    assert files(data) == ["gone.msg"]

    with connect(tmp_path / "queue") as connection:
        queue = mailbox(connection, "alive")
        connection.Producer(exchange=queue.exchange).publish("new")

        assert files(data) == ["alive.msg"]
        assert not (control / "gone.user").exists()
        assert queue.get().payload == "new"
        connection.Producer(exchange=queue.exchange).publish("too late")
        mailbox(connection, "deleted").delete()

    assert files(data) == []
    assert files(control) == [""]  # the lock


def test_a_queue_for_tasks_stays_without_a_process(tmp_path):
    with connect(tmp_path) as connection:
        connection.SimpleQueue("orders").put(1)
    with connect(tmp_path) as connection:
        mailbox(connection, "alive")
        assert connection.SimpleQueue("orders").get(timeout=5).payload == 1
