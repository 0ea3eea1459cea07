"""A worker proves that it consumes: by heartbeats, by pings, and by a file."""

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.orm import scoped_session, sessionmaker

from twopi_celery import (
    Heartbeats,
    Outbox,
    Sign,
    WorkerState,
    check,
    create_celery,
    create_db_session,
    filesystem_broker,
)

WORKER = """
    from pathlib import Path
    from sqlalchemy import MetaData
    from twopi_celery import (
        Heartbeats, create_celery, create_db_session, filesystem_broker
    )

    here = Path(__file__).parent
    settings = filesystem_broker(here / "queue")
    settings["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{here}/shop.db"
    celery = create_celery("tasks", settings)
    session = create_db_session(celery)
    metadata = MetaData()
    heartbeats = Heartbeats(metadata)
    metadata.create_all(session.get_bind())
    heartbeats.install(celery, session)
"""


@pytest.mark.parametrize("pool", ["solo", "prefork"])
def test_each_worker_is_asked_for_itself(pool, start_worker, tmp_path, wait_for):
    file = tmp_path / "alive"
    with start_worker(WORKER, pool, options=["--touch", str(file)]) as worker:
        settings = filesystem_broker(worker.folder / "queue")
        settings["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{worker.folder}/shop.db"
        celery = create_celery("client", settings, set_as_current=False)
        session = create_db_session(celery)
        heartbeats = Heartbeats(MetaData())
        wait_for(lambda: heartbeats.alive(session))
        wait_for(file.exists)

        [sign] = heartbeats.signs(session)
        assert sign.worker == f"{worker.name}/{worker.process.pid}"
        assert (sign.state.broker, sign.state.running, sign.consumes) == (True, 0, True)
        for found in ({"heartbeats": heartbeats}, {}):
            report = check(celery, session, worker=worker.name, timeout=20, **found)
            assert report.ok, report
            dead = "dead@host"
            report = check(celery, session, worker=dead, timeout=4, **found)
            assert not report.ok
        worker.stop()
        assert not file.exists()
        assert heartbeats.alive(session) == []
        session.remove()
        session.get_bind().dispose()


def test_a_worker_that_lives_and_does_not_consume_is_not_counted(tmp_path):
    settings = {"broker_url": "memory://"}
    settings["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/shop.db"
    celery = create_celery("shop", settings, set_as_current=False)
    session = create_db_session(celery)
    metadata = MetaData()
    heartbeats = Heartbeats(metadata, clock=lambda: 1000.0)
    metadata.create_all(session.get_bind())
    fine = WorkerState(broker=True, polled=0.5, running=0, waiting=0.0)
    busy = WorkerState(broker=True, polled=400.0, running=1, waiting=3.0)
    stuck = WorkerState(broker=True, polled=31.0, running=0, waiting=0.0)
    cut = WorkerState(broker=False, polled=0.5, running=1, waiting=0.0)
    states = {"a@h/1": fine, "b@h/1": busy, "c@h/1": stuck, "d@h/1": cut, "e@h/1": None}
    for name, state in states.items():
        heartbeats.beat(session, name, state)

    assert heartbeats.signs(session)[1] == Sign("b@h/1", 0.0, busy)
    assert [sign.consumes for sign in heartbeats.signs(session)] == [1, 1, 0, 0, 1]
    report = check(celery, session, workers=3, heartbeats=heartbeats, timeout=20)
    assert report.findings[-1].detail == (
        "a@h/1, b@h/1, e@h/1; not consuming: c@h/1, d@h/1"
    )
    assert report.ok
    assert not check(
        celery, session, worker="c@h", heartbeats=heartbeats, timeout=20
    ).ok
    session.remove()
    session.get_bind().dispose()


def test_a_table_of_an_earlier_version_goes_on(caplog):
    engine = create_engine("sqlite://")
    session = scoped_session(sessionmaker(engine))
    metadata = MetaData()
    heartbeats = Heartbeats(metadata)
    metadata.create_all(engine)
    with engine.begin() as connection:
        name = heartbeats.table.name
        connection.execute(text(f"ALTER TABLE {name} DROP COLUMN state"))

    heartbeats.beat(session, "w", WorkerState(True, 0.0, 0, 0.0))

    assert heartbeats.alive(session) == ["w"]
    assert "lacks the column state" in caplog.text
    engine.dispose()


def test_tables_of_another_database_of_flask_sqlalchemy(tmp_path):
    app = Flask("shop")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/a.db"
    app.config["SQLALCHEMY_BINDS"] = {"other": f"sqlite:///{tmp_path}/b.db"}
    db = SQLAlchemy(app)
    metadata = MetaData(info={"bind_key": "other"})
    db.metadatas["other"] = metadata
    outbox, heartbeats = Outbox(metadata), Heartbeats(metadata)
    assert Heartbeats(db, "here").table.metadata is db.metadata
    celery = create_celery("shop", {"broker_url": "memory://"}, set_as_current=False)
    with app.app_context():
        db.create_all()
        outbox.delay(db.session, celery.signature("do"))
        db.session.commit()
        assert outbox.backlog(db.session).pending == 1
        heartbeats.beat(db.session, "w")
        assert heartbeats.alive(db.session) == ["w"]
        heartbeats.end(db.session, "w")
        assert heartbeats.alive(db.session) == []
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.mark.services
def test_heartbeats_with_safe_updates(mariadb):
    arguments = {"init_command": "SET sql_safe_updates=1"}
    engine = create_engine(mariadb, connect_args=arguments)
    session = scoped_session(sessionmaker(engine))
    metadata = MetaData()
    now = [1000.0]
    heartbeats = Heartbeats(metadata, "safe_heartbeats", clock=lambda: now[0])
    metadata.drop_all(engine)
    metadata.create_all(engine)
    heartbeats.beat(session, "old")
    now[0] += 4000

    heartbeats.beat(session, "new")

    with engine.connect() as connection:
        rows = connection.execute(heartbeats.table.select()).all()
    assert [row.worker for row in rows] == ["new"]
    metadata.drop_all(engine)
    engine.dispose()
