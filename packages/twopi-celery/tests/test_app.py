import sys
import types
import warnings
from collections.abc import Mapping

import pytest
from celery import Celery, Task
from flask import Flask

from twopi_celery import ConfigurationError, create_celery

OLD = {"BROKER_URL": "memory://", "CELERYD_TASK_TIME_LIMIT": 300}
NEW = {"broker_url": "memory://", "task_time_limit": 300}
PREFIXED = {"CELERY_BROKER_URL": "memory://", "CELERY_TASK_TIME_LIMIT": 300}
MIXED = {
    "CELERY_BROKER_URL": "memory://",
    "CELERY_ACKS_LATE": 1,
    "task_time_limit": 300,
}
FOREIGN = {"SQLALCHEMY_POOL_RECYCLE": 5, "SENTRY_DSN": "x", "redbeat_lock_key": "y"}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)


class Settings(Mapping):
    def __init__(self, values):
        self.values_ = values

    def __getitem__(self, key):
        return self.values_[key]

    def __iter__(self):
        return iter(self.values_)

    def __len__(self):
        return len(self.values_)


def as_module(values):
    module = types.ModuleType("settings_for_a_test")
    vars(module).update(values, os=sys, helper=lambda: 1, _private=1)
    return module


def as_flask_config(values):
    app = Flask("shop")
    app.config.from_mapping(values)
    app.config.update(values)
    return app.config


SHAPES = {
    "dict": dict,
    "mapping": Settings,
    "flask": as_flask_config,
    "module": as_module,
    "class": lambda values: type("Config", (), values),
    "subclass": lambda values: type("Sub", (type("Base", (), values),), {}),
    "instance": lambda values: type("Config", (), values)(),
    "attributes": lambda values: types.SimpleNamespace(**values),
}


@pytest.mark.parametrize("names", [OLD, NEW, PREFIXED, MIXED], ids=str)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_any_shape_with_any_names(shape, names):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        celery = create_celery("shop", shape({**names, **FOREIGN}))

    assert celery.main == "shop"
    assert celery.conf.broker_url == "memory://"
    assert celery.conf.task_time_limit == 300
    assert {name: celery.conf.get(name) for name in FOREIGN} == FOREIGN
    assert celery.conf.deprecated_settings in (None, set())


def test_old_names_can_still_be_read():
    celery = create_celery("shop", PREFIXED)

    assert celery.conf.get("BROKER_URL") == "memory://"
    assert celery.conf.CELERYD_TASK_TIME_LIMIT == 300


@pytest.mark.parametrize("name", ["shop_settings", "shop_settings:Live"])
def test_the_name_of_the_settings(name, tmp_path, monkeypatch):
    (tmp_path / "shop_settings.py").write_text(
        "BROKER_URL = 'memory://'\n"
        "class Live:\n    BROKER_URL = 'memory://'\n    TASK = 1\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shop_settings", raising=False)

    celery = create_celery("shop", name)

    assert celery.conf.broker_url == "memory://"
    assert celery.conf.get("TASK") == (1 if ":" in name else None)


@pytest.mark.parametrize("name", ["nowhere_at_all", "json:Nothing", "", "a b"])
def test_settings_that_cannot_be_imported(name):
    with pytest.raises(ConfigurationError, match="cannot be imported"):
        create_celery("shop", name)


def test_properties_of_an_object_are_settings_only_by_name():
    class Config:
        @property
        def broker_url(self):
            return "memory://"

        @property
        def SITE(self):  # noqa: N802
            return "shop"

        @property
        def expensive(self):
            raise AssertionError

    celery = create_celery("shop", Config())

    assert celery.conf.broker_url == "memory://"
    assert celery.conf.get("SITE") == "shop"


@pytest.mark.parametrize("settings", [{}, None, object(), {"CELERY_BROKER_URL": None}])
def test_no_broker(settings):
    with pytest.raises(ConfigurationError, match="There is no broker") as caught:
        create_celery("shop", settings)

    assert caught.value.settings == ("CELERY_BROKER_URL", "BROKER_URL", "broker_url")


def test_the_broker_may_be_an_argument():
    celery = create_celery("shop", {}, broker="memory://localhost/x")

    assert celery.conf.broker_url == "memory://localhost/x"


def test_the_broker_may_be_in_the_environment(monkeypatch):
    monkeypatch.setenv("CELERY_BROKER_URL", "memory://localhost/x")

    celery = create_celery("shop", {})

    assert celery.connection().virtual_host == "x"


def test_separate_brokers_for_reading_and_writing():
    both = {"broker_read_url": "memory://localhost/r", "broker_write_url": "memory://w"}

    assert create_celery("shop", both).conf.broker_read_url == "memory://localhost/r"
    with pytest.raises(ConfigurationError, match="There is no broker"):
        create_celery("shop", {"broker_read_url": "memory://"})


def test_the_release_is_the_version(tmp_path, monkeypatch):
    (tmp_path / "version.txt").write_text("1.2.3\n")
    monkeypatch.chdir(tmp_path)

    assert create_celery("shop", NEW).version == "1.2.3"
    assert not hasattr(create_celery("shop", NEW, inject_version=False), "version")


def test_arguments_of_celery():
    class ShopTask(Task):
        pass

    celery = create_celery("shop", NEW, True, task_cls=ShopTask, set_as_current=False)

    assert isinstance(celery, Celery)
    assert issubclass(celery.Task, ShopTask)


def test_a_handler_of_on_after_configure_is_still_in_time():
    celery = create_celery("shop", NEW)
    seen = []
    celery.on_after_configure.connect(
        lambda sender, **_: seen.append(sender), weak=False
    )

    assert celery.conf.task_time_limit == 300
    assert seen == [celery]


def test_delivery_is_celerys_own():
    ours, plain = (
        create_celery("shop", NEW).conf,
        Celery("shop", broker="memory://").conf,
    )

    for name in ("task_acks_late", "task_reject_on_worker_lost", "accept_content"):
        assert ours[name] == plain[name]
    assert ours.worker_prefetch_multiplier == plain.worker_prefetch_multiplier
