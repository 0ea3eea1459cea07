"""marshmallow first, then an interpreted program, then generated source."""

import gc
import linecache
import sys
import threading
import traceback
import weakref

import pytest
from marshmallow import Schema, ValidationError, fields, validate

from twopi_schemas import codegen, compiled, tiers
from twopi_schemas.compile_cache import COMPILED


class Note(Schema):
    text = fields.String(validate=validate.Length(max=10))
    stars = fields.Integer()


def generated(subject, data=None):
    for _ in range(tiers.SOURCE_AFTER + 5):
        subject.load(data or {})
        subject.dump(data or {})
    return subject


def test_a_schema_of_one_request_is_not_compiled():
    subject = compiled(Note(only=("text",)))
    subject.load({"text": "a"})
    subject.dump({"text": "a"})

    assert subject._core is None


def test_schemas_of_requests_do_not_evict_hot_classes_and_are_freed():
    hot = compiled(Note)
    gone = []
    for _ in range(600):
        schema = Note()
        compiled(schema)
        gone.append(weakref.ref(schema))
    del schema
    gc.collect()

    assert compiled(Note) is hot
    assert not any(each() for each in gone)


def test_numbers_of_calls_decide():
    subject = compiled(Note())
    for _ in range(tiers.INTERPRETED_AFTER):
        subject.load({})
    assert subject._core is None
    for _ in range(tiers.SOURCE_AFTER):
        subject.load({})
    assert "load" not in vars(subject)
    subject.load({})
    assert "load" in vars(subject)
    assert "dump" not in vars(subject)


def test_a_method_taken_before_goes_on_to_work():
    subject = compiled(Note())
    load, dump = subject.load, subject.dump
    generated(subject)

    assert load({"stars": "5"}) == {"stars": 5}
    assert dump({"stars": 5}, many=False) == {"stars": 5}
    with pytest.raises(ValidationError):
        load({"stars": "x"})


ODD = [
    "a'b",
    'a"b',
    "a\nb",
    "a\\",
    "{x}",
    "%s",
    "__dunder__",
    "__mangled",
    "class",
    "\ud800",
    "ﬁ",
    "é",
    "",
    "a b",
    "import os",
    "')); raise SystemExit(1) #",
]


@pytest.mark.parametrize("key", ODD)
def test_odd_keys_and_attributes_are_data(key):
    class Odd(Schema):
        plain = fields.Integer(data_key=key)
        other = fields.Integer(attribute=key or None)

    class Thing:
        pass

    thing = Thing()
    thing.plain = 3
    setattr(thing, key, 4)
    plain, subject = Odd(), generated(compiled(Odd), {key: 1, "other": 2})
    for data in ({key: 1, "other": "2"}, {}, {"other": 1}):
        assert subject.load(data) == plain.load(data)
    for obj in (thing, {"plain": 3, key: 4}, vars(thing)):
        assert subject.dump(obj) == plain.dump(obj)


def test_names_of_classes_are_data():
    made = type("X\n)('", (Schema,), {"a'": fields.Integer()})

    assert generated(compiled(made())).load({"a'": "1"}) == {"a'": 1}


def test_a_traceback_shows_the_generated_line():
    class Thing:
        @property
        def stars(self):
            raise RuntimeError("broken")

    subject = generated(compiled(Note()))
    with pytest.raises(RuntimeError) as caught:
        subject.dump(Thing())

    assert "= obj.stars\n" in "".join(traceback.format_exception(caught.value))


def test_source_goes_with_the_schema():
    before = set(linecache.cache)
    subject = generated(compiled(Note()))
    names = set(linecache.cache) - before
    assert "def load(" in codegen.source_of(vars(subject)["load"])
    del subject
    gc.collect()

    assert names
    assert not names & set(linecache.cache)


def test_classes_of_objects_do_not_pile_up():
    subject = generated(compiled(Note()))
    for number in range(300):
        kind = type(f"Kind{number}", (), {"stars": number})
        assert subject.dump(kind()) == {"stars": number}
    before = len(linecache.cache)
    for number in range(300):
        subject.dump(type(f"Kind{number}", (), {"stars": number})())

    assert len(linecache.cache) == before


def test_many_threads_switch_one_schema_at_once():
    failures = []
    start = threading.Barrier(6)
    interval = sys.getswitchinterval()
    subjects = [compiled(Note()) for _ in range(5)]

    def work():
        start.wait(60)
        for subject in subjects:
            for number in range(tiers.SOURCE_AFTER * 2):
                if subject.load({"stars": str(number)}) != {"stars": number}:
                    failures.append(number)
                if subject.dump({"stars": number}) != {"stars": number}:
                    failures.append(number)

    threads = [threading.Thread(target=work) for _ in range(6)]
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        sys.setswitchinterval(interval)

    assert failures == []
    assert all("load" in vars(subject) for subject in subjects)


def test_a_copy_of_a_schema_has_a_compiled_form_of_its_own():
    schema = Note()
    generated(compiled(schema))
    inner = fields.Nested(schema).schema  # marshmallow copies the instance

    assert getattr(inner, COMPILED)._schema is schema
    assert compiled(inner)._schema is inner
