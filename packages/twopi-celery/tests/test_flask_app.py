from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from celery import Celery, Task, shared_task
from flask import Flask, current_app, g, has_app_context

from twopi_celery import (
    ConfigurationError,
    create_celery,
    init_app,
)


@pytest.fixture
def app():
    app = Flask("shop")
    app.config.update(broker_url="memory://", CELERY_TASK_ALWAYS_EAGER=True)
    return app


def test_it_is_made_from_the_settings_of_the_app(app):
    celery = init_app(app, inject_version=False)

    assert app.extensions["twopi_celery"] is celery
    assert (celery.main, celery.conf.task_always_eager) == ("shop", True)
    assert not hasattr(celery, "version")


def test_an_eager_task_uses_the_context_that_is_there(app):
    celery = init_app(app)

    @celery.task(shared=False)
    def see():
        g.seen = current_app.name
        return g.user

    @app.get("/")
    def view():
        g.user = "ann"
        return {"user": see.delay().get(), "seen": g.seen}

    assert app.test_client().get("/").json == {"user": "ann", "seen": "shop"}


def test_an_eager_task_without_a_context_gets_one(app):
    celery = init_app(app)

    @celery.task(shared=False)
    def see():
        return current_app.name

    assert see.delay().get() == "shop"
    assert not has_app_context()


def test_the_context_of_another_app_is_not_used(app):
    celery = init_app(app)

    @celery.task(shared=False)
    def see():
        return current_app.name

    with Flask("other").app_context():
        assert see.delay().get() == "shop"
        assert current_app.name == "other"


def test_a_task_that_fails_eagerly_leaves_no_context(app):
    celery = init_app(app)
    errors = []
    app.teardown_appcontext(errors.append)

    @celery.task(shared=False)
    def fail():
        raise KeyError(1)

    with pytest.raises(KeyError):
        fail.delay().get()
    assert not has_app_context()
    assert [type(error) for error in errors] == [KeyError]


def test_shared_tasks_belong_to_it(app):
    init_app(app)

    @shared_task(name="twopi_celery.tests.shared")
    def see():
        return current_app.name

    assert see.delay().get() == "shop"


def test_an_application_that_exists_already(app):
    celery = create_celery("shop", app.config, task_cls=Task)

    @celery.task(shared=False)
    def see():
        return current_app.name

    celery.finalize()

    assert init_app(app, celery) is celery
    assert see.delay().get() == "shop"


def test_a_later_app_takes_over(app):
    celery = init_app(app)
    later = Flask("later")

    @celery.task(shared=False)
    def see():
        return current_app.name

    init_app(later, celery)

    assert see.delay().get() == "later"
    assert later.extensions["twopi_celery"] is celery


def test_another_celery_is_not_touched(app):
    init_app(app)
    plain = Celery("plain", broker="memory://", set_as_current=False)

    @plain.task(shared=False)
    def see():
        return has_app_context()

    assert see.apply().get() is False


def test_twice_is_refused(app):
    init_app(app)

    with pytest.raises(ConfigurationError, match="called before"):
        init_app(app)


def test_arguments_that_come_too_late(app):
    celery = create_celery("shop", app.config)

    with pytest.raises(ConfigurationError, match="inject_version cannot be applied"):
        init_app(app, celery, inject_version=False)


def test_no_broker_in_the_settings():
    with pytest.raises(ConfigurationError, match="There is no broker"):
        init_app(Flask("shop"))


def test_a_shared_task_belongs_to_the_app_whose_request_it_is():
    @shared_task(name="twopi_celery.tests.whose")
    def whose():
        return current_app.name

    apps = []
    for name in ("one", "two"):
        app = Flask(name)
        app.config["CELERY_BROKER_URL"] = f"memory://{name}"
        init_app(app)
        apps.append(app)

        def view():
            from celery import current_app as current_celery

            inner = {}
            if current_app.name == "one":
                inner = apps[1].test_client().get("/").json
            return {
                "app": whose.app.main,
                "ran": whose.apply().get(),
                "current": current_celery.main,
                "inner": inner,
            }

        app.add_url_rule("/", view_func=view)

    two = {"app": "two", "ran": "two", "current": "two", "inner": {}}
    one = {"app": "one", "ran": "one", "current": "one", "inner": two}
    assert apps[0].test_client().get("/").json == one
    assert apps[1].test_client().get("/").json == two
    assert apps[0].test_client().get("/").json == one
    assert whose.app.main == "two"  # the last one, outside of any context
    with ThreadPoolExecutor() as threads, apps[0].app_context():
        running = copy_context()  # as in a view that is a coroutine
        assert threads.submit(running.run, lambda: whose.app.main).result() == "one"
