"""Forks, in processes of their own; the workers' tests fork inside of tasks."""

import pytest
from celery.app.trace import build_tracer
from sqlalchemy import event, text

from twopi_celery import create_celery, create_db_session

SCRIPT = """
    import gc, multiprocessing, os, threading, traceback, warnings

    from sqlalchemy import text

    from twopi_celery import create_celery, create_db_session

    warnings.filterwarnings("ignore", "This process", DeprecationWarning)
    settings = {"broker_url": "memory://", "SQLALCHEMY_DATABASE_URI": "URL"}
    session = create_db_session(create_celery("shop", settings))
    table = f"twopi_celery_fork_{os.getpid()}"


    def in_child(function):
        child = os.fork()
        if child:
            assert os.waitpid(child, 0)[1] == 0, "the child failed"
        else:
            try:
                function()
                gc.collect()
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)


    def add():
        session.execute(text(f"INSERT INTO {table} VALUES (1)"))


    def count():
        return session.execute(text(f"SELECT count(*) FROM {table}")).scalar()


    def expect(number):
        assert count() == number, (count(), number)
        session.remove()


    def add_and_commit():
        add()
        session.commit()
        session.remove()


    def idle():
        in_child(add_and_commit)
        in_child(add_and_commit)
        expect(2)


    def in_a_transaction():
        add()
        in_child(lambda: expect(0))
        assert count() == 1
        session.commit()
        in_child(lambda: expect(1))


    def in_the_transaction_of_another_thread():
        ready, forked, seen = threading.Event(), threading.Event(), []

        def other():
            add()
            ready.set()
            forked.wait(30)
            seen.append(count())
            session.commit()
            session.remove()

        thread = threading.Thread(target=other)
        thread.start()
        ready.wait(30)
        in_child(lambda: expect(0))
        forked.set()
        thread.join(30)
        assert seen == [1], seen
        expect(1)


    def with_multiprocessing():
        expect(0)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            for _ in range(4):
                pool.apply(add_and_commit)
        expect(4)


    def in_a_grandchild():
        session.execute(text("SELECT 1"))
        in_child(lambda: in_child(add_and_commit))
        expect(1)


    cases = [idle, in_a_transaction, in_the_transaction_of_another_thread]
    cases += [with_multiprocessing, in_a_grandchild]
    session.execute(text(f"CREATE TABLE {table} (a INTEGER)"))
    session.commit()
    try:
        for case in cases:
            session.execute(text(f"DELETE FROM {table}"))
            session.commit()
            case()
            session.remove()
            print(case.__name__)
    finally:
        session.remove()
        session.execute(text(f"DROP TABLE {table}"))
        session.commit()
"""

CASES = """\
idle
in_a_transaction
in_the_transaction_of_another_thread
with_multiprocessing
in_a_grandchild
"""


def test_forks_with_sqlite(run_python, tmp_path):
    assert run_python(SCRIPT.replace("URL", f"sqlite:///{tmp_path}/shop.db")) == CASES


@pytest.mark.services
def test_forks_with_postgresql(run_python, postgres):
    assert run_python(SCRIPT.replace("URL", postgres)) == CASES


@pytest.mark.services
def test_forks_with_mariadb(run_python, mariadb):
    assert run_python(SCRIPT.replace("URL", mariadb)) == CASES


def test_sessions_discarded_before_a_fork_do_no_harm(run_python):
    source = """
        import gc, os
        from twopi_celery import create_celery, create_db_session
        from twopi_celery.database import fork, session_end

        settings = {"broker_url": "memory://", "SQLALCHEMY_DATABASE_URI": "sqlite://"}
        celery = create_celery("shop", settings)
        for _ in range(3):
            create_db_session(celery)()
        gc.collect()
        child = os.fork()
        if not child:
            os._exit(len(session_end._scopes))
        print(os.waitpid(child, 0)[1], fork._in_use, fork._parents)
    """

    assert run_python(source) == "0 [] []\n"


def test_a_session_that_cannot_be_closed_is_dropped_and_the_others_end(caplog):
    settings = {"broker_url": "memory://", "SQLALCHEMY_DATABASE_URI": "sqlite://"}
    celery = create_celery("shop", settings, set_as_current=False)
    first, second = create_db_session(celery), create_db_session(celery)

    @celery.task(shared=False, ignore_result=True)
    def use():
        first.execute(text("SELECT 1"))
        second.execute(text("SELECT 1"))
        event.listen(first(), "after_transaction_end", fail)

    def fail(session, transaction):
        raise RuntimeError("no end")

    build_tracer(use.name, use, app=celery)("1", (), {}, {})

    assert (first.registry.has(), second.registry.has()) == (False, False)
    assert f"A session could not be closed after {use.name}" in caplog.text
    for session in (first, second):
        session.get_bind().dispose()
