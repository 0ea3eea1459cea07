"""Each name of marshmallow that is not public API, as this package relies on it."""

import inspect

import pytest
from marshmallow import Schema, decorators, fields, post_load
from marshmallow.error_store import ErrorStore

from twopi_schemas import marshmallow_internals


def parameters(function):
    return set(inspect.signature(function).parameters)


@pytest.mark.parametrize(
    "name",
    sorted({*marshmallow_internals.LOAD_METHODS, *marshmallow_internals.DUMP_METHODS}),
)
def test_schema_methods_whose_override_matters_exist(name):
    assert callable(getattr(Schema, name))


def test_do_load_calls_deserialize_with_these_names():
    """`Schema._do_load` and `Schema._deserialize`."""
    assert parameters(Schema._do_load) >= {"data", "many", "partial", "unknown"}
    assert parameters(Schema._deserialize) == {
        *("self", "data", "error_store", "many", "partial", "unknown", "index")
    }


def test_dump_calls_serialize_with_these_names():
    """`Schema._serialize`."""
    assert parameters(Schema._serialize) == {"self", "obj", "many"}


def test_hooks_are_listed_by_kind():
    """`Schema._hooks` and the names of the kinds in `marshmallow.decorators`."""

    class Hooked(Schema):
        @post_load
        def make(self, data, **_):
            return data

    assert Hooked()._hooks[decorators.POST_LOAD][0][0] == "make"
    assert marshmallow_internals.load_hooks(Hooked()) == ["post_load"]
    assert marshmallow_internals.dump_hooks(Hooked()) == []
    kinds = ("PRE_LOAD", "VALIDATES", "VALIDATES_SCHEMA", "PRE_DUMP", "POST_DUMP")
    assert all(hasattr(decorators, kind) for kind in kinds)


def test_fields_convert_with_these_methods():
    """`Field._serialize`, `_deserialize`, `_validate`, `_validate_missing`."""
    assert {"value", "attr", "data"} <= parameters(fields.Field._deserialize)
    assert {"value", "attr", "obj"} <= parameters(fields.Field._serialize)
    assert parameters(fields.Field._validate) == {"self", "value"}
    assert parameters(fields.Field._validate_missing) == {"self", "value"}
    assert fields.Field._CHECK_ATTRIBUTE is True
    assert fields.Method._CHECK_ATTRIBUTE is False


def test_names_inside_of_partial_begin_with_the_name_or_the_key():
    """`Schema._deserialize`, which asks for one or the other."""

    class Inner(Schema):
        a = fields.Integer(required=True)

    class Outer(Schema):
        inner = fields.Nested(Inner, data_key="key")

    name = "inner.a" if marshmallow_internals.PARTIAL_BY_NAME else "key.a"
    assert Outer().load({"key": {}}, partial=(name,)) == {"inner": {}}


def test_pluck_tells_its_key():
    """`Pluck._field_data_key`."""

    class Inner(Schema):
        name = fields.String(data_key="n")

    class Outer(Schema):
        inner = fields.Pluck(Inner, "name")

    assert marshmallow_internals.plucked_key(Outer().fields["inner"]) == "n"


def test_error_store_collects_by_field_and_index():
    """`marshmallow.error_store.ErrorStore`."""
    store = ErrorStore()
    store.store_error(["no"], "name", index=3)

    assert store.errors == {3: {"name": ["no"]}}
    assert marshmallow_internals.ErrorStore is ErrorStore
