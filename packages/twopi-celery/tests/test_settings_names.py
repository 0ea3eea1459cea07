import pytest
from celery.app.defaults import _TO_NEW_KEY, DEFAULTS
from hypothesis import given
from hypothesis import strategies as st

from twopi_celery import ConfigurationError, MisspeltSettingWarning, create_celery
from twopi_celery.settings_names import normalize, spellings


def test_all_names_that_celery_knows_are_known():
    known = spellings()

    assert {name: known[name] for name in DEFAULTS} == {name: name for name in DEFAULTS}
    assert {name: known[name] for name in _TO_NEW_KEY} == _TO_NEW_KEY


def test_the_prefix_alone_makes_no_new_meaning():
    known = spellings()

    prefixed = {f"CELERY_{name.upper()}": name for name in DEFAULTS}
    assert {name: known[name] for name in prefixed} == prefixed


@given(st.dictionaries(st.sampled_from(sorted(spellings())), st.just(1)))
def test_any_mixture_of_spellings_becomes_lower_case_names(settings):
    found = normalize(settings)

    assert set(found) == {spellings()[name] for name in settings}
    assert set(found) <= set(DEFAULTS)
    assert normalize(found) == found


def test_other_settings_are_left_alone():
    settings = {"SQLALCHEMY_ECHO": 1, "redbeat_lock_key": 2, "TIMEZONE": 3, 4: 5}

    assert normalize(settings) == settings


def test_the_same_value_twice_is_one_setting():
    settings = {"CELERY_ACKS_LATE": True, "task_acks_late": True}

    assert normalize(settings) == {"task_acks_late": True}


def test_two_values_for_a_setting_are_refused():
    settings = {"BROKER_URL": "redis://:s3cret@a", "CELERY_BROKER_URL": "redis://b"}

    with pytest.raises(ConfigurationError, match="keep one, best as broker_url") as got:
        normalize(settings)

    assert got.value.settings == ("BROKER_URL", "CELERY_BROKER_URL")
    assert "s3cret" not in repr(got.value)


# As the documentation of Flask has it


def test_settings_may_be_in_a_mapping_of_their_own():
    settings = {
        "CELERY": {"broker_url": "memory://", "CELERY_TASK_TIME_LIMIT": 5},
        "CELERY_ACKS_LATE": True,
        "CELERY_BROKER_URL": "memory://",
        "DEBUG": True,
    }

    assert normalize(settings) == {
        "broker_url": "memory://",
        "task_time_limit": 5,
        "task_acks_late": True,
        "DEBUG": True,
    }
    conf = create_celery("shop", settings, set_as_current=False).conf
    assert (conf.task_time_limit, conf.task_acks_late) == (5, True)


def test_a_mapping_that_says_otherwise_is_refused():
    settings = {"CELERY": {"task_time_limit": 5}, "CELERY_TASK_TIME_LIMIT": 6}

    with pytest.raises(ConfigurationError, match=r"CELERY\['task_time_limit'\] "):
        normalize(settings)


# As environment variables have them


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("CELERY_TASK_TIME_LIMIT", "300", 300),
        ("task_soft_time_limit", " 2.5 ", 2.5),
        ("CELERYD_CONCURRENCY", "4", 4),
        ("CELERY_TASK_ALWAYS_EAGER", "false", False),
        ("task_acks_late", "On", True),
        ("task_acks_late", "0", False),
        ("CELERY_ACCEPT_CONTENT", "json, yaml", ["json", "yaml"]),
        ("imports", '["a.tasks"]', ("a.tasks",)),
        (
            "broker_transport_options",
            '{"visibility_timeout": 9}',
            {"visibility_timeout": 9},
        ),
        ("broker_heartbeat", "None", None),
        ("task_default_queue", "300", "300"),
        ("worker_concurrency", "4", 4),
        ("broker_url", "memory://", "memory://"),
        ("task_time_limit", 300, 300),
    ],
)
def test_strings_are_converted_by_the_type_of_the_setting(name, text, value):
    [found] = normalize({name: text}).values()

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("CELERY_TASK_TIME_LIMIT", "s3cret", "must be a number such as 300"),
        ("worker_max_tasks_per_child", "1.5", "must be a whole number"),
        ("CELERY_ACKS_LATE", "s3cret", "must be true or false"),
        ("CELERY_ACKS_LATE", "", "must be true or false"),
        ("broker_transport_options", "s3cret", "must be an object as JSON"),
        ("accept_content", "[s3cret", "must be a list"),
    ],
)
def test_strings_that_do_not_fit_are_refused(name, text, words):
    with pytest.raises(ConfigurationError, match=f"{name} {words}") as caught:
        normalize({name: text})

    assert caught.value.settings == (name,)
    assert "s3cret" not in str(caught.value)


# Misspelt


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("CELERY_TASK_TIME_LIMTI", "CELERY_TASK_TIME_LIMIT"),
        ("task_time_limti", "task_time_limit"),
        ("CELERY_ACK_LATE", "CELERY_ACKS_LATE"),
        ("BROKER_URLS", "BROKER_URL"),
    ],
)
def test_a_misspelt_name_is_reported(name, near):
    with pytest.warns(MisspeltSettingWarning, match=f"did you mean {near}") as caught:
        assert normalize({name: 3}) == {name: 3}
    assert caught[0].message.settings == (name,)
    with pytest.warns(MisspeltSettingWarning, match="CELERY.*did you mean"):
        normalize({"CELERY": {name: 3}})


def test_names_of_others_are_not_reported():
    names = ["CELERY_REDBEAT_REDIS_URL", "CELERY_ONCE", "task_router_name"]
    names += ["SQLALCHEMY_ECHO", "MAIL_SERVER", "TESTING"]
    normalize(dict.fromkeys(names, 1))
