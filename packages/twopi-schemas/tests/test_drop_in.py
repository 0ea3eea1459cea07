"""The compiled form where a schema was: its keywords, attributes, copies, options."""

import collections
import copy
import inspect
import pickle
import warnings

import pytest
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validates_schema

from twopi_schemas import compiled, explain, tiers


class Plant(Schema):
    name = fields.String()
    height = fields.Integer()


class Tenanted(Schema):
    size = fields.Integer()

    def load(self, data, tenant=None, *, session=None, **options):
        return {**super().load(data, **options), "who": (tenant, session)}

    def dump(self, obj, *, links=False, **options):
        return {**super().dump(obj, **options), "links": links}

    def validate(self, data, *, session=None, **options):
        return {"session": session, **super().validate(data, **options)}


def warmed(subject, data, calls=tiers.SOURCE_AFTER + 5):
    for _ in range(calls):
        subject.load(data)
        subject.dump(data)
    return subject


@pytest.mark.parametrize("calls", [0, 3, tiers.SOURCE_AFTER + 5])
def test_arguments_of_an_own_load_and_dump_pass_through(calls):
    subject = warmed(compiled(Tenanted()), {"size": 1}, calls)

    loaded = subject.load({"size": "2"}, 7, session="s", unknown=EXCLUDE)
    assert loaded == {"size": 2, "who": (7, "s")}
    assert subject.dump({"size": 1}, links=True) == {"size": 1, "links": True}
    assert subject.validate({"size": 1}, session="s") == {"session": "s"}


def test_an_own_load_is_called_with_what_the_caller_gave():
    class Narrow(Schema):
        a = fields.Integer()

        def load(self, data):
            return super().load(data, unknown=EXCLUDE)

    for _ in range(3):
        assert compiled(Narrow).load({"a": 1, "b": 2}) == {"a": 1}


@pytest.mark.parametrize("data", [{"height": "x"}, {"name": "a"}, [], None])
def test_validate_returns_what_marshmallow_returns(data):
    for _ in range(3):
        assert compiled(Plant).validate(data) == Plant().validate(data)
    assert compiled(Plant).validate([data], many=True) == Plant().validate(
        [data], many=True
    )


def test_validate_runs_validators_of_the_whole_and_no_post_load():
    class Checked(Plant):
        @validates_schema
        def check(self, data, **_):
            raise ValidationError("Never.")

    assert compiled(Checked).validate({}) == {"_schema": ["Never."]}


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies_work(copied):
    subject = warmed(compiled(Plant()), {"height": 1})

    for each in (copied(subject), copied(subject._schema)):
        assert each.load({"height": "5"}) == {"height": 5}
    other = copied(subject._schema)
    assert compiled(other)._schema is other


def test_it_can_be_pickled_as_its_schema_can():
    subject = warmed(compiled(Plant()), {"height": 1})

    again = pickle.loads(pickle.dumps(subject))

    data = {"name": "x", "height": "5"}
    assert again.load(data) == subject.load(data) == {"name": "x", "height": 5}
    assert list(again.fields) == ["name", "height"]


def test_loads_takes_the_text_by_marshmallows_name():
    name = list(inspect.signature(Schema.loads).parameters.values())[1]
    if name.kind is name.POSITIONAL_ONLY:
        with pytest.raises(TypeError):
            compiled(Plant).loads(**{name.name: "{}"})
    else:
        text = {name.name: '{"height": 1}'}
        assert compiled(Plant).loads(**text) == {"height": 1}
    assert compiled(Plant).loads(b'[{"x": 1}]', many=True, unknown=EXCLUDE) == [{}]


def test_attributes_are_the_schemas():
    subject = compiled(Plant, many=True)

    assert subject.many is True
    assert list(subject.fields) == ["name", "height"]
    assert subject.opts.render_module.__name__ == "json"
    with pytest.raises(AttributeError, match="nothing"):
        _ = subject.nothing


def test_a_change_through_an_attribute_counts():
    class Pot(Schema):
        size = fields.Integer()

    subject = warmed(compiled(Pot), {"size": 1})
    subject.fields["size"].required = True
    with pytest.raises(ValidationError):
        subject.load({})

    subject.unknown = EXCLUDE
    assert subject.load({"size": 1, "x": 2}) == {"size": 1}


def test_options_that_are_no_keys_of_a_dictionary_work():
    class Labelled(Schema):
        a = fields.Integer()

        def __init__(self, *, labels=None, **options):
            super().__init__(**options)
            self.labels = labels

    subject = compiled(Labelled, labels={"a": ["b"]}, many=True)

    assert subject.load([{"a": "1"}]) == [{"a": 1}]
    assert subject.labels == {"a": ["b"]}
    assert compiled(Labelled, only=["a"]) is compiled(Labelled, only=["a"])


@pytest.mark.parametrize(
    "partial", [("name",), ["name"], {"name"}, frozenset(("name",))]
)
def test_names_that_may_be_missing_are_compiled(partial):
    class Strict(Schema):
        name = fields.String(required=True)
        height = fields.Integer(required=True)

    subject = compiled(Strict(partial=partial))
    assert all(row.how == "compiled" for row in explain(Strict(partial=partial)))
    for _ in range(tiers.SOURCE_AFTER + 5):
        assert subject.load({"height": 1}) == {"height": 1}
        with pytest.raises(ValidationError):
            subject.load({"name": "x"})
    assert subject.load({}, partial=["height", "name"]) == {}


def test_many_kinds_of_partial_do_not_pile_up():
    subject = compiled(Plant())
    for number in range(200):
        subject.load({}, partial=(f"n{number}",))

    assert len(subject._core.loading.ways) <= tiers.MAX_OPTIONS


def test_names_inside_of_nested_fields_may_be_missing():
    class Inner(Schema):
        a = fields.Integer(required=True)
        b = fields.Integer(required=True)

    class Outer(Schema):
        inner = fields.Nested(Inner, data_key="i")
        inners = fields.List(fields.Nested(Inner))

    data = {"i": {"b": 1}, "inners": [{"b": 2}]}
    partial = ("inner.a", "i.a", "inners.a")
    subject = compiled(Outer)
    for _ in range(3):
        assert subject.load(data, partial=partial) == Outer().load(
            data, partial=partial
        )
    for names in (("inner.a",), ("i.a",), ("inner.a", "inners.a"), ("i.a", "inners.a")):
        assert messages(subject, data, names) == messages(Outer(), data, names)


def messages(schema, data, partial):
    try:
        return schema.load(data, partial=partial)
    except ValidationError as error:
        return error.messages


def test_ordered_results_are_compiled():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")

        class Ordered(Schema):
            dict_class = collections.OrderedDict
            b = fields.Integer(data_key="c")
            a = fields.String(load_default="x", attribute="z.y")

    assert all(row.how == "compiled" for row in explain(Ordered))
    subject = compiled(Ordered)
    for _ in range(tiers.SOURCE_AFTER + 5):
        loaded, dumped = subject.load({"c": 1}), subject.dump({"b": 1})
    assert loaded == Ordered().load({"c": 1})
    assert dumped == Ordered().dump({"b": 1})
    assert type(loaded) is type(dumped) is collections.OrderedDict
