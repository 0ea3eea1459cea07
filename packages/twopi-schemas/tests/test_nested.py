"""Schemas of nested fields are looked up when marshmallow looks them up, not before."""

import pytest
from marshmallow import Schema, ValidationError, fields
from marshmallow.exceptions import RegistryError

from twopi_schemas import compiled, explain, tiers


class Leaf(Schema):
    size = fields.Integer()


class Branch(Schema):
    age = fields.Integer()
    late = fields.Nested("NotDefinedAnywhereYet")
    late_ones = fields.List(fields.Nested("NotDefinedAnywhereYet"))
    bad = fields.Nested(Leaf, only=("nothing",))


@pytest.mark.parametrize("make", [lambda: compiled(Branch), lambda: compiled(Branch())])
def test_a_schema_that_cannot_be_found_is_not_needed_for_other_fields(make):
    subject = make()
    for _ in range(tiers.SOURCE_AFTER + 5):
        assert subject.load({"age": "1"}) == {"age": 1}
        assert subject.load({"late_ones": []}) == {"late_ones": []}
        for name in ("late", "bad"):
            with pytest.raises(ValidationError, match="null"):
                subject.load({name: None})
        assert subject.dump({"age": 1}) == {"age": 1}
    with pytest.raises(RegistryError):
        subject.load({"late": {}})
    with pytest.raises(RegistryError):
        subject.load({"late_ones": [{}]})
    with pytest.raises(ValueError, match="nothing"):
        subject.load({"bad": {}})


def test_a_callable_is_called_when_the_field_is_used():
    called = []

    def inner():
        called.append(1)
        return Leaf()

    class Tree(Schema):
        leaf = fields.Nested(inner)
        age = fields.Integer(validate=lambda value: None)

    subject = compiled(Tree)
    for _ in range(tiers.SOURCE_AFTER + 5):
        subject.load({"age": 1})
    assert called == []
    subject.load({"leaf": {}})
    assert called == [1]


def test_a_schema_found_late_is_compiled_then():
    class Tree(Schema):
        leaf = fields.Nested(lambda: Leaf)

    subject = compiled(Tree)
    for _ in range(5):
        subject.load({})
    for _ in range(tiers.SOURCE_AFTER + 5):
        assert subject.load({"leaf": {"size": "1"}}) == {"leaf": {"size": 1}}
    assert "load" in vars(subject)


@pytest.mark.parametrize("calls", [1, 3, tiers.SOURCE_AFTER + 5])
def test_a_shared_instance_behind_a_callable_may_change(calls):
    shared = Leaf()

    class Tree(Schema):
        leaf = fields.Nested(lambda: shared)

    subject = compiled(Tree)
    for _ in range(calls):
        assert subject.load({"leaf": {}}) == {"leaf": {}}
        assert subject.dump({"leaf": {}}) == {"leaf": {}}
    shared.fields["size"].required = True
    shared.fields["size"].dump_default = 5

    with pytest.raises(ValidationError):
        subject.load({"leaf": {}})
    assert subject.dump({"leaf": {}}) == {"leaf": {"size": 5}}


def test_explain_names_the_nested_schema_and_field():
    class Custom(fields.String):
        pass

    class Twig(Schema):
        kind = Custom()

    class Bough(Schema):
        twigs = fields.List(fields.Nested(Twig))

    class Tree(Schema):
        bough = fields.Nested(Bough)

    (why,) = [row.why for row in explain(Tree) if row.call == "load"]

    assert "Bough.twigs: Twig.kind: Custom is not a known field class" in why
