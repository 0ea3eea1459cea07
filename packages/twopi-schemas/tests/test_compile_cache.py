"""Each schema is compiled once; a bounded number is remembered."""

import gc
import weakref

import pytest
from marshmallow import Schema, fields

from twopi_schemas import compile_cache, compiled


class Pet(Schema):
    name = fields.String()
    age = fields.Integer()


@pytest.fixture(autouse=True)
def _fresh():
    compile_cache.clear()
    yield
    compile_cache.clear()


def test_the_same_class_and_options_give_the_same_object():
    assert compiled(Pet) is compiled(Pet)
    assert compiled(Pet, many=True) is compiled(Pet, many=True)
    assert compiled(Pet, only=["name"]) is compiled(Pet, only=["name"])
    assert compiled(Pet, exclude={"name"}) is compiled(Pet, exclude={"name"})
    assert compiled(Pet) is not compiled(Pet, many=True)
    assert compiled(Pet, partial=True) is not compiled(Pet, partial=1)


def test_the_order_of_only_counts():
    first = compiled(Pet, only=("name", "age"))
    second = compiled(Pet, only=("age", "name"))

    assert list(first.dump({"name": "x", "age": 1})) == ["name", "age"]
    assert list(second.dump({"name": "x", "age": 1})) == ["age", "name"]


def test_the_same_instance_gives_the_same_object():
    one, other = Pet(), Pet()

    assert compiled(one) is compiled(one)
    assert compiled(one) is not compiled(other)


def test_old_schemas_are_forgotten(monkeypatch):
    monkeypatch.setattr(compile_cache, "MAX_SCHEMAS", 10)
    kept = compiled(Pet)
    first = Schema.from_dict({"a": fields.String()})
    gone = weakref.ref(compiled(first))
    for _ in range(50):
        compiled(Schema.from_dict({"a": fields.String()}))
        compiled(Pet)
    gc.collect()

    assert gone() is None
    assert compiled(Pet) is kept
    assert len(compile_cache._known) == 10


@pytest.mark.parametrize("wrong", [None, 5, "Pet", fields.String(), dict])
def test_what_is_no_schema_is_refused(wrong):
    with pytest.raises(TypeError, match="marshmallow schema"):
        compiled(wrong)


def test_options_are_for_classes():
    with pytest.raises(TypeError, match="give options to its class"):
        compiled(Pet(), many=True)
    with pytest.raises(TypeError):
        compiled(Pet, wrong=1)
    with pytest.raises(ValueError, match="Invalid fields"):
        compiled(Pet, only=("shoe",))
