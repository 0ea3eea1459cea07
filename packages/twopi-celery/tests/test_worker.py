"""Real workers in processes of their own, over files."""

import signal

import pytest

from twopi_celery import create_celery, filesystem_broker

TASKS = """
    import os
    from pathlib import Path

    import flask
    from celery import Task
    from sqlalchemy import text

    from twopi_celery import create_db_session, filesystem_broker, init_app

    here = Path(__file__).parent
    app = flask.Flask("shop")
    app.config.update(filesystem_broker(here / "queue"))
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{here}/shop.db"
    celery = init_app(app)
    app.app_context().push()  # as some applications do; no task may share it
    torn = open(here / "torn", "a", buffering=1)  # shared by all processes of a pool
    app.teardown_appcontext(lambda error: print(repr(error), file=torn))
    session = create_db_session(celery)
    archive = create_db_session(celery)
    session.execute(text("CREATE TABLE IF NOT EXISTS item (name TEXT)"))
    session.commit()


    @celery.task
    def add(a, b):
        return a + b


    @celery.task
    def insert(name, commit):
        session.execute(text("INSERT INTO item VALUES (:name)"), {"name": name})
        archive.execute(text("SELECT 1"))
        if commit:
            session.commit()


    @celery.task
    def fail(name):
        insert(name, False)
        raise LookupError(name)


    @celery.task
    def poison():
        session.execute(text("SELECT nonsense"))


    @celery.task
    def count(name):
        return session.execute(
            text("SELECT count(*) FROM item WHERE name = :name"), {"name": name}
        ).scalar()


    @celery.task
    def leftovers():
        return session.registry.has(), archive.registry.has()


    @celery.task
    def call_eagerly(name):
        insert.apply((name, False), throw=True)
        kept = session.registry.has()
        session.commit()
        return kept


    @celery.task
    def fork_and_use():
        session.execute(text("SELECT 1"))
        mine = session()
        read, write = os.pipe()
        child = os.fork()
        if not child:
            try:
                other = session() is not mine
                ok = session.execute(text("SELECT 2")).scalar() == 2
                os.write(write, b"1" if ok and other else b"0")
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        return [os.read(read, 1).decode(), mine.in_transaction(), session() is mine]


    class ShopTask(Task):
        def before_start(self, task_id, args, kwargs):
            flask.g.started = flask.current_app.name


    @celery.task(base=ShopTask)
    def look():
        flask.g.calls = flask.g.get("calls", 0) + 1
        return [flask.current_app.name, flask.g.started, flask.g.calls]
"""


@pytest.fixture(scope="module", params=["solo", "prefork", "threads"])
def worker(request, start_worker):
    with start_worker(TASKS, request.param) as worker:
        yield worker


@pytest.fixture
def celery(worker):
    return create_celery("client", filesystem_broker(worker.folder / "queue"))


def test_a_task_runs_and_answers(worker, celery):
    assert worker.run(celery, "add", 2, 3) == 5


def test_what_is_committed_stays(worker, celery):
    worker.run(celery, "insert", "committed", True)

    assert worker.run(celery, "count", "committed") == 1


def test_what_is_not_committed_does_not_leak_into_the_next_task(worker, celery):
    worker.run(celery, "insert", "forgotten", False)
    worker.run(celery, "insert", "other", True)

    assert worker.run(celery, "count", "forgotten") == 0


def test_a_failed_task_does_not_poison_the_next(worker, celery):
    for _ in range(3):
        with pytest.raises(LookupError, match="lost"):
            worker.run(celery, "fail", "lost")
        with pytest.raises(Exception, match="nonsense"):
            worker.run(celery, "poison")

    for _ in range(3):
        worker.run(celery, "insert", "after", True)
    assert worker.run(celery, "count", "lost") == 0
    assert worker.run(celery, "count", "after") == 3


def test_all_sessions_are_removed_after_a_task(worker, celery):
    for _ in range(3):
        worker.run(celery, "insert", "any", False)

    for _ in range(3):
        assert worker.run(celery, "leftovers") == [False, False]


def test_an_eager_task_in_a_task_shares_its_session(worker, celery):
    assert worker.run(celery, "call_eagerly", "eager") is True
    assert worker.run(celery, "count", "eager") == 1


def test_a_fork_in_a_task(worker, celery):
    assert worker.run(celery, "fork_and_use") == ["1", True, True]


def test_each_task_has_a_flask_context_of_its_own(worker, celery):
    for _ in range(3):
        assert worker.run(celery, "look") == ["shop", "shop", 1]


def test_the_end_of_a_context_knows_the_error(worker, celery, wait_for):
    with pytest.raises(LookupError):
        worker.run(celery, "fail", "lost")

    torn = worker.folder / "torn"
    assert wait_for(lambda: "LookupError('lost')" in torn.read_text().splitlines())


def test_a_worker_that_ends_leaves_no_process_and_no_task_behind(start_worker):
    with start_worker(TASKS, "prefork") as worker:
        queue = worker.folder / "queue"
        celery = create_celery("client", filesystem_broker(queue))
        assert worker.run(celery, "add", 1, 1) == 2

        worker.stop(signal.SIGTERM)
        waiting = celery.send_task("tasks.add", (20, 22))

    elsewhere = TASKS.replace('here / "queue"', repr(str(queue)))
    with start_worker(elsewhere, "prefork") as worker:
        assert waiting.get(timeout=120, interval=0.05) == 42

        # Not SIGKILL: over files the children share a lock, which one may keep.
        worker.stop(signal.SIGINT)
