import copy
import dataclasses
import json
import logging
import pickle
import traceback

import pytest

from twopi_config import Secret

KEY = "zq-correct horse"


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        "{}".format,
        "{!r:>30}".format,
        "%s".__mod__,
        lambda secret: f"{[secret]}{ {'a': secret} }",
        lambda secret: json.dumps({"key": secret}, default=str),
        lambda secret: json.dumps({"key": secret}, default=repr),
    ],
)
def test_it_does_not_show_itself(show):
    shown = show(Secret(KEY))

    assert "***" in shown
    assert "zq" not in shown


def test_json_asks_what_to_do():
    with pytest.raises(TypeError):
        json.dumps(Secret(KEY))


def test_it_stays_out_of_the_log(caplog):
    logging.getLogger("app").warning("key %s and %r", Secret(KEY), [Secret(KEY)])

    assert "key *** and [Secret('***')]" in caplog.text


def test_it_stays_out_of_a_traceback_with_variables():
    def fail(secret):
        raise RuntimeError(secret)

    try:
        fail(Secret(KEY))
    except RuntimeError as error:
        report = traceback.TracebackException.from_exception(error, capture_locals=True)
        text = "".join(report.format())

    assert "Secret('***')" in text
    assert KEY not in text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_not_pickled(protocol):
    with pytest.raises(TypeError, match="cannot be pickled") as caught:
        pickle.dumps({"key": Secret(KEY)}, protocol)

    assert "zq" not in str(caught.value)


def test_it_can_be_copied():
    secret = Secret(KEY)

    @dataclasses.dataclass
    class Holder:
        secret: Secret

    assert copy.copy(secret) is copy.deepcopy(secret) is secret
    assert dataclasses.asdict(Holder(secret)) == {"secret": secret}


def test_it_compares_by_its_text():
    assert Secret(KEY) == Secret(KEY)
    assert Secret("\ud800é") == Secret("\ud800é")
    assert Secret(KEY) != Secret("other")
    assert Secret(KEY) != KEY
    assert {Secret(KEY): 1}[Secret(KEY)] == 1
    assert Secret(KEY).reveal() == KEY
    assert (bool(Secret("")), bool(Secret(KEY))) == (False, True)


def test_it_has_no_attribute_to_show():
    assert not hasattr(Secret(KEY), "__dict__")


@pytest.mark.parametrize("value", [None, b"zq", 5, Secret("zq")])
def test_it_is_text(value):
    with pytest.raises(TypeError, match="a secret is a string, not") as caught:
        Secret(value)

    assert "zq" not in str(caught.value)
