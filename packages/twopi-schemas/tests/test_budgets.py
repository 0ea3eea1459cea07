"""What a warm call does, counted instead of timed: the same in every process.

A budget is a bound on the function calls of one call: Python functions and C
functions. marshmallow's own figures stand beside for comparison; they only have to
be far larger.
"""

import datetime as dt
import decimal
import sys
import types
import uuid

import pytest
from marshmallow import EXCLUDE, Schema, fields, validate

from twopi_schemas import compiled, tiers
from twopi_schemas.dump import side as dump_side
from twopi_schemas.load import side as load_side


class Claims(Schema):
    class Meta:
        unknown = EXCLUDE

    iss = fields.String()
    sub = fields.String()
    scopes = fields.List(fields.String())
    iat = fields.Integer()
    exp = fields.Integer()


class Line(Schema):
    sku = fields.String(required=True)
    quantity = fields.Integer(load_default=1)


class Order(Schema):
    number = fields.String(required=True, validate=validate.Length(min=3, max=20))
    customer = fields.UUID(required=True)
    placed = fields.DateTime()
    priority = fields.Integer(validate=validate.Range(min=0, max=9))
    currency = fields.String(validate=validate.OneOf(["EUR", "USD", "NZD"]))
    price = fields.Decimal(as_string=True)
    gift = fields.Boolean()
    lines = fields.List(fields.Nested(Line))


CLAIMS = {"iss": "i", "sub": "s", "scopes": ["a", "b"], "iat": 1, "exp": 2}
ORDER = {
    "number": "A-1001",
    "customer": "12345678-1234-5678-1234-567812345678",
    "placed": "2026-11-22T18:30:00+00:00",
    "priority": 3,
    "currency": "NZD",
    "price": "4.50",
    "gift": True,
    "lines": [{"sku": "tea", "quantity": 2}, {"sku": "cup"}],
}
ORDERS = [
    types.SimpleNamespace(
        number="A-1001",
        customer=uuid.UUID(int=1),
        placed=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
        priority=3,
        currency="NZD",
        price=decimal.Decimal("4.50"),
        gift=True,
        lines=[{"sku": "tea", "quantity": 2}],
    )
] * 10


def calls(function):
    """Return how many Python and C functions a warm *function* calls."""
    counts = {"call": 0, "c_call": 0}

    def count(_, event, __):
        if event in counts:
            counts[event] += 1

    for _ in range(2 * tiers.SOURCE_AFTER):
        function()
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return counts["call"] - 1, counts["c_call"] - 1


# call: (budget of Python calls, budget of C calls)
BUDGETS = {
    "load claims": (1, 4),
    "load claims, instance": (2, 12),
    "load an order": (8, 32),
    "dump ten orders": (52, 52),
}
SUBJECTS = {
    "load claims": (compiled(Claims), "load", CLAIMS),
    "load claims, instance": (compiled(Claims()), "load", CLAIMS),
    "load an order": (compiled(Order), "load", ORDER),
    "dump ten orders": (compiled(Order, many=True), "dump", ORDERS),
}


@pytest.mark.parametrize("name", BUDGETS)
def test_calls_stay_within_their_budget(name):
    subject, method, argument = SUBJECTS[name]
    python, c = calls(lambda: getattr(subject, method)(argument))

    assert python <= BUDGETS[name][0]
    assert c <= BUDGETS[name][1]


@pytest.mark.parametrize("name", BUDGETS)
def test_the_count_is_the_same_each_time(name):
    subject, method, argument = SUBJECTS[name]

    counts = {calls(lambda: getattr(subject, method)(argument)) for _ in range(5)}

    assert len(counts) == 1


@pytest.mark.parametrize("name", BUDGETS)
def test_marshmallow_calls_far_more(name):
    subject, method, argument = SUBJECTS[name]
    ours = sum(calls(lambda: getattr(subject, method)(argument)))

    theirs = sum(calls(lambda: getattr(subject._schema, method)(argument)))

    assert theirs > 5 * ours


@pytest.mark.parametrize("name", BUDGETS)
def test_a_warm_call_makes_no_schema_and_compiles_nothing(monkeypatch, name):
    subject, method, argument = SUBJECTS[name]
    for _ in range(2 * tiers.SOURCE_AFTER):
        getattr(subject, method)(argument)
    made = []
    monkeypatch.setattr(Schema, "_init_fields", made.append)
    monkeypatch.setattr(load_side, "compile_load", made.append)
    monkeypatch.setattr(dump_side, "compile_dump", made.append)

    getattr(subject, method)(argument)

    assert made == []
