"""Whatever the schema and the data: what marshmallow does is what is done.

`TWOPI_SCHEMAS_EXAMPLES=10000` makes 10,000 schemas a test (20 cases each)
instead of the 100 of an ordinary run.
"""

import copy
import os
import warnings

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from twopi_schemas import install, tiers, uninstall
from twopi_schemas.schema import CompiledSchema

EXAMPLES = int(os.environ.get("TWOPI_SCHEMAS_EXAMPLES", "100"))
CASES = 20

many_schemas = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
    print_blob=False,
)
randoms = st.randoms(use_true_random=True)


TIERS = {
    "mixed": (1, 6),
    "interpreted": (0, 10**9),
    "generated": (0, 0),
    "installed": (0, 2),
}


@pytest.fixture(params=TIERS, autouse=True)
def tier(request, monkeypatch):
    """Run each test by the interpreted program, by generated source, and by both."""
    first, source = TIERS[request.param]
    monkeypatch.setattr(tiers, "INTERPRETED_AFTER", first)
    monkeypatch.setattr(tiers, "SOURCE_AFTER", source)
    return request.param


class Installed:
    """A schema whose calls run while the fast path is installed."""

    def __init__(self, schema):
        self._schema = schema

    def load(self, *args, **options):
        return self._call(self._schema.load, args, options)

    def dump(self, *args, **options):
        return self._call(self._schema.dump, args, options)

    def _call(self, method, args, options):
        install()
        try:
            # the class has another method now
            return getattr(self._schema, method.__name__)(*args, **options)
        finally:
            uninstall()


@pytest.fixture(autouse=True)
def _quiet():
    """Marshmallow 3 warns of what 4 removes; both sides do so alike."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def pair(make, tier, *, watched=None):
    """Return a schema, its equal, and the compiled form of the equal."""
    while True:
        schema = made(make.schema)
        options = schema and made(make.instance_options, schema)
        reference = schema and made(schema, **options)
        if reference is not None:
            if tier == "installed":
                return reference, Installed(schema(**options))
            watch = make.chance(0.5) if watched is None else watched
            return reference, CompiledSchema(schema(**options), watched=watch)


def made(maker, *args, **kwargs):
    """Return what was made, or nothing if the random choices fit ill."""
    try:
        return maker(*args, **kwargs)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def call_options(make):
    options = {}
    if make.chance(0.15):
        options["many"] = make.chance(0.5)
    if make.chance(0.15):
        options["partial"] = make.pick(True, False, ["a"], ("b.c", "b"))
    if make.chance(0.15):
        options["unknown"] = make.pick("raise", "exclude", "include", "other")
    return options


@many_schemas
@given(randoms)
def test_load_equals_marshmallow(generator, outcome_of, tier, random):
    make = generator(random)
    reference, subject = pair(make, tier)
    for _ in range(CASES):
        options = call_options(make)
        many = options.get("many", reference.many)
        data = made(make.data, reference, many=many)
        same = copied(data)

        theirs = outcome_of(make.log, reference.load, data, **options)
        ours = outcome_of(make.log, subject.load, same, **options)

        assert ours == theirs, (data, options, reference.fields)


@many_schemas
@given(randoms)
def test_dump_equals_marshmallow(generator, outcome_of, tier, random):
    make = generator(random)
    reference, subject = pair(make, tier)
    for _ in range(CASES):
        options = {"many": make.chance(0.5)} if make.chance(0.2) else {}
        many = options.get("many", reference.many)
        obj = made(make.objects, reference, many=many)

        theirs = outcome_of(make.log, reference.dump, obj, **options)
        ours = outcome_of(make.log, subject.dump, obj, **options)

        assert ours == theirs, (obj, options, reference.fields)


@many_schemas
@given(randoms)
def test_changes_are_honoured(generator, outcome_of, tier, random):
    make = generator(random)
    reference, subject = pair(make, tier, watched=True)
    for _ in range(CASES // 2):
        change = make.change()
        change(reference)
        change(subject._schema)
        data = made(make.data, reference, many=reference.many)
        same = copied(data)
        obj = made(make.objects, reference, many=reference.many)

        theirs = outcome_of(make.log, reference.load, data)
        ours = outcome_of(make.log, subject.load, same)
        assert ours == theirs, (data, reference.fields)

        theirs = outcome_of(make.log, reference.dump, obj)
        ours = outcome_of(make.log, subject.dump, obj)
        assert ours == theirs, (obj, reference.fields)


def copied(data):
    try:
        return copy.deepcopy(data)
    except TypeError:
        return data
