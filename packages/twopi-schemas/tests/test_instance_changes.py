"""A change of an instance counts, in each tier."""

import collections
from unittest import mock

import pytest
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from twopi_schemas import compiled, tiers

CALLS = [1, 3, tiers.SOURCE_AFTER + 5]


@pytest.fixture(params=CALLS, ids=["marshmallow", "interpreted", "generated"])
def used(request):
    """Return a schema and its compiled form, which was used a number of times."""

    class Pet(Schema):
        name = fields.String(validate=validate.Length(max=5))
        age = fields.Integer(load_default=1)
        tags = fields.List(fields.String())
        weight = fields.Float()

    schema = Pet()
    subject = compiled(schema)
    for _ in range(request.param):
        subject.load({"name": "Rex", "tags": ["a"], "weight": 1.5})
        subject.dump({"name": "Rex", "tags": ["a"]})
    return schema, subject


def outcome(call, *args):
    try:
        found = call(*args)
    except ValidationError as error:
        return error.messages
    return found if isinstance(found, str) else list(found.items())


def get_attribute(obj, attr, default):
    return "9"


LOADED = {"name": "Rexxx", "tags": ["b"], "weight": 2.0}
CHANGES = {
    "get_attribute": lambda s: setattr(s, "get_attribute", get_attribute),
    "load": lambda s: setattr(s, "load", lambda data, **_: "stub"),
    "dump": lambda s: setattr(s, "dump", lambda obj, **_: "stub"),
    "order of a dump": lambda s: s.dump_fields.update(name=s.dump_fields.pop("name")),
    "order of a load": lambda s: s.load_fields.update(name=s.load_fields.pop("name")),
    "field added": lambda s: s.dump_fields.update(more=fields.Constant(1)),
    "field taken away": lambda s: s.load_fields.pop("weight"),
    "key renamed": lambda s: s.dump_fields.update(w=s.dump_fields.pop("weight")),
    "unknown": lambda s: setattr(s, "unknown", EXCLUDE),
    "required": lambda s: setattr(s.fields["age"], "required", True),
    "allow_none": lambda s: setattr(s.fields["name"], "allow_none", True),
    "load_default": lambda s: setattr(s.fields["age"], "load_default", True),
    "data_key": lambda s: setattr(s.fields["name"], "data_key", "n"),
    "attribute": lambda s: setattr(s.fields["name"], "attribute", "x.y"),
    "validators": lambda s: s.fields["age"].validators.append(validate.Range(max=0)),
    "validator": lambda s: setattr(s.fields["name"].validators[0], "max", 2),
    "inner": lambda s: setattr(s.fields["tags"], "inner", fields.Raw()),
    "inner validators": lambda s: s.fields["tags"].inner.validators.append(
        validate.Length(max=0)
    ),
    "method of a field": lambda s: setattr(
        s.fields["name"], "_deserialize", lambda value, *_, **__: value.upper()
    ),
    "method of the class": lambda s: setattr(
        type(s), "get_attribute", lambda self, *_: "7"
    ),
    "dict_class": lambda s: setattr(type(s), "dict_class", collections.OrderedDict),
    "as_string": lambda s: setattr(s.fields["age"], "as_string", True),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_counts(used, name):
    schema, subject = used
    CHANGES[name](schema)
    plain = type(schema).load if name == "load" else None
    assert plain is None or schema.load({}) == "stub"

    for data in (LOADED, {"name": None}, {"age": 2, "x": 1}, {}):
        assert outcome(subject.load, data) == outcome(schema.load, data)
    for obj in (LOADED, {"age": 5}, {}):
        assert outcome(subject.dump, obj) == outcome(schema.dump, obj)
    assert type(subject.dump({})) is type(schema.dump({}))


def test_a_default_that_becomes_code_of_yours_runs_once(used):
    schema, subject = used
    ran = []
    schema.fields["age"].load_default = lambda: ran.append(1)
    with pytest.raises(ValidationError):
        subject.load({"name": 5})

    assert ran == [1]


def test_a_replaced_method_may_come_back(used):
    schema, subject = used
    with mock.patch.object(schema, "load", return_value="stub"):
        assert subject.load({}) == "stub"

    assert subject.load({"name": "Rex"}) == {"name": "Rex", "age": 1}


def test_a_schema_that_keeps_changing_is_compiled_less_and_less(used):
    schema, subject = used
    for number in range(20):
        schema.fields["age"].load_default = number
        schema.unknown = EXCLUDE if number % 2 else "raise"
        for _ in range(tiers.SOURCE_AFTER + 1):
            assert subject.load({})["age"] == number

    assert subject._core.loading.patience > 1
