import threading
import time
import warnings

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import SAWarning

from twopi_demo import seed
from twopi_demo.database import engine_of, session
from twopi_demo.models import Entry, User, heartbeats

API = "/api/v1"


def beat(app, age):
    """Let a worker have given its last sign of life *age* seconds ago."""
    row = {"worker": "w", "seen": time.time() - age}
    with app.app_context():
        session.execute(heartbeats.table.insert().values(row))
        session.commit()


def test_healthy(app):
    beat(app, 0)

    answer = app.test_client().get("/healthz")

    checks = {"broker": "ok", "database": "ok", "workers": "ok"}
    assert answer.json == {"status": "ok", "checks": checks}


@pytest.mark.parametrize("age", [None, 6])
def test_a_worker_that_is_silent_is_not_healthy(app, age):
    if age:
        beat(app, age)

    answer = app.test_client().get("/healthz")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    checks = {"broker": "ok", "database": "ok", "workers": "failed"}
    assert answer.json["checks"] == checks


def test_a_database_that_is_gone_is_not_healthy(app, tmp_path):
    with app.app_context():
        engine_of(session).dispose()
    (tmp_path / "punchcard.sqlite").unlink()
    (tmp_path / "punchcard.sqlite").mkdir()

    answer = app.test_client().get("/healthz")

    assert answer.json["checks"]["database"] == "failed"


@pytest.mark.parametrize("group", ["entries", "projects"])
def test_a_database_that_is_gone_is_503(app, ada, group):
    with app.app_context():
        session.execute(text(f"ALTER TABLE {group} RENAME TO gone"))
        session.commit()

    answer = ada.get(f"{API}/{group}")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.json == {"_errors": ["The database is not available."]}


def test_release(app, tmp_path, monkeypatch, make_app):
    (tmp_path / "version.txt").write_text("1.2.3")
    monkeypatch.chdir(tmp_path)

    assert make_app().test_client().get("/release").json == {"release": "1.2.3"}


def test_what_is_nowhere_is_json_too(app):
    answer = app.test_client().get("/nowhere")

    assert (answer.status_code, answer.json.keys()) == (404, {"_errors"})


def test_seeding_is_done_once_and_always_the_same(app, tmp_path):
    with app.app_context():
        before = session.execute(select(Entry.__table__)).all()
        seed.prepare(engine_of(session), 7)

        assert session.execute(select(Entry.__table__)).all() == before
        assert len(before) == 300


def test_seeding_that_is_interrupted_leaves_nothing(make_app, tmp_path, monkeypatch):
    app = make_app()
    monkeypatch.setattr(seed, "entries", lambda *_: 1 / 0)
    with app.app_context():
        for table in reversed(seed.Base.metadata.sorted_tables):
            session.execute(table.delete())
        session.commit()
        with pytest.raises(ZeroDivisionError):
            seed.prepare(engine_of(session), 10)

        assert session.scalar(select(func.count(User.id))) == 0


def test_writers_wait_for_each_other(app, log_in):
    """Many threads add entries at once; none is lost, none fails."""
    entry = {"project": 1, "started": "2030-01-01T00:00:00Z", "minutes": 1}
    clients = [log_in(name) for name in seed.PEOPLE]
    statuses = []

    def work(client):
        answers = [client.post(f"{API}/entries", json=entry) for _ in range(10)]
        statuses.extend(answer.status_code for answer in answers)

    threads = [threading.Thread(target=work, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [201] * 50
    assert (
        clients[0].get(f"{API}/entries?from=2030-01-01&offset=0").json["totalItems"]
        == 50
    )


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("group", ["entries", "projects"])
def test_what_is_deleted_while_it_is_changed_is_no_500(app, ada, method, group):
    data = {
        "entries": {"project": 1, "started": "2030-01-01T00:00:00Z", "minutes": 1},
        "projects": {"name": "Short", "hourlyRate": "1"},
    }[group]
    place = ada.post(f"{API}/{group}", json=data).headers["Location"]
    changed = data | {"minutes": 2} if group == "entries" else data | {"name": "x"}
    with app.app_context():
        table = seed.Base.metadata.tables[group]
        engine = engine_of(session)

        def delete_it(*_):
            with engine.begin() as other:
                other.execute(table.delete().where(table.c.id == table_id))

        table_id = int(place.rpartition("/")[2])
        event.listen(app.extensions["twopi_demo"], "before_flush", delete_it)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # it expected to delete a row
        answer = ada.open(place, method=method, json=changed)

    assert answer.status_code == (409 if method == "PUT" else 204)


ENTRY = {"project": 1, "started": "2030-01-01T02:00:00+02:00", "minutes": 1}
PROJECT = {"name": "Quay", "hourlyRate": "1.5"}
REPORT = {"project": 1, "month": "2025-03"}


@pytest.mark.parametrize("meanwhile", ["DELETE FROM {}", "UPDATE {} SET {} = 77"])
@pytest.mark.parametrize(
    ("method", "group", "body", "table", "column", "stored"),
    [
        ("POST", "entries", ENTRY, "entries", "minutes", {"minutes": 1}),
        ("PUT", "entries", ENTRY, "entries", "minutes", {"minutes": 1}),
        ("POST", "projects", PROJECT, "projects", "hourly_rate", {"name": "Quay"}),
        ("PUT", "projects", PROJECT, "projects", "hourly_rate", {"name": "Quay"}),
        ("POST", "reports", REPORT, "jobs", "count", {"state": "queued"}),
    ],
)
def test_a_write_is_answered_with_what_it_wrote(
    app, ada, meanwhile, method, group, body, table, column, stored
):
    """Whatever another request does to the row right after the commit."""
    place = f"{API}/{group}"
    if method == "PUT":
        place = ada.post(place, json=body).headers["Location"]
    with app.app_context():
        engine = engine_of(session)
    change = meanwhile.format(table, column)

    def meddle(_):
        with engine.begin() as other:
            other.execute(
                text(f"{change} WHERE rowid = (SELECT max(rowid) FROM {table})")
            )

    event.listen(app.extensions["twopi_demo"], "after_commit", meddle)

    answer = ada.open(place, method=method, json=body)

    assert answer.status_code in (200, 201, 202), answer.text
    assert stored.items() <= answer.json.items()
    assert 77 not in answer.json.values()
    if method == "POST":
        assert answer.headers["Location"].endswith(f"/{answer.json['id']}")


def test_only_the_owner_reads_the_data(make_app, tmp_path):
    """In a folder that others may read, and where files of theirs may be already."""
    tmp_path.chmod(0o755)
    for name in ("secret", "punchcard.sqlite-wal"):
        (tmp_path / name).write_text("s" * 43)
        (tmp_path / name).chmod(0o644)
    (tmp_path / "broker").mkdir(mode=0o755)

    app = make_app()
    beat(app, 0)

    open_to_others = [
        path.name for path in tmp_path.iterdir() if path.stat().st_mode & 0o077
    ]
    assert open_to_others == []


def test_two_applications_in_one_process_stay_apart(make_app, tmp_path):
    apps = [make_app(), make_app(SQLALCHEMY_DATABASE_URI="sqlite://")]

    with apps[0].app_context():
        assert session.scalar(select(func.count(Entry.id))) == 300
        first = engine_of(session)
    with apps[1].app_context():
        assert engine_of(session) is not first
