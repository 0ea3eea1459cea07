"""The compiled schema in place of the schema."""

import collections
import dataclasses
import datetime as dt
import decimal
import json
import threading
import uuid

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
    validates_schema,
)

from twopi_schemas import CompiledSchema, compiled
from twopi_schemas.decide import plan


class Artist(Schema):
    name = fields.String(required=True, validate=validate.Length(max=20))
    born = fields.Date()


class Album(Schema):
    id = fields.UUID(dump_only=True)
    title = fields.String(required=True)
    price = fields.Decimal(places=2, as_string=True)
    artist = fields.Nested(Artist)
    tags = fields.List(fields.String())


GOOD = {
    "title": "Hunky Dory",
    "price": "9.9",
    "artist": {"name": "David", "born": "1947-01-08"},
    "tags": ["glam"],
}


@pytest.mark.parametrize("schema", [Album, Album()])
def test_load_returns_what_marshmallow_returns(schema):
    assert compiled(schema).load(GOOD) == Album().load(GOOD)


def test_errors_are_marshmallows():
    bad = {**GOOD, "artist": {"name": "x" * 21}, "tags": ["a", 1], "extra": 1}

    with pytest.raises(ValidationError) as ours:
        compiled(Album).load(bad)

    with pytest.raises(ValidationError) as theirs:
        Album().load(bad)
    assert ours.value.messages == theirs.value.messages
    assert ours.value.valid_data == theirs.value.valid_data
    assert ours.value.data is bad
    assert ours.value.__context__ is None


def test_json_goes_both_ways():
    subject = compiled(Album, only=("title", "price"))

    loaded = subject.loads('{"title": "Low", "price": "1"}')
    text = subject.dumps(loaded, sort_keys=True)

    assert loaded == {"title": "Low", "price": decimal.Decimal("1.00")}
    assert json.loads(text) == {"title": "Low", "price": "1.00"}
    assert text.startswith('{"price"')


def test_options_of_the_call_win():
    subject = compiled(Album)

    many = subject.load([GOOD, {"title": "x", "y": 1}], many=True, unknown=EXCLUDE)
    partial = subject.load({"z": 1}, partial=True, unknown=INCLUDE)

    assert [each["title"] for each in many] == ["Hunky Dory", "x"]
    assert partial == {"z": 1}


def test_options_of_the_instance_count():
    subject = compiled(Album(many=True, exclude=("id",), partial=("title",)))

    assert subject.load([{"tags": []}]) == [{"tags": []}]


def test_render_module_is_the_schemas():
    class Shout:
        @staticmethod
        def dumps(data):
            return str(data).upper()

    class Loud(Schema):
        class Meta:
            render_module = Shout

        a = fields.String()

    assert compiled(Loud).dumps({"a": "b"}) == "{'A': 'B'}"


# Code of a user runs once, in marshmallow's order


def test_a_validator_with_effects_runs_once_even_if_another_field_fails():
    tickets = {"t1"}

    def redeem(ticket):
        if ticket not in tickets:
            raise ValidationError("Used.")
        tickets.remove(ticket)

    class Entry(Schema):
        ticket = fields.String(validate=redeem)
        age = fields.Integer()

    with pytest.raises(ValidationError) as caught:
        compiled(Entry).load({"ticket": "t1", "age": "old"})

    assert caught.value.messages == {"age": ["Not a valid integer."]}
    assert caught.value.valid_data == {"ticket": "t1"}


def test_hooks_run_on_the_schema_itself():
    class Point(Schema):
        x = fields.Integer()
        seen = None

        @pre_load
        def note(self, data, **_):
            self.seen = dict(data)
            return data

        @validates_schema
        def check(self, data, **_):
            if data["x"] == 13:
                raise ValidationError("Unlucky.", "x")

        @post_load
        def make(self, data, **_):
            return complex(data["x"])

        @post_dump
        def wrap(self, data, **_):
            return [data]

    schema = Point()
    subject = compiled(schema)

    assert subject.load({"x": 5}) == 5 + 0j
    assert schema.seen == {"x": 5}
    assert subject.dump({"x": 1}) == [{"x": 1}]
    with pytest.raises(ValidationError) as caught:
        subject.load({"x": 13})
    assert caught.value.messages == {"x": ["Unlucky."]}


def test_an_overridden_method_is_used():
    class Upper(Schema):
        a = fields.String()

        def get_attribute(self, obj, attr, default):
            return super().get_attribute(obj, attr.upper(), default)

        def load(self, data, **options):
            return {"loaded": super().load(data, **options)}

    subject = compiled(Upper)

    assert subject.dump({"A": "x"}) == {"a": "x"}
    assert subject.load({"a": "x"}) == {"loaded": {"a": "x"}}
    assert subject.loads('{"a": "x"}') == {"loaded": {"a": "x"}}


@pytest.fixture
def _unpatched():
    yield
    plan._is_original.cache_clear()


@pytest.mark.usefixtures("_unpatched")
def test_a_patch_of_marshmallow_is_respected(monkeypatch):
    class Word(Schema):
        word = fields.String()
        size = fields.Integer()

    monkeypatch.setattr(fields.String, "_deserialize", lambda *_, **__: "patched")
    monkeypatch.setattr(fields.Integer, "_serialize", lambda *_, **__: -1)
    plan._is_original.cache_clear()
    subject = CompiledSchema(Word(), watched=False)

    assert subject.load({"word": "x", "size": 1}) == {"word": "patched", "size": 1}
    assert subject.dump({"size": 1}) == {"size": -1}


def test_a_custom_field_leaves_the_others_compiled():
    class Reversed(fields.String):
        def _deserialize(self, value, attr, data, **kwargs):
            return super()._deserialize(value, attr, data, **kwargs)[::-1]

    class Word(Schema):
        word = Reversed()
        size = fields.Integer(required=True)

    assert compiled(Word).load({"word": "abc", "size": 3}) == {"word": "cba", "size": 3}
    with pytest.raises(ValidationError) as caught:
        compiled(Word).load({"word": 5})
    assert set(caught.value.messages) == {"word", "size"}


def test_recursive_schemas():
    class Person(Schema):
        name = fields.String()
        friends = fields.List(fields.Nested(lambda: Person()))  # noqa: PLW0108
        boss = fields.Nested(lambda: Person(only=("name",)))

    data = {
        "name": "a",
        "friends": [{"name": "b", "friends": []}],
        "boss": {"name": "c"},
    }
    subject = compiled(Person)

    assert subject.load(data) == Person().load(data) == data
    assert subject.dump(data) == Person().dump(data)
    with pytest.raises(ValidationError) as caught:
        subject.load({"friends": [{"friends": [{"name": 1}]}]})
    assert caught.value.messages == {
        "friends": {0: {"friends": {0: {"name": ["Not a valid string."]}}}}
    }


def test_deep_data_does_not_escape_as_something_else():
    class Tree(Schema):
        child = fields.Nested(lambda: Tree())  # noqa: PLW0108

    data = {}
    for _ in range(5000):
        data = {"child": data}

    with pytest.raises(RecursionError):
        compiled(Tree).load(data)


# What is dumped


@dataclasses.dataclass
class Track:
    title: str
    length: dt.timedelta
    isrc: uuid.UUID


class TrackSchema(Schema):
    title = fields.String()
    length = fields.TimeDelta()
    isrc = fields.UUID(data_key="ISRC")
    label = fields.String(dump_default="none")


Row = collections.namedtuple("Row", "title length isrc")  # noqa: PYI024


@pytest.mark.parametrize(
    "kind", [Track, Row, lambda *v: dict(zip(Row._fields, v, strict=True))]
)
def test_objects_rows_and_dicts_dump_alike(kind):
    obj = kind("Kooks", dt.timedelta(seconds=172), uuid.UUID(int=1))

    dumped = compiled(TrackSchema).dump(obj)

    assert dumped == TrackSchema().dump(obj)
    assert list(dumped) == ["title", "length", "ISRC", "label"]


def test_a_property_is_read_once():
    class Counter:
        reads = 0

        @property
        def title(self):
            self.reads += 1
            return 5

    counter = Counter()

    assert compiled(TrackSchema, only=("title",)).dump(counter) == {"title": "5"}
    assert counter.reads == 1


def test_a_generator_and_nothing_can_be_dumped():
    subject = compiled(TrackSchema, only=("title",))

    assert subject.dump(({"title": t} for t in "ab"), many=True) == [
        {"title": "a"},
        {"title": "b"},
    ]
    assert subject.dump(None, many=True) == {}
    assert subject.dump([], many=True) == []


# Changes after compiling


def fresh():
    class Pet(Schema):
        name = fields.String()
        age = fields.Integer()
        born = fields.DateTime()
        tags = fields.List(fields.String())

    schema = Pet()
    subject = compiled(schema)
    assert subject.load({"name": "x"}) == {"name": "x"}
    assert subject.dump({"name": "x"}) == {"name": "x"}
    return schema, subject


def refuse(*_, **__):
    raise ValidationError("Refused.")


@pytest.mark.parametrize(
    "change",
    [
        lambda schema: setattr(schema.fields["age"], "required", True),
        lambda schema: schema.fields["name"].validators.append(refuse),
        lambda schema: setattr(schema.fields["name"], "validators", [refuse]),
        lambda schema: setattr(schema.fields["name"], "data_key", "n"),
        lambda schema: schema.fields["tags"].inner.validators.append(refuse),
        lambda schema: schema.load_fields.pop("name"),
        lambda schema: setattr(schema, "many", True),
        lambda schema: setattr(schema.fields["name"], "_deserialize", refuse),
    ],
)
def test_a_change_is_honoured_by_load(change):
    schema, subject = fresh()
    change(schema)

    with pytest.raises(ValidationError) as ours:
        subject.load({"name": "x", "tags": ["a"]})

    with pytest.raises(ValidationError) as theirs:
        schema.load({"name": "x", "tags": ["a"]})
    assert ours.value.messages == theirs.value.messages


def test_more_changes_are_honoured():
    schema, subject = fresh()

    schema.unknown = EXCLUDE
    assert subject.load({"other": 1}) == {}
    schema.partial = True
    schema.fields["age"].load_default = 7
    assert subject.load({}) == {}
    schema.partial = None
    assert subject.load({}) == {"age": 7}
    schema.fields["born"].format = "%Y"
    assert subject.load({"born": "2026"})["born"] == dt.datetime(2026, 1, 1)  # noqa: DTZ001
    schema.fields["name"].attribute = "names.first"
    assert subject.load({"name": "x"})["names"] == {"first": "x"}
    schema.fields["age"].dump_default = 9
    assert subject.dump({"names": {"first": "x"}}) == {"name": "x", "age": 9}
    schema.dump_fields["extra"] = fields.Constant(1)
    assert subject.dump({})["extra"] == 1


def test_a_default_that_cannot_be_compared_may_change():
    class Array:
        def __eq__(self, other):
            raise ValueError("ambiguous")

        __hash__ = None

    schema, subject = fresh()
    for default in (Array(), Array()):
        schema.fields["age"].load_default = default

        assert subject.load({})["age"] is default


def test_a_validator_that_cannot_be_compared_may_be_exchanged():
    class Odd:
        def __eq__(self, other):
            raise ValueError("ambiguous")

        __hash__ = None

        def __call__(self, value):
            raise ValidationError("Odd.")

    class Pet(Schema):
        name = fields.String(validate=validate.Length(max=3))

    subject = compiled(Pet)
    assert subject.load({"name": "Rex"}) == {"name": "Rex"}
    Pet().fields["name"].validators[0] = Odd()

    with pytest.raises(ValidationError, match="Odd"):
        subject.load({"name": "Rex"})


def test_a_nested_instance_may_change_too():
    class Inner(Schema):
        name = fields.String()

    inner = Inner()

    class Outer(Schema):
        artist = fields.Nested(inner)

    subject = compiled(Outer)
    assert subject.load({"artist": {"name": "x"}}) == {"artist": {"name": "x"}}
    inner.fields["name"].validators.append(refuse)

    with pytest.raises(ValidationError):
        subject.load({"artist": {"name": "x"}})


def test_a_validator_added_to_another_instance_is_shared_as_marshmallow_shares_it():
    class Pet(Schema):
        name = fields.String()

    subject = compiled(Pet)
    assert subject.load({"name": "x"}) == {"name": "x"}
    Pet().fields["name"].validators.append(refuse)

    with pytest.raises(ValidationError):
        Pet().load({"name": "x"})
    with pytest.raises(ValidationError):
        subject.load({"name": "x"})


def test_a_hook_may_change_its_own_schema():
    class Pet(Schema):
        kind = fields.String()
        name = fields.String()

        @pre_load
        def choose(self, data, **_):
            self.fields["name"].required = data.get("kind") == "dog"
            return data

    subject = compiled(Pet)

    for _ in range(2):
        assert subject.load({"kind": "cat"}) == {"kind": "cat"}
        with pytest.raises(ValidationError):
            subject.load({"kind": "dog"})


# Many threads


def test_threads_compile_and_use_one_schema_at_once():
    schema = Album()
    expected = schema.load(GOOD)
    failures = []
    start = threading.Barrier(8)

    def work():
        start.wait()
        for _ in range(200):
            subject = compiled(schema)
            if subject.load(GOOD) != expected or subject.dump(expected)["tags"] != [
                "glam"
            ]:
                failures.append("differs")
            try:
                subject.load({"title": 1})
                failures.append("accepted")
            except ValidationError:
                pass

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
