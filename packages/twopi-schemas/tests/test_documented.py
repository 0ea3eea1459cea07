"""What marshmallow's documentation shows, done both ways."""

import datetime as dt
import enum
import types

import pytest
from marshmallow import (
    EXCLUDE,
    INCLUDE,
    Schema,
    ValidationError,
    fields,
    post_dump,
    post_load,
    pre_load,
    validate,
    validates,
    validates_schema,
)

from twopi_schemas import compiled


@pytest.fixture
def alike(outcome_of):
    """Assert that a call has one outcome both ways, and return its kind and value."""

    def check(schema, call, data, **options):
        theirs = outcome_of([], getattr(schema, call), data, **options)
        ours = outcome_of([], getattr(compiled(schema), call), data, **options)
        assert ours == theirs
        try:
            return getattr(compiled(schema), call)(data, **options)
        except ValidationError as error:
            return error.messages

    return check


class Band(Schema):
    name = fields.String(required=True)
    contact = fields.Email()
    formed = fields.DateTime()


def test_a_result_becomes_an_object(alike):
    class Member(Schema):
        name = fields.String()
        age = fields.Integer()

        @post_load
        def make(self, data, **_):
            return types.SimpleNamespace(**data)

    made = alike(Member(), "load", {"name": "Ann", "age": "42"})

    assert (made.name, made.age) == ("Ann", 42)
    many = alike(Member(many=True), "load", [{"name": "a"}, {"age": 1}])
    assert [vars(each) for each in many] == [{"name": "a"}, {"age": 1}]


def test_collections_report_errors_by_index(alike):
    data = [
        {"name": "A"},
        {"contact": "nobody"},
        {"name": "C", "contact": "c@d.example"},
    ]

    errors = alike(Band(many=True), "load", data)

    assert set(errors) == {1}
    assert set(errors[1]) == {"name", "contact"}


def test_several_validators_report_together(alike):
    def even(value):
        if value % 2:
            raise ValidationError("Must be even.")

    class Quantity(Schema):
        quantity = fields.Integer(validate=[validate.Range(min=10), even])

    assert alike(Quantity(), "load", {"quantity": 12}) == {"quantity": 12}
    assert len(alike(Quantity(), "load", {"quantity": 3})["quantity"]) == 2


def test_a_method_validates_a_field_and_one_the_whole(alike):
    class Numbers(Schema):
        low = fields.Integer(data_key="from", required=True)
        high = fields.Integer(required=True)

        @validates("low")
        def not_negative(self, value, **_):
            if value < 0:
                raise ValidationError("Negative.")

        @validates_schema
        def in_order(self, data, **_):
            if data["low"] > data["high"]:
                raise ValidationError({"high": ["Too low."], "_schema": ["Order."]})

    assert alike(Numbers(), "load", {"from": 1, "high": 2}) == {"low": 1, "high": 2}
    assert alike(Numbers(), "load", {"from": -1, "high": 2}) == {"from": ["Negative."]}
    assert set(alike(Numbers(), "load", {"from": 3, "high": 2})) == {"high", "_schema"}
    assert alike(Numbers(many=True), "load", [{"from": 3, "high": 2}])


def test_messages_of_ones_own(alike):
    class Named(Schema):
        name = fields.String(
            required=True, error_messages={"required": {"code": 5, "message": "Name?"}}
        )
        age = fields.Integer(error_messages={"invalid": "No age: {input}"})

    assert alike(Named(), "load", {"age": "x"}) == {
        "name": {"code": 5, "message": "Name?"},
        "age": ["No age: x"],
    }


@pytest.mark.parametrize("unknown", ["raise", EXCLUDE, INCLUDE])
def test_unknown_keys(alike, unknown):
    data = {"name": "x", "z": 1, "y": 2}

    alike(Band(unknown=unknown), "load", data)
    alike(Band(), "load", data, unknown=unknown)


@pytest.mark.parametrize("partial", [True, ("name",), False])
def test_partial_loading_reaches_nested_schemas(alike, partial):
    class Tour(Schema):
        band = fields.Nested(Band)
        year = fields.Integer(required=True)

    alike(Tour(), "load", {"band": {}}, partial=partial)
    alike(Tour(partial=partial), "load", {"band": {}, "year": 1})
    alike(Tour(), "load", {"band": {}}, partial=("band.name", "year"))


def test_values_made_when_missing(alike):
    class Job(Schema):
        state = fields.String(load_default="new", dump_default="none")
        tries = fields.List(fields.Integer(), load_default=list)
        due = fields.Date(load_default=None)

    assert alike(Job(), "load", {}) == {"state": "new", "tries": [], "due": None}
    assert alike(Job(), "dump", {}) == {"state": "none"}
    assert alike(Job(), "load", {"due": None})["due"] is None


def test_nesting_two_ways_and_plucking(alike):
    class Writer(Schema):
        id = fields.Integer()
        books = fields.List(fields.Nested(lambda: Novel(exclude=("writer",))))

    class Novel(Schema):
        id = fields.Integer()
        title = fields.String()
        writer = fields.Nested(lambda: Writer(only=("id",)), dump_only=True)
        others = fields.Pluck(Writer, "id", many=True)

    novel = {"id": 1, "title": "T", "others": [{"id": 8}, {"id": 9}]}
    writer = {"id": 5, "books": [novel]}
    novel["writer"] = writer

    assert alike(Novel(), "dump", novel)["writer"] == {"id": 5}
    assert alike(Novel(), "dump", novel)["others"] == [8, 9]
    assert alike(Novel(), "load", {"others": [8, 9]}) == {
        "others": [{"id": 8}, {"id": 9}]
    }
    assert alike(Writer(), "dump", writer)["books"][0] == {
        "id": 1,
        "title": "T",
        "others": [8, 9],
    }
    assert alike(Writer(), "load", {"books": [{"id": "x"}]}) == {
        "books": {0: {"id": ["Not a valid integer."]}}
    }


def test_only_and_exclude_reach_into_nested_schemas(alike):
    class Tour(Schema):
        band = fields.Nested(Band)
        year = fields.Integer()

    data = {"band": {"name": "x", "contact": "a@b.example"}, "year": 1}

    assert alike(Tour(only=("band.name",)), "dump", data) == {"band": {"name": "x"}}
    assert alike(Tour(exclude=("band.contact", "year")), "dump", data) == {
        "band": {"name": "x"}
    }
    alike(Tour(only=("band.name",)), "load", data)


def test_computed_fields(alike):
    class Person(Schema):
        born = fields.Date()
        age = fields.Method("years", deserialize="parse")
        loud = fields.Function(
            lambda person: person["name"].upper(), lambda v: v.lower()
        )
        kind = fields.Constant("person")

        def years(self, person):
            return 2026 - person["born"].year

        def parse(self, value):
            if value == "old":
                raise ValidationError("How old?")
            return int(value)

    person = {"name": "Ann", "born": dt.date(2000, 1, 1)}

    assert alike(Person(), "dump", person) == {
        "born": "2000-01-01",
        "age": 26,
        "loud": "ANN",
        "kind": "person",
    }
    assert alike(Person(), "load", {"age": "5", "loud": "AB"})["age"] == 5
    assert alike(Person(), "load", {"age": "old", "kind": 5}) == {"age": ["How old?"]}


def test_a_field_class_of_ones_own(alike):
    class Pin(fields.Field):
        def _serialize(self, value, attr, obj, **kwargs):
            return "".join(map(str, value))

        def _deserialize(self, value, attr, data, **kwargs):
            try:
                return [int(digit) for digit in value]
            except ValueError as error:
                raise ValidationError("Digits only.") from error

    class Card(Schema):
        pin = Pin()
        holder = fields.String()

    assert alike(Card(), "load", {"pin": "123", "holder": "x"})["pin"] == [1, 2, 3]
    assert alike(Card(), "load", {"pin": "12x", "holder": 5}).keys() == {
        "pin",
        "holder",
    }
    assert alike(Card(), "dump", {"pin": [1, 2]}) == {"pin": "12"}


def test_an_envelope(alike, whole):
    class Enveloped(Schema):
        name = fields.String()

        @pre_load(**whole)
        def unwrap(self, data, many, **_):
            return data["items" if many else "item"]

        @post_dump(**whole)
        def wrap(self, data, many, **_):
            return {"items" if many else "item": data}

    assert alike(Enveloped(), "load", {"item": {"name": "x"}}) == {"name": "x"}
    assert alike(Enveloped(many=True), "dump", [{"name": "x"}]) == {
        "items": [{"name": "x"}]
    }
    assert alike(Enveloped(many=True), "load", {"items": [{"name": 1}]})


def test_a_hook_that_refuses(alike):
    class Refusing(Schema):
        name = fields.String()

        @pre_load
        def check(self, data, **_):
            if "bad" in data:
                raise ValidationError("No.", "bad")
            return data

        @post_load(pass_original=True)
        def keep(self, data, original, **_):
            return {**data, "was": sorted(original)}

    assert alike(Refusing(), "load", {"bad": 1}) == {"bad": ["No."]}
    assert alike(Refusing(), "load", {"name": "x"}) == {"name": "x", "was": ["name"]}


class Mood(enum.Enum):
    GOOD = "g"
    BAD = "b"


def test_enums_tuples_and_dicts(alike):
    class Mixed(Schema):
        by_name = fields.Enum(Mood)
        by_value = fields.Enum(Mood, by_value=True)
        pair = fields.Tuple((fields.String(), fields.Integer()))
        prices = fields.Dict(keys=fields.String(), values=fields.Float())

    data = {"by_name": "GOOD", "by_value": "b", "pair": ["a", "1"], "prices": {"x": 1}}
    loaded = alike(Mixed(), "load", data)

    assert loaded["by_value"] is Mood.BAD
    assert loaded["pair"] == ("a", 1)
    assert alike(Mixed(), "dump", loaded)["prices"] == {"x": 1.0}
    assert alike(Mixed(), "load", {"by_name": "g", "pair": [1], "prices": {1: "x"}})


def test_schemas_made_of_a_dict(alike):
    made = Schema.from_dict({"a": fields.Integer(attribute="x.y"), "b": fields.Raw()})

    assert alike(made(), "load", {"a": 1, "b": {}}) == {"x": {"y": 1}, "b": {}}
    assert alike(made(), "dump", {"x": {"y": 1}}) == {"a": 1}


def test_a_schema_that_handles_its_errors():
    class AppError(Exception):
        pass

    class Strict(Schema):
        name = fields.String(validate=print)

        def handle_error(self, error, data, **kwargs):
            raise AppError(error.messages, kwargs)

    for data in ({"name": 5}, [], {"other": 1}):
        with pytest.raises(AppError) as ours:
            compiled(Strict).load(data)
        with pytest.raises(AppError) as theirs:
            Strict().load(data)
        assert ours.value.args == theirs.value.args
