"""Engines that are not ours, in forked children: Flask-SQLAlchemy's, plain ones."""

import uuid

import pytest

from twopi_celery import create_celery, filesystem_broker

ENGINES = """
    import os, threading, traceback, warnings
    from contextlib import suppress

    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session, scoped_session, sessionmaker

    warnings.filterwarnings("ignore", "This process", DeprecationWarning)
    url, order = "%URL", "%ORDER"
    mine = "connection_id()" if "mysql" in url else "pg_backend_pid()"
    mine = text(f"SELECT {mine}")
    app = Flask("shop")
    app.config.update(SQLALCHEMY_DATABASE_URI=url, CELERY_BROKER_URL="memory://")
    db = SQLAlchemy(app)
    engine = create_engine(url, pool_pre_ping=True, pool_recycle=0)
    local = scoped_session(sessionmaker(engine))

    from twopi_celery import init_app

    if order == "first":
        init_app(app, set_as_current=False)
    used = set()
    with app.app_context():
        used.add(db.session.scalar(mine))
        db.session.remove()
        used.add(db.session.scalar(mine))  # and leaves it to the end of the context
    with engine.connect() as one, engine.connect() as other:
        used |= {one.scalar(mine), other.scalar(mine)}
    if order == "last":
        init_app(app, set_as_current=False)

    ready, forked = threading.Event(), threading.Event()
    still = []

    def in_a_thread():
        used.add(local.scalar(mine))
        ready.set()
        forked.wait(60)
        still.append(local.scalar(mine))
        local.remove()

    thread = threading.Thread(target=in_a_thread)
    thread.start()
    ready.wait(60)
    with app.app_context(), engine.connect() as open_one:
        kept = db.session.scalar(mine), open_one.scalar(mine)
        used |= set(kept)
        child = os.fork()
        if not child:
            try:
                db.session.remove()
                with suppress(Exception):
                    open_one.close()
                for _ in range(3):
                    with app.app_context():
                        assert db.session.scalar(mine) not in used
                    with engine.connect() as connection:
                        assert connection.scalar(mine) not in used
                    assert local.scalar(mine) not in used
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        print("child", os.waitpid(child, 0)[1])
        assert (db.session.scalar(mine), open_one.scalar(mine)) == kept
    forked.set()
    thread.join(60)
    print("parent", set(still) <= used, len(still))
"""


@pytest.mark.services
@pytest.mark.parametrize("order", ["first", "last"])
@pytest.mark.parametrize("server", ["postgres", "mariadb"])
def test_a_child_leaves_all_connections_of_its_parent_alone(
    server, order, run_python, request
):
    url = request.getfixturevalue(server)

    printed = run_python(ENGINES.replace("%URL", url).replace("%ORDER", order))

    assert printed == "child 0\nparent True 1\n"


def test_a_database_in_memory_stays_in_the_child(run_python):
    source = """
        import os
        from sqlalchemy import create_engine, text
        from twopi_celery import create_celery

        create_celery("shop", {"broker_url": "memory://"})
        engine = create_engine("sqlite://")
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE t (a)"))
        child = os.fork()
        if not child:
            with engine.connect() as connection:
                count = connection.scalar(text("SELECT count(*) FROM t"))
            os._exit(count)
        print(os.waitpid(child, 0)[1])
    """

    assert run_python(source) == "0\n"


SHOP = """
    from pathlib import Path

    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy
    from sqlalchemy import text

    from twopi_celery import filesystem_broker, init_app

    db = SQLAlchemy()
    app = Flask("shop")
    app.config.update(
        filesystem_broker(Path(__file__).parent / "queue"),
        SQLALCHEMY_DATABASE_URI={url!r},
    )
    db.init_app(app)
    celery = init_app(app)
    with app.app_context():  # as factories do that create tables or read flags
        db.session.execute(text("SELECT 1"))


    @celery.task
    def ask(first):
        for number in range(first, first + 100):
            seen = db.session.scalar(text(f"SELECT {{number}}"))
            assert seen == number, (seen, number)
            db.session.commit()
        return "right"
"""


@pytest.mark.services
@pytest.mark.parametrize("server", ["postgres", "mariadb"])
def test_workers_of_flask_sqlalchemy_read_their_own_rows(server, request, start_worker):
    source = SHOP.format(url=request.getfixturevalue(server))
    with start_worker(source, pool="prefork") as worker:
        settings = filesystem_broker(worker.folder / "queue")
        celery = create_celery(f"client-{uuid.uuid4()}", settings)
        sent = [celery.send_task("tasks.ask", [n * 1000]) for n in range(8)]

        assert {each.get(timeout=120, interval=0.05) for each in sent} == {"right"}
        worker.stop()
