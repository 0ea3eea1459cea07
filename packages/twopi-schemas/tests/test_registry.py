"""Field classes of one's own, declared."""

import datetime as dt
from typing import ClassVar

import pytest
from marshmallow import Schema, ValidationError, fields

from twopi_schemas import AS_IS, compiled, explain, register, registry

ZERO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def from_seconds(value):
    return ZERO + dt.timedelta(seconds=value)


def to_seconds(value):
    return int((value - ZERO).total_seconds())


class UnixTime(fields.Field):
    default_error_messages: ClassVar = {"invalid": "Not a time."}

    def _deserialize(self, value, attr, data, **kwargs):
        if type(value) is not int:
            raise self.make_error("invalid")
        try:
            return from_seconds(value)
        except OverflowError:
            raise self.make_error("invalid") from None

    def _serialize(self, value, attr, obj, **kwargs):
        return None if value is None else to_seconds(value)


class Later(UnixTime):
    pass


register(
    UnixTime,
    load=lambda field: {int: from_seconds},
    dump=lambda field: {dt.datetime: to_seconds, type(None): AS_IS},
)


class Event(Schema):
    at = UnixTime(required=True)
    seen = fields.List(UnixTime())
    later = Later()


def test_a_declared_class_is_compiled():
    hows = {(row.field, row.call): row.how for row in explain(Event)}

    assert hows["at", "load"] == hows["at", "dump"] == "compiled"
    assert hows["seen", "load"] == hows["seen", "dump"] == "compiled"
    assert hows["later", "load"] == hows["later", "dump"] == "handed over"


@pytest.mark.parametrize(
    "data",
    [
        {"at": 5, "seen": [6, 7]},
        {"at": 10**30},
        {"at": True},
        {"at": None},
        {"seen": [1, "x"]},
        {"at": 1, "later": 2},
    ],
)
def test_it_loads_as_before(outcome_of, data):
    theirs = outcome_of([], Event().load, data)

    assert outcome_of([], compiled(Event).load, data) == theirs


def test_it_dumps_as_before():
    naive = {"at": dt.datetime(2026, 1, 1)}  # noqa: DTZ001
    good = {"at": from_seconds(5), "seen": [from_seconds(6)], "later": None}

    assert compiled(Event).dump(good) == Event().dump(good)
    with pytest.raises(TypeError, match="naive"):
        compiled(Event).dump(naive)


def test_what_everyone_may_get_stays_marshmallows():
    class Greedy(fields.Field):
        pass

    register(Greedy, load=lambda field: {type(None): AS_IS, str: AS_IS})
    made = Schema.from_dict({"a": Greedy(), "b": fields.Integer()})

    assert explain(made)[0].how == "handed over"
    with pytest.raises(ValidationError):
        compiled(made).load({"a": None})


def test_wrong_declarations_are_refused():
    class Careful(fields.String):
        def deserialize(self, *args, **kwargs):
            return super().deserialize(*args, **kwargs)

    with pytest.raises(TypeError, match="overrides deserialize"):
        register(Careful, load=lambda field: {str: AS_IS})
    with pytest.raises(TypeError, match="marshmallow's own"):
        register(fields.String)
    with pytest.raises(TypeError, match="a field class"):
        register(int)
    with pytest.raises(ValueError, match="already"):
        register(UnixTime)
    assert Careful not in registry.loads
