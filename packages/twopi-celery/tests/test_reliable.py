"""What `reliable` sets, refuses and warns of; tests/test_kills.py is the proof."""

import logging
import warnings

import pytest
from celery import Celery

from twopi_celery import (
    ConfigurationError,
    create_celery,
    filesystem_broker,
    reliable,
)
from twopi_celery.settings_names import spellings

REDIS = {"broker_url": "redis://localhost/0", "task_time_limit": 60}
RABBITMQ = {"broker_url": "amqp://localhost//", "task_time_limit": 60}


def run(): ...


def application(settings):
    return create_celery("shop", settings, set_as_current=False)


@pytest.fixture(autouse=True)
def need_redis():
    pytest.importorskip("redis")


@pytest.mark.parametrize("settings", [REDIS, RABBITMQ])
def test_tasks_are_acknowledged_late_and_put_back(settings):
    celery = application(settings)

    assert reliable(celery) is celery

    @celery.task(shared=False)
    def pay(): ...

    @celery.task(acks_late=False, shared=False)
    def remind(): ...

    assert pay.acks_late
    assert pay.reject_on_worker_lost
    assert not remind.acks_late
    assert celery.conf.worker_prefetch_multiplier == 1


def test_what_is_published_to_rabbitmq_is_confirmed():
    options = reliable(application(RABBITMQ)).conf.broker_transport_options

    assert options == {"confirm_publish": True}


def test_the_visibility_timeout_is_set_on_redis():
    given = REDIS | {"broker_transport_options": {"priority_steps": [0, 5]}}

    options = reliable(application(given), visibility_timeout=90)

    assert options.conf.broker_transport_options == {
        "priority_steps": [0, 5],
        "visibility_timeout": 90,
        "unacked_restore_throttle": 1,
    }
    assert given["broker_transport_options"] == {"priority_steps": [0, 5]}


def test_settings_that_agree_stay():
    settings = REDIS | {"worker_prefetch_multiplier": 4, "CELERY_ACKS_LATE": True}

    celery = reliable(application(settings))

    assert celery.conf.worker_prefetch_multiplier == 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("task_acks_late", False),
        ("CELERY_ACKS_LATE", False),
        ("CELERY_TASK_REJECT_ON_WORKER_LOST", False),
        ("worker_prefetch_multiplier", 0),
        ("task_default_delivery_mode", "transient"),
        ("broker_transport_options", {"ack_emulation": False}),
        ("broker_transport_options", {"confirm_publish": False}),
    ],
)
def test_a_setting_that_undoes_it_is_refused(name, value):
    celery = application(RABBITMQ | {name: value})

    with pytest.raises(ConfigurationError, match="in spite of reliable") as caught:
        reliable(celery)

    assert len(caught.value.settings) == 1
    assert not celery.conf.task_acks_late


def test_a_setting_in_an_old_name_is_refused_on_a_plain_celery():
    celery = Celery("shop", broker="redis://localhost/0", set_as_current=False)
    celery.conf.update(CELERY_ACKS_LATE=False)
    celery.config_from_object({"CELERY_ACKS_LATE": False})

    with pytest.raises(ConfigurationError, match="task_acks_late would lose"):
        reliable(celery)


@pytest.mark.parametrize(
    ("settings", "timeout"),
    [
        (REDIS | {"task_time_limit": 3600}, None),
        (REDIS | {"broker_transport_options": {"visibility_timeout": 60}}, None),
        (REDIS, 60),
        (RABBITMQ | {"task_time_limit": 1800}, None),
    ],
)
def test_a_time_limit_that_exceeds_the_visibility_timeout_is_refused(settings, timeout):
    with pytest.raises(ConfigurationError, match="twice at the same time") as caught:
        reliable(application(settings), visibility_timeout=timeout)

    assert caught.value.settings == ("task_time_limit", "visibility_timeout")


def test_rabbitmq_may_be_more_patient():
    settings = RABBITMQ | {"task_time_limit": 7200}

    celery = reliable(application(settings), visibility_timeout=10_000)

    assert celery.conf.broker_transport_options == {"confirm_publish": True}


def test_a_missing_time_limit_is_warned_of():
    with pytest.warns(UserWarning, match="no task_time_limit.* 3600 s") as caught:
        reliable(application({"broker_url": "redis://localhost/0"}))

    assert caught[0].filename == __file__


def test_a_broker_that_cannot_is_warned_of(tmp_path):
    with pytest.warns(UserWarning, match="from filesystem://; .* needs RabbitMQ"):
        reliable(application(filesystem_broker(tmp_path)))


@pytest.mark.parametrize(
    "name", ["task_acks_on_failure_or_timeout", "CELERY_TASK_ACKS_ON_TIMEOUT"]
)
def test_endless_timeouts_are_warned_of(name):
    celery = application(REDIS | {name: False})
    if name.endswith("ON_TIMEOUT") and "task_acks_on_timeout" not in spellings():
        pytest.skip("new in Celery 5.7")

    with pytest.warns(UserWarning, match="is run again, for ever"):
        reliable(celery)


def test_tasks_that_contradict_it_are_named(caplog):
    celery = reliable(application(REDIS), visibility_timeout=100)
    celery.task(run, shared=False, name="fine", time_limit=99)
    celery.task(run, shared=False, name="early", acks_late=False, time_limit=200)
    celery.task(run, shared=False, name="slow", time_limit=100)
    celery.task(run, shared=False, name="fragile", reject_on_worker_lost=False)

    with caplog.at_level(logging.WARNING, "twopi_celery.workers.reliable"):
        celery.finalize()

    slow, fragile = sorted(caplog.messages, key=len, reverse=True)
    assert slow.startswith("slow may run for 100 s, but is handed out again")
    assert fragile.startswith("fragile is lost with its worker")


def test_it_does_not_come_too_late():
    celery = application(REDIS)
    celery.task(run, shared=False, name="used").apply()

    with pytest.raises(ConfigurationError, match="too late for used"):
        reliable(celery)


def test_the_environment_says_which_broker_it_is(monkeypatch):
    monkeypatch.setenv("CELERY_BROKER_URL", "amqp://localhost//")

    celery = reliable(application(REDIS), visibility_timeout=90)

    assert celery.conf.broker_transport_options == {"confirm_publish": True}


def test_a_complete_configuration_is_not_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reliable(application(REDIS), visibility_timeout=90)
