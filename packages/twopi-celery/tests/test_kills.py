"""Workers killed with -9 while they work, and brokers that go away.

TWOPI_CELERY_TASKS is how many tasks a round has: 30 unless set. If it is set there are
rounds without an outage of the broker too.
"""

import os
import random
import signal
import socket
import time
import uuid
from collections import Counter
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from kombu import pools
from sqlalchemy import create_engine, text

from twopi_celery import create_celery

pytestmark = pytest.mark.services

COUNT = int(os.environ.get("TWOPI_CELERY_TASKS", "30"))
AWAY = [False, True] if "TWOPI_CELERY_TASKS" in os.environ else [True]

PAYMENTS = """
    import os
    import time

    from sqlalchemy import text

    from twopi_celery import create_celery, create_db_session, reliable

    celery = reliable(create_celery("tasks", {settings!r}))
    session = create_db_session(celery)
    TABLE = {table!r}


    @celery.task(bind=True)
    def pay(self):
        key = {{"key": self.request.id}}
        session.execute(text(f"INSERT INTO {{TABLE}}_runs VALUES (:key)"), key)
        session.commit()
        time.sleep(0.1)
        once = text(f"INSERT INTO {{TABLE}}_paid VALUES (:key) ON CONFLICT DO NOTHING")
        if session.execute(once, key).rowcount:
            session.execute(text(f"UPDATE {{TABLE}}_total SET total = total + 1"))
        session.execute(text(f"INSERT INTO {{TABLE}}_ends VALUES (:key)"), key)
        session.commit()
"""


class Bank:
    """What the tasks have done, in a real database."""

    def __init__(self, url):
        self.table = f"kills_{uuid.uuid4().hex[:12]}"
        self.engine = create_engine(url)
        with self.engine.begin() as connection:
            for name, column in [
                ("runs", "key TEXT"),
                ("ends", "key TEXT"),
                ("paid", "key TEXT PRIMARY KEY"),
                ("total", "total INTEGER"),
            ]:
                sql = f"CREATE TABLE {self.table}_{name} ({column})"
                connection.execute(text(sql))
            connection.execute(text(f"INSERT INTO {self.table}_total VALUES (0)"))

    def read(self, name):
        with self.engine.connect() as connection:
            return list(connection.scalars(text(f"SELECT * FROM {self.table}_{name}")))

    def close(self):
        with self.engine.begin() as connection:
            for name in ("runs", "ends", "paid", "total"):
                connection.execute(text(f"DROP TABLE {self.table}_{name}"))
        self.engine.dispose()


@pytest.fixture
def bank(postgres):
    with closing(Bank(postgres)) as bank:
        yield bank


def children(pid):
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


@contextmanager
def queue_of(settings):
    """A client; what it leaves at the broker is removed."""
    celery = create_celery("client", settings, set_as_current=False)
    try:
        yield celery
    finally:
        with celery.connection() as connection:
            connection.default_channel.queue_delete(settings["task_default_queue"])
        pools.reset()


@pytest.fixture(params=["rabbitmq", "redis"])
def broker(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("broker_is_away", AWAY)
def test_no_task_is_lost(broker, broker_is_away, postgres, bank, start_worker, proxy):
    settings = {
        "task_default_queue": f"twopi_celery_{uuid.uuid4().hex}",
        "task_ignore_result": True,
    }
    if broker.startswith("redis"):
        settings["broker_transport_options"] = {
            "visibility_timeout": 5,
            "unacked_restore_interval": 1,
        }
    direct = settings | {"broker_url": broker}
    through = settings | {
        "broker_url": proxy.url(broker),
        "SQLALCHEMY_DATABASE_URI": postgres,
    }
    source = PAYMENTS.format(settings=through, table=bank.table)
    chance = random.Random(7)
    killed = Counter()
    with queue_of(direct) as client:
        sent = {client.send_task("tasks.pay").id for _ in range(COUNT)}
        marks = [COUNT // 4, COUNT * 3 // 4]  # of the whole worker's deaths
        cuts = [COUNT // 2] if broker_is_away else []
        deadline = time.monotonic() + 120 + 2 * COUNT
        done = 0
        while done < COUNT:
            with start_worker(source, "prefork") as worker:
                tick = 0
                while done < COUNT and not (marks and done >= marks[0]):
                    assert time.monotonic() < deadline, (killed, done)
                    assert worker.process.poll() is None, worker.log.read_text()
                    if cuts and done >= cuts[0]:
                        del cuts[0]
                        proxy.cut(2)
                        killed["connections"] += 1
                    if time.monotonic() > tick + 1 and (
                        pids := children(worker.process.pid)
                    ):
                        tick = time.monotonic()
                        os.kill(chance.choice(pids), signal.SIGKILL)
                        killed["children"] += 1
                    time.sleep(0.05)
                    done = len(set(bank.read("ends")))
            if marks and done >= marks[0]:  # leaving the block has killed it
                del marks[0]
                killed["workers"] += 1

    runs, ends = Counter(bank.read("runs")), Counter(bank.read("ends"))
    figures = f"{COUNT} tasks: {runs.total()} runs, {ends.total()} ends; killed: "
    print(figures, dict(killed))  # noqa: T201 - seen with pytest -rP
    assert killed["workers"] == 2
    assert killed["children"] >= max(2, COUNT // 50)
    assert set(ends) == sent, "tasks are lost"
    assert bank.read("total") == [COUNT], "an effect is missing, or there twice"


FRAGILE = """
    import os
    import signal
    import time
    from pathlib import Path

    from twopi_celery import create_celery, reliable

    celery = reliable(create_celery("tasks", {settings!r}))
    early = {{"acks_late": False, "reject_on_worker_lost": False}}
    late = {{"acks_late": True, "reject_on_worker_lost": False}}


    def note(event, kind):
        path = Path({folder!r}, f"{{kind}} {{event}}")
        with path.open("a") as file:
            file.write("x")
        return path.stat().st_size


    def work(kind, fault):
        if note("start", kind) == 1:
            if fault == "child":
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)
        note("end", kind)


    for kind, options in (("default", early), ("acks_late", late), ("reliable", {{}})):
        celery.task(work, name=f"tasks.{{kind}}", shared=False, **options)
"""


@pytest.mark.parametrize("fault", ["child", "worker"])
def test_what_each_setting_saves(broker, fault, tmp_path, start_worker, wait_for):
    """This is the table in docs/howto/do-not-lose-tasks.md."""
    settings = {
        "broker_url": broker,
        "task_default_queue": f"twopi_celery_{uuid.uuid4().hex}",
        "task_ignore_result": True,
        "task_time_limit": 20,
    }
    if broker.startswith("redis"):
        # It can take billiard seconds to see that a child has died.
        settings["task_time_limit"] = 10
        settings["broker_transport_options"] = {
            "visibility_timeout": 11,
            "unacked_restore_interval": 1,
        }
    source = FRAGILE.format(settings=settings, folder=str(tmp_path))
    kinds = ["default", "acks_late", "reliable"]
    saved = {"child": {"reliable"}, "worker": {"acks_late", "reliable"}}[fault]

    def count(kind, event):
        path = tmp_path / f"{kind} {event}"
        return path.stat().st_size if path.exists() else 0

    def seen_to_die(worker):
        return worker.log.read_text().count("exited with 'signal 9")

    with queue_of(settings) as client:
        with start_worker(source, "prefork", 3) as worker:
            for deaths, kind in enumerate(kinds, 1):
                client.send_task(f"tasks.{kind}", [kind, fault])
                wait_for(lambda kind=kind: count(kind, "start"))
                if fault == "child":
                    wait_for(lambda deaths=deaths: seen_to_die(worker) >= deaths)
            if fault == "child":
                wait_for(lambda: count("reliable", "end"))
                worker.stop()
        if fault == "worker":  # leaving the block has killed it
            with start_worker(source, "prefork", 3) as worker:
                wait_for(lambda: all(count(kind, "end") for kind in saved))
                worker.stop()
        with client.connection() as connection:
            queue = settings["task_default_queue"]
            left = connection.default_channel.queue_purge(queue)

    assert left == 0
    assert {kind: count(kind, "start") for kind in kinds} == {
        kind: 1 + (kind in saved) for kind in kinds
    }
    assert {kind for kind in kinds if count(kind, "end")} == saved


TOGETHER = """
    import time
    from pathlib import Path

    from celery.concurrency.asynpool import AsynPool
    from celery.signals import task_received

    from twopi_celery import create_celery, reliable

    # It looks for deaths every five seconds. This one never does: it stands for a limit
    # that passes in between.
    AsynPool.timers = {{}}
    celery = reliable(create_celery("tasks", {settings!r}))
    folder = Path({folder!r})


    @celery.task
    def work(number):
        path = folder / f"{{number}}.runs"
        with path.open("a") as file:
            file.write("x")
        while path.stat().st_size == 1:
            time.sleep(0.1)
        (folder / f"{{number}}.ends").touch()


    @celery.task
    def keep_busy():
        pass


    @task_received.connect
    def wait(request, **_):
        if request.name == "tasks.keep_busy":
            (folder / "busy").touch()
            while not (folder / "go").exists():
                time.sleep(0.1)
"""


@pytest.mark.parametrize(
    ("seen", "limit"),
    [("at once", 100), ("at the time limit", 15)],
    ids=["at once", "at the time limit"],
)
def test_children_that_are_killed_together(
    broker, seen, limit, tmp_path, start_worker, wait_for
):
    """A worker that is busy may see deaths no earlier than the tasks' time limits."""
    settings = {
        "broker_url": broker,
        "task_default_queue": f"twopi_celery_{uuid.uuid4().hex}",
        "task_ignore_result": True,
        "task_time_limit": limit,
        "worker_prefetch_multiplier": 2,
    }
    source = TOGETHER.format(settings=settings, folder=str(tmp_path))

    def sizes(suffix):
        return [path.stat().st_size for path in tmp_path.glob(f"*.{suffix}")]

    with queue_of(settings) as client, start_worker(source, "prefork", 3) as worker:
        node = f"{worker.folder.name}-{os.getpid()}@{socket.gethostname()}"
        inspect = client.control.inspect([node], timeout=1, limit=1)

        def working():
            tasks = (inspect.active() or {}).get(node, [])
            return [task["worker_pid"] for task in tasks if task["worker_pid"]]

        for number in range(3):
            client.send_task("tasks.work", [number])
        wait_for(lambda: len(sizes("runs")) == 3)
        wait_for(lambda: len(working()) == 3)
        pids = working()
        accepted = time.monotonic()
        if seen == "at the time limit":
            client.send_task("tasks.keep_busy")
            wait_for((tmp_path / "busy").exists)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        if seen == "at the time limit":
            wait_for(lambda: time.monotonic() > accepted + limit + 1)
            (tmp_path / "go").touch()
        wait_for(lambda: len(sizes("ends")) == 3)
        worker.stop()
        with client.connection() as connection:
            queue = settings["task_default_queue"]
            left = connection.default_channel.queue_purge(queue)

    assert len(pids) == 3
    assert left == 0
    assert sizes("runs") == [2, 2, 2]
    assert "Hard time limit" not in worker.log.read_text()
