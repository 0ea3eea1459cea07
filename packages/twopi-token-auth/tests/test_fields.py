from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from twopi_token_auth import Audience, UnixTimestamp


class Claims(Schema):
    exp = UnixTimestamp(attribute="expiry")
    aud = Audience()


def dump(**values):
    return Claims().dump(values)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1970, 1, 1, 0, 0, 0, 999_999, tzinfo=UTC), 0),
        (datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC), -1),
        (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))), 253402351199),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), -62135647200),
        (None, None),
    ],
)
def test_dates_are_dumped_as_whole_seconds_rounded_down(value, seconds):
    assert dump(expiry=value) == {"exp": seconds}


def test_a_date_without_a_time_zone():
    with pytest.raises(ValueError, match=r"expiry .* without a time zone"):
        dump(expiry=datetime(2030, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("value", [0, 1.5, "2030-01-01", timedelta(1), True])
def test_something_that_is_no_date(value):
    with pytest.raises(TypeError, match=r"expiry .* datetime"):
        dump(expiry=value)


@given(st.datetimes(timezones=st.timezones()))
def test_a_date_loses_its_fraction_and_its_zone_only(value):
    loaded = Claims().load(dump(expiry=value))["expiry"]

    assert loaded.tzinfo is UTC
    assert timedelta(0) <= value - loaded < timedelta(seconds=1)


def test_fractions_are_loaded():
    loaded = Claims().load({"exp": 1.5})

    assert loaded == {"expiry": datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)}


@pytest.mark.parametrize(
    "value",
    [
        *["1795361620", True, None, [], {}, float("nan"), float("inf")],
        *[1e30, -1e20, 253402300800, -62135596801, 10**400, 1e308],
    ],
)
def test_what_is_no_date_is_no_other_error(value):
    with pytest.raises(ValidationError):
        Claims().load({"exp": value})


@pytest.mark.parametrize(
    ("value", "dumped"),
    [
        *[("api", "api"), (5, "5"), (["a", "b"], ["a", "b"]), (("a", 5), ["a", "5"])],
        *[({"b", "a"}, ["a", "b"]), (frozenset("a"), ["a"]), ([], []), (None, None)],
    ],
)
def test_audiences_are_dumped_as_text_or_list(value, dumped):
    assert dump(aud=value) == {"aud": dumped}


@pytest.mark.parametrize("value", ["api", "", ["a", "b"], []])
def test_audiences_are_loaded(value):
    assert Claims().load({"aud": value}) == {"aud": value}


@pytest.mark.parametrize("value", [None, 5, True, {}, ["a", 5], [["a"]], [None]])
def test_what_is_no_audience(value):
    with pytest.raises(ValidationError):
        Claims().load({"aud": value})
