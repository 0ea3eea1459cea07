import pytest
from celery.app.defaults import _TO_NEW_KEY, DEFAULTS
from hypothesis import given
from hypothesis import strategies as st

from twopi_celery import ConfigurationError
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
