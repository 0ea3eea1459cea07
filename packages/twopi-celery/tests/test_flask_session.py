"""A session ends with the last Flask context of its thread, not with an inner one."""

import flask
import pytest
from sqlalchemy import text

from twopi_celery import create_celery, create_db_session, init_app


@pytest.fixture(params=["init_app first", "session first"])
def shop(request, tmp_path):
    app = flask.Flask("shop")
    app.config.update(
        CELERY_BROKER_URL="memory://",
        CELERY_TASK_ALWAYS_EAGER=True,
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/shop.db",
    )
    celery = create_celery("shop", app.config, set_as_current=False)
    if request.param == "init_app first":
        init_app(app, celery)
        session = create_db_session(celery)
    else:
        session = create_db_session(celery)
        init_app(app, celery)

    @celery.task(shared=False)
    def touch():
        session.execute(text("SELECT 1"))

    @app.get("/<how>")
    def use(how):
        session.execute(text("SELECT 1"))
        touch.delay()
        with app.app_context():
            pass
        assert session.registry.has()
        if how == "fail":
            raise LookupError
        return "used"

    app.cli.command("use")(lambda: session.execute(text("SELECT 1")))
    yield app, session, touch
    session.remove()
    session.get_bind().dispose()


@pytest.mark.parametrize("path", ["/well", "/fail"])
def test_the_session_of_a_request_ends_with_it(shop, path):
    app, session, _ = shop

    app.test_client().get(path)

    assert not session.registry.has()


def test_the_session_of_a_command_ends_with_it(shop):
    app, session, _ = shop

    assert app.test_cli_runner().invoke(args=["use"]).exit_code == 0
    assert not session.registry.has()


def test_the_last_of_several_contexts_ends_it(shop):
    app, session, _ = shop

    with app.app_context():
        with app.app_context():
            session.execute(text("SELECT 1"))
        assert session.registry.has()
    assert not session.registry.has()


def test_an_eager_task_without_a_context_leaves_the_session_of_its_caller(shop):
    _, session, touch = shop
    session.execute(text("SELECT 1"))
    mine = session()

    touch.delay()

    assert session() is mine
    assert mine.in_transaction()
    session.remove()


def test_contexts_of_another_application_leave_it(shop):
    _, session, _ = shop
    session.execute(text("SELECT 1"))

    with flask.Flask("other").app_context():
        pass

    assert session.registry.has()
    session.remove()
