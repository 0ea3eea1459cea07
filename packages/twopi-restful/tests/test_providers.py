import dataclasses
import enum
import json
import math
import uuid
from collections import namedtuple
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from flask import Flask, jsonify, request
from flask_restful import Api, Resource
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

import twopi_restful
from twopi_restful import JSONProvider, OrjsonProvider

app = Flask(__name__)
PROVIDERS = [JSONProvider, OrjsonProvider]
Pair = namedtuple("Pair", "left right")  # noqa: PYI024


class Color(enum.Enum):
    RED = "red"
    PRICE = Decimal("1.5")


class Size(enum.IntEnum):
    SMALL = 1


class Name(enum.StrEnum):
    ADA = "ada"


@dataclasses.dataclass
class Line:
    name: str
    price: Decimal
    inner: "Line | None" = None
    _hidden: int = 1


@pytest.fixture(params=PROVIDERS)
def provider(request):
    return request.param(app)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("1.10"), "1.10"),
        (Decimal("1E+1000000"), "1E+1000000"),
        (Decimal("NaN"), None),
        (Decimal("-Infinity"), None),
        (datetime(2026, 2, 28, 9, 30, tzinfo=UTC), "2026-02-28T09:30:00+00:00"),
        (datetime(2026, 2, 28, 9, 30, 0, 5), "2026-02-28T09:30:00.000005"),  # noqa: DTZ001
        (
            datetime(1, 1, 1, tzinfo=timezone(timedelta(minutes=53, seconds=28))),
            "0001-01-01T00:00:00+00:53:28",
        ),
        (date(2026, 2, 28), "2026-02-28"),
        (time(9, 30, tzinfo=UTC), "09:30:00+00:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Color.RED, "red"),
        (Color.PRICE, "1.5"),
        (Size.SMALL, 1),
        (Name.ADA, "ada"),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ({None}, [None]),
        (Pair(1, Decimal(2)), [1, "2"]),
        (Markup("<b>"), "<b>"),
        (math.nan, None),
        ([{"a": [math.inf, -math.inf, 1.5]}], [{"a": [None, None, 1.5]}]),
        ({1: "a", 2: "b"}, {"1": "a", "2": "b"}),
        (2**64, 2**64),
        ("\ud800", "\ud800"),
        ("é\u2028", "é\u2028"),
        (
            Line("a", Decimal("1.10"), Line("b", Decimal("NaN"))),
            {
                "name": "a",
                "price": "1.10",
                "_hidden": 1,
                "inner": {"name": "b", "price": None, "inner": None, "_hidden": 1},
            },
        ),
    ],
)
def test_values_are_written(provider, value, written):
    assert json.loads(provider.dumps(value)) == written
    assert json.loads(provider.dumps(value, indent=2)) == written
    with app.app_context():
        assert provider.response(value).json == written


@pytest.mark.parametrize("kind", PROVIDERS)
@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("1.10"), "1.1"),
        (Decimal(42), "42"),
        (Decimal("42.0"), "42.0"),
        (Decimal("-0.5"), "-0.5"),
        (Decimal(2**60), str(float(2**60))),
        (Decimal("NaN"), "null"),
    ],
)
def test_decimals_as_numbers(kind, value, written):
    text = kind(app, decimals="number").dumps(value)

    assert json.loads(text) == json.loads(written)
    assert ("." in text) == ("." in written)


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_decimal_beyond_doubles_is_no_number(kind):
    with pytest.raises(OverflowError, match="decimals"):
        kind(app, decimals="number").dumps(Decimal("1E+400"))


@pytest.mark.parametrize("kind", PROVIDERS)
def test_other_ways_to_write_decimals_are_refused(kind):
    with pytest.raises(ValueError, match="decimals"):
        kind(app, decimals="float")


def test_what_is_no_json_is_refused(provider):
    circle = []
    circle.append(circle)

    with pytest.raises(TypeError):
        provider.dumps(object())
    with pytest.raises(TypeError):
        provider.dumps(Line)
    with pytest.raises((ValueError, RecursionError)):
        provider.dumps(circle)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}'])
def test_numbers_that_are_none_are_not_read(provider, text):
    with pytest.raises(ValueError, match="no JSON"):
        provider.loads(text)


def test_long_integers_are_read_exactly(provider):
    assert provider.loads(str(2**80)) == 2**80
    assert provider.loads(b'"\xc3\xa9"') == "é"


@pytest.mark.parametrize("sort", [True, False])
@pytest.mark.parametrize("kind", PROVIDERS)
def test_keys_are_sorted_if_the_provider_says_so(kind, sort):
    provider = kind(app)
    provider.sort_keys = sort

    assert list(json.loads(provider.dumps({"b": 1, "a": 2}))) == (
        ["a", "b"] if sort else ["b", "a"]
    )


@pytest.mark.parametrize("kind", PROVIDERS)
def test_an_app_writes_and_reads_with_it(kind):
    class Room(Resource):
        def get(self):
            return {"price": Decimal("1.10"), "day": date(2026, 2, 28)}

        def post(self):
            return twopi_restful.get_and_expect_json()

    app = Flask(__name__)
    app.json = kind(app, decimals="number")
    app.secret_key = "secret"
    api = Api(app)
    api.add_resource(Room, "/resource")
    twopi_restful.init_app(app, api)

    @app.get("/plain")
    def plain():
        return jsonify(Room().get())

    client = app.test_client()
    with client.session_transaction() as session:
        session["name"] = "é"

    assert client.get("/resource").data == client.get("/plain").data
    assert client.get("/plain").json == {"price": 1.1, "day": "2026-02-28"}
    assert client.post("/resource", json={"a": [1]}).json == {"a": [1]}
    refused = client.post(
        "/resource", data='{"a": NaN}', content_type="application/json"
    )
    assert refused.status_code == 400
    with app.test_request_context(json={"a": 1}):
        assert request.get_json() == {"a": 1}


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.decimals()
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.dates()
    | st.times()
    | st.uuids()
    | st.sampled_from(Color)
    | st.frozensets(st.integers()),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(), inner)
        | st.tuples(inner, inner)
        | st.builds(Line, st.text(), st.decimals(), inner)
    ),
    max_leaves=12,
)


@given(value=values, decimals=st.sampled_from(["string", "number"]))
def test_both_providers_write_the_same_valid_json(value, decimals):
    outcomes = []
    for kind in PROVIDERS:
        try:
            text = kind(app, decimals=decimals).dumps(value)
        except OverflowError:
            outcomes.append(OverflowError)
        else:
            outcomes.append(json.loads(text, parse_constant=pytest.fail))

    assert outcomes[0] == outcomes[1]
