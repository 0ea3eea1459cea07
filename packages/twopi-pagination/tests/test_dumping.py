import threading

import pytest
from marshmallow import EXCLUDE, Schema, fields, post_dump
from sqlalchemy import create_engine, literal, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from twopi_pagination import paginated

NUMBERS = union_all(
    *(select(literal(n).label("n"), literal(n * n).label("square")) for n in range(3))
).order_by("n")


class NumberSchema(Schema):
    n = fields.Integer()
    square = fields.Integer()


@pytest.fixture
def dump():
    def page(schema_type):
        with Session(create_engine("sqlite://", poolclass=NullPool)) as session:
            return paginated(NUMBERS, schema_type, 1, 1, session=session).data["items"]

    return page


@pytest.mark.parametrize(
    ("schema", "items"),
    [
        (NumberSchema, [{"n": 1, "square": 1}]),
        (NumberSchema(), [{"n": 1, "square": 1}]),
        (NumberSchema(many=True), [{"n": 1, "square": 1}]),
        (NumberSchema(only=["n"]), [{"n": 1}]),
        (NumberSchema(exclude=["n"], unknown=EXCLUDE), [{"square": 1}]),
    ],
)
def test_a_class_or_an_instance(dump, schema, items):
    assert dump(schema) == items


def test_hooks_run(dump):
    class Wrapped(NumberSchema):
        @post_dump
        def wrap(self, data, **_):
            return {"number": data}

    assert dump(Wrapped) == [{"number": {"n": 1, "square": 1}}]


def test_a_class_is_instantiated_once(dump):
    made = []

    class Counted(NumberSchema):
        def __init__(self, *arguments, **options):
            made.append(self)
            super().__init__(*arguments, **options)

    for _ in range(5):
        dump(Counted)

    assert len(made) == 1


def test_classes_of_one_name_are_told_apart(dump):
    def make(field):
        return type("Same", (Schema,), {field: fields.Integer()})

    assert dump(make("n")) == [{"n": 1}]
    assert dump(make("square")) == [{"square": 1}]


def test_no_class_is_made_for_a_page(dump):
    dump(NumberSchema)
    before = len(Schema.__subclasses__())

    dump(NumberSchema)

    assert len(Schema.__subclasses__()) == before


def test_threads_share_a_schema(dump):
    class Shared(NumberSchema):
        pass

    results = []
    start = threading.Barrier(8)

    def work():
        start.wait()
        results.extend(dump(Shared) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == [[{"n": 1, "square": 1}]] * 40


@pytest.mark.parametrize("schema", ["NumberSchema", None, dict, fields.Integer()])
def test_something_else_for_a_schema(dump, schema):
    with pytest.raises(TypeError, match="schema_type must be a marshmallow Schema"):
        dump(schema)
