import gc
import weakref

import pytest
from celery import Celery, current_app
from sqlalchemy import text
from sqlalchemy.pool import NullPool, StaticPool

from twopi_celery import ConfigurationError, create_celery, create_db_session


@pytest.fixture
def create():
    """Make a session from settings; its engine is closed at the end."""
    sessions = []

    def create(**settings):
        celery = create_celery("shop", {"broker_url": "memory://", **settings})
        sessions.append(create_db_session(celery))
        return sessions[-1]

    yield create
    for session in sessions:
        session.remove()
        session.get_bind().dispose()


def pool_of(session):
    return session.get_bind().pool


def test_the_settings_are_used(tmp_path, create):
    session = create(
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/shop.db",
        SQLALCHEMY_POOL_RECYCLE="3600",
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 3, "echo": False},
    )

    assert session.execute(text("SELECT 1")).scalar() == 1
    assert session.get_bind().url.database == f"{tmp_path}/shop.db"
    assert pool_of(session).size() == 3
    assert pool_of(session)._recycle == 3600
    assert pool_of(session)._pre_ping is True
    session.remove()


@pytest.mark.parametrize("value", [None, 0, ""])
def test_recycling_is_off_by_default(value, create):
    session = create(SQLALCHEMY_DATABASE_URI="sqlite://", SQLALCHEMY_POOL_RECYCLE=value)

    assert pool_of(session)._recycle == -1


def test_the_options_win(create):
    session = create(
        SQLALCHEMY_DATABASE_URI="sqlite://",
        SQLALCHEMY_POOL_RECYCLE=60,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": False, "pool_recycle": 30},
    )

    assert (pool_of(session)._pre_ping, pool_of(session)._recycle) == (False, 30)


def test_a_pool_of_ones_own(create):
    pool = StaticPool(lambda: None)

    session = create(
        SQLALCHEMY_DATABASE_URI="sqlite://",
        SQLALCHEMY_POOL_RECYCLE=60,
        SQLALCHEMY_ENGINE_OPTIONS={"pool": pool},
    )

    assert pool_of(session) is pool


def test_a_class_of_pool(create):
    session = create(
        SQLALCHEMY_DATABASE_URI="sqlite://",
        SQLALCHEMY_ENGINE_OPTIONS={"poolclass": NullPool},
    )

    assert isinstance(pool_of(session), NullPool)


def test_autoflush_is_off(create):
    assert create(SQLALCHEMY_DATABASE_URI="sqlite://")().autoflush is False


def test_a_celery_that_is_not_ours():
    celery = Celery("shop", broker="memory://")
    celery.conf.SQLALCHEMY_DATABASE_URI = "sqlite://"
    session = create_db_session(celery)

    assert session.get_bind().url.drivername == "sqlite"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "SQLALCHEMY_DATABASE_URI"),
        ({"SQLALCHEMY_DATABASE_URI": None}, "SQLALCHEMY_DATABASE_URI"),
        ({"SQLALCHEMY_DATABASE_URI": "s3cret"}, "SQLALCHEMY_DATABASE_URI"),
        ({"SQLALCHEMY_DATABASE_URI": 5}, "SQLALCHEMY_DATABASE_URI"),
        ({"SQLALCHEMY_DATABASE_URI": "x://u:s3cret@h:p"}, "SQLALCHEMY_DATABASE_URI"),
        ({"SQLALCHEMY_POOL_RECYCLE": "1h"}, "SQLALCHEMY_POOL_RECYCLE"),
        ({"SQLALCHEMY_POOL_RECYCLE": True}, "SQLALCHEMY_POOL_RECYCLE"),
        ({"SQLALCHEMY_POOL_RECYCLE": 1.5}, "SQLALCHEMY_POOL_RECYCLE"),
        ({"SQLALCHEMY_ENGINE_OPTIONS": "echo"}, "SQLALCHEMY_ENGINE_OPTIONS"),
    ],
)
def test_settings_that_cannot_be_used(settings, name, create):
    if name != "SQLALCHEMY_DATABASE_URI":
        settings = {"SQLALCHEMY_DATABASE_URI": "sqlite://", **settings}

    with pytest.raises(ConfigurationError, match=name) as caught:
        create(**settings)

    assert caught.value.settings == (name,)
    assert "s3cret" not in repr(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_discarded_session_is_collected():
    settings = {"broker_url": "memory://", "SQLALCHEMY_DATABASE_URI": "sqlite://"}
    session = create_db_session(create_celery("shop", settings))
    engine = session.get_bind()
    session.execute(text("SELECT 1"))
    gone = [weakref.ref(each) for each in (session, session(), engine)]

    session.remove()
    engine.dispose()
    del session, engine
    gc.collect()

    assert [ref() for ref in gone] == [None, None, None]


def test_an_eager_task_leaves_the_session_of_its_caller_alone(create):
    session = create(SQLALCHEMY_DATABASE_URI="sqlite://", CELERY_TASK_ALWAYS_EAGER=True)

    @current_app.task
    def use():
        return session.execute(text("SELECT 1")).scalar()

    mine = session()
    mine.begin()

    assert use.delay().get() == use.apply().get() == 1
    assert session() is mine
    assert mine.in_transaction()
