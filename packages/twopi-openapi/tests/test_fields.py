"""What the document calls valid is accepted, what is sent is in the document."""

import datetime as dt
import decimal
import enum
import ipaddress
import os
import uuid
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from twopi_openapi.schemas import Schemas

EXAMPLES = int(os.environ.get("TWOPI_OPENAPI_EXAMPLES", "60"))


class Colour(enum.Enum):
    red = 1
    blue = 2


class Word(enum.Enum):
    day = dt.date(2025, 1, 2)


class Inner(Schema):
    a = fields.Integer(required=True)
    b = fields.String(load_default="x")


class Loose(Schema):
    class Meta:
        unknown = EXCLUDE

    a = fields.Float()


V = validate
FIELDS = {
    "string": fields.String,
    "length": lambda: fields.String(validate=V.Length(2, 4)),
    "equal length": lambda: fields.String(validate=V.Length(equal=3)),
    "two lengths": lambda: fields.String(validate=[V.Length(1, 9), V.Length(3, 20)]),
    "and": lambda: fields.String(validate=V.And(V.Length(1), V.OneOf(["a", "bb"]))),
    "regexp": lambda: fields.String(validate=V.Regexp(r"[a-c]+\d")),
    "regexp with flags": lambda: fields.String(validate=V.Regexp(r"(?P<x>a)\Z")),
    "one of": lambda: fields.String(validate=V.OneOf(["a", "b"])),
    "one of two": lambda: fields.String(
        validate=[V.OneOf(["a", "b"]), V.OneOf(["b", "c"])]
    ),
    "none of": lambda: fields.String(validate=V.NoneOf(["a", "1"])),
    "equal": lambda: fields.String(validate=V.Equal("a")),
    "no null byte": lambda: fields.String(validate=V.ContainsNoneOf("\0\x01")),
    "nullable": lambda: fields.String(allow_none=True),
    "nullable enum": lambda: fields.String(allow_none=True, validate=V.OneOf(["a"])),
    "integer": fields.Integer,
    "range": lambda: fields.Integer(validate=V.Range(1, 10)),
    "open range": lambda: fields.Integer(
        validate=V.Range(1, 10, min_inclusive=False, max_inclusive=False)
    ),
    "integer as text": lambda: fields.Integer(as_string=True),
    "strict as text": lambda: fields.Integer(as_string=True, strict=True),
    "float": lambda: fields.Float(validate=V.Range(min=-1.5)),
    "decimal": fields.Decimal,
    "decimal as text": lambda: fields.Decimal(as_string=True, places=2),
    "boolean": fields.Boolean,
    "uuid": fields.UUID,
    "datetime": fields.AwareDateTime,
    "naive": fields.NaiveDateTime,
    "rfc": lambda: fields.AwareDateTime(format="rfc"),
    "timestamp": lambda: fields.DateTime(
        format="timestamp",
        validate=V.Range(dt.datetime(1970, 1, 1)),  # noqa: DTZ001
    ),
    "date": fields.Date,
    "month": lambda: fields.Date(format="%Y-%m"),
    "odd date": lambda: fields.Date(format="%d.%m.%Y (%%)"),
    "time": fields.Time,
    "delta": lambda: fields.TimeDelta(precision="days"),
    "ip": fields.IP,
    "ipv4": fields.IPv4,
    "ipv6": fields.IPv6,
    "enum": lambda: fields.Enum(Colour),
    "enum by value": lambda: fields.Enum(Colour, by_value=True, allow_none=True),
    "enum of dates": lambda: fields.Enum(Word, by_value=fields.Date()),
    "list": lambda: fields.List(fields.Integer(), validate=V.Length(1, 2)),
    "contains only": lambda: fields.List(
        fields.String(), validate=V.ContainsOnly(["a", "b"])
    ),
    "contains none": lambda: fields.List(
        fields.String(), validate=V.ContainsNoneOf(["a"])
    ),
    "tuple": lambda: fields.Tuple((fields.String(), fields.Integer())),
    "dict": lambda: fields.Dict(fields.String(validate=V.Length(1)), fields.Integer()),
    "nested": lambda: fields.Nested(Inner),
    "nested null": lambda: fields.Nested(Inner, allow_none=True),
    "nested many": lambda: fields.Nested(Inner, many=True),
    "nested loose": lambda: fields.Nested(Inner, unknown=EXCLUDE),
    "excluding": lambda: fields.Nested(Loose),
    "pluck": lambda: fields.Pluck(Inner, "a", many=True),
    "constant": lambda: fields.Constant("c"),
}
"""Fields of which nothing is accepted that a document cannot say."""

SENT = {
    "integer": 3,
    "integer as text": 3,
    "float": 1.5,
    "decimal as text": decimal.Decimal("1.005"),
    "boolean": True,
    "uuid": uuid.UUID(int=7),
    "datetime": dt.datetime(2025, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
    "naive": dt.datetime(2025, 1, 2, 3, 4, 5),  # noqa: DTZ001
    "rfc": dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
    "timestamp": dt.datetime(2025, 1, 2, tzinfo=dt.UTC),
    "date": dt.date(2025, 1, 2),
    "month": dt.date(2025, 1, 2),
    "odd date": dt.date(2025, 1, 2),
    "time": dt.time(1, 2, 3, 4),
    "delta": dt.timedelta(days=2),
    "ip": ipaddress.ip_address("::1"),
    "ipv4": ipaddress.ip_address("127.0.0.1"),
    "enum": Colour.red,
    "enum by value": Colour.blue,
    "enum of dates": Word.day,
    "list": [1, 2, 3],
    "tuple": ("a", 1),
    "dict": {"a": 1},
    "nested": {"a": 1, "b": "x"},
    "nested null": None,
    "nested many": [{"a": 1, "b": "x"}],
    "pluck": [{"a": 1}],
    "constant": None,
}

TEXTS = [
    "", "a", "b", "c", "abc", "a1", "bb", "1", "12", "-3", "1.5", "1e3", "NaN", "true",
    "red", "2025-01", "2025-13", "2025-01-02", "2025-1-2", "2025-01-02T03:04:05",
    "2025-01-02T03:04:05Z", "2025-01-02T03:04:05+01:00", "03:04:05", "25:00:00",
    "02.01.2025 (%)", "Thu, 02 Jan 2025 03:04:05 +0000", "127.0.0.1", "::1", "\0",
    "00000000-0000-0000-0000-000000000007", "0" * 32, "é", "x" * 30, "a\n",
]  # fmt: skip
VALUES = st.recursive(
    st.sampled_from(TEXTS)
    | st.none()
    | st.booleans()
    | st.integers(-20, 20)
    | st.sampled_from([1e9, 10**12, -0.5, 1.5, 10.0001])
    | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c", ""]), inner, max_size=3)
    ),
    max_leaves=4,
)


def schema_of(field, side):
    made = Schema.from_dict({"value": field})()
    names = Schemas()
    body = names.ref(made, side)
    body["components"] = {"schemas": names.components()}
    return made, Draft202012Validator(
        body, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


@pytest.mark.parametrize("name", FIELDS)
def test_what_the_document_calls_valid_is_accepted(name):
    made, validator = schema_of(FIELDS[name](), "load")
    accepted = []

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(VALUES)
    def check(value):
        if not validator.is_valid({"value": value}) or is_whole_float(value):
            return
        try:
            made.load({"value": value})
        except ValidationError as error:
            pytest.fail(f"{value!r} is valid by the document: {error}")
        accepted.append(value)

    check()


def is_whole_float(value):
    """JSON Schema calls 1.0 an integer; a strict field does not."""
    return isinstance(value, float) and value.is_integer()


@pytest.mark.parametrize("name", FIELDS)
def test_the_document_does_not_refuse_all(name):
    _, validator = schema_of(FIELDS[name](), "load")
    tried = [*TEXTS, None, True, 1, 2, 5, 1.5, ["a"], ["b"], [1], ["a", 1], {"a": 1}]
    tried += [{"a": 1, "b": "x"}, [{"a": 1}]]

    assert any(validator.is_valid({"value": each}) for each in tried)


@pytest.mark.parametrize("name", SENT)
def test_what_is_sent_is_in_the_document(name):
    made, validator = schema_of(FIELDS[name](), "dump")

    sent = made.dump({"value": SENT[name]})

    sent["value"] = list(sent["value"]) if name == "tuple" else sent["value"]
    assert list(validator.iter_errors(sent)) == []


def test_a_field_may_say_it_itself():
    class Money(fields.Field):
        __openapi__ = MappingProxyType({"type": "string", "pattern": "^[0-9]+ EUR$"})

    class Price(Money):
        pass

    _, validator = schema_of(Price(), "load")

    assert validator.schema["properties"]["value"] == Money.__openapi__


def test_metadata_and_default():
    field = fields.Integer(
        load_default=5,
        metadata={
            "description": "How many.",
            "example": 7,
            "x_unit": "pieces",
            "internal": object(),
        },
    )

    _, validator = schema_of(field, "load")

    assert validator.schema["properties"]["value"] == {
        "type": "integer",
        "description": "How many.",
        "examples": [7],
        "x-unit": "pieces",
        "default": 5,
    }
