import datetime as dt
from typing import Literal

import pytest

from twopi_config import DeclarationError, Secret, Settings, SettingsError, variable


class Shop(Settings):
    level: int | str = "info"
    workers: Literal["auto"] | int | None = None
    pause: float | dt.timedelta = 1.5
    sizes: list[int | Literal["all"]] = variable(default_factory=list)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("LEVEL", "10", 10),
        ("LEVEL", "debug", "debug"),
        ("WORKERS", "auto", "auto"),
        ("WORKERS", "4", 4),
        ("PAUSE", "2", 2.0),
        ("PAUSE", "2s", dt.timedelta(seconds=2)),
        ("SIZES", "1,all", [1, "all"]),
        ("SIZES", '[1, "all"]', [1, "all"]),
    ],
)
def test_the_first_type_that_reads_it_counts(name, text, value):
    settings = Shop.load({name: text})

    found = getattr(settings, name.lower())
    assert (found, type(found)) == (value, type(value))


def test_what_no_type_reads():
    with pytest.raises(SettingsError) as caught:
        Shop.load({"WORKERS": "many", "PAUSE": "soon"})

    assert str(caught.value) == (
        "2 settings cannot be used:\n"
        "  WORKERS must be one of auto or a whole number\n"
        '  PAUSE must be a number or a duration like "1h 30m" or PT1H30M, or a number '
        "of seconds"
    )


@pytest.mark.parametrize("first", [str, Secret])
def test_a_type_after_one_that_reads_everything_is_refused(first):
    with pytest.raises(DeclarationError, match=r"Bad\.x has a type"):
        type("Bad", (Settings,), {"__annotations__": {"x": first | int}})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT15M", 900), ("P1DT1S", 86401), ("P1W", 604800), ("-PT5S", -5), ("90", 90)],
)
def test_durations_of_iso_8601(text, seconds):
    class Job(Settings):
        life: dt.timedelta

    assert Job.load({"LIFE": text}).life == dt.timedelta(seconds=seconds)
    for bad in ("P1M", "P1Y", "P", "PT", "P1DT", "1D"):  # a month has no length
        with pytest.raises(SettingsError, match="LIFE must be a duration"):
            Job.load({"LIFE": bad})
