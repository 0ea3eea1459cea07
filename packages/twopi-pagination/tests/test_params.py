import pytest
from flask import Flask
from hypothesis import example, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields
from sqlalchemy import create_engine, literal, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from twopi_pagination import InvalidPage, paginated

MOST = 2**63 - 1


class NumberSchema(Schema):
    n = fields.Integer()


COUNTER = select(literal(0).label("n")).cte(recursive=True)
COUNTER = COUNTER.union_all(select(COUNTER.c.n + 1).where(COUNTER.c.n < 149))
NUMBERS = select(COUNTER.c.n).order_by("n")


class Broken(Session):
    """A session in which nothing may run."""

    def execute(self, *_, **__):
        raise AssertionError("SQL was run")


@pytest.fixture(scope="module")
def numbers():
    with Session(create_engine("sqlite://", poolclass=NullPool)) as session:
        yield session


@pytest.fixture
def get(numbers):
    """Return a function that pages the numbers as a query string asks."""
    app = Flask(__name__)

    def page(query_string="", *, session=numbers, config=(), **arguments):
        app.config.update(config)
        with app.test_request_context("/", query_string=query_string):
            return paginated(NUMBERS, NumberSchema, session=session, **arguments).data

    return page


def test_defaults(get):
    data = get()

    assert list(data) == ["offset", "limit", "items", "totalItems"]
    assert (data["offset"], data["limit"], data["totalItems"]) == (0, 20, 150)
    assert data["items"] == [{"n": n} for n in range(20)]


def test_the_query_string_is_read(get):
    data = get("offset=30&limit=2")

    assert data == {
        "offset": 30,
        "limit": 2,
        "items": [{"n": 30}, {"n": 31}],
        "totalItems": 150,
    }


def test_no_request_is_needed(numbers):
    result = paginated(NUMBERS, NumberSchema, 149, 20, session=numbers)

    assert result.data["items"] == [{"n": 149}]
    assert result.errors == {}
    assert result == (result.data, result.errors)
    assert result._fields == ("data", "errors")
    assert paginated(NUMBERS, NumberSchema, session=numbers).data["limit"] == 20


def test_arguments_beat_the_query_string(get):
    assert get("offset=-1&limit=x", offset=1, limit=2)["items"] == [{"n": 1}, {"n": 2}]
    assert get("offset=3&limit=x", limit=1)["items"] == [{"n": 3}]
    assert get("offset=x&limit=1", offset=3)["items"] == [{"n": 3}]


def test_arguments_are_not_clamped(get):
    data = get("", limit=140, max_limit=3)

    assert (data["limit"], len(data["items"])) == (140, 140)


@pytest.mark.parametrize("asked", ["101", "9" * 18, str(MOST), "0" * 5000 + "101"])
def test_a_client_gets_the_maximum_and_is_told(get, asked):
    data = get({"limit": asked})

    assert (data["limit"], len(data["items"])) == (100, 100)


def test_the_maximum_of_one_view(get):
    assert get("limit=50", max_limit=7)["limit"] == 7
    assert get("", max_limit=7)["limit"] == 7
    assert get("limit=120", max_limit=130)["limit"] == 120


def test_settings(get):
    config = {"PAGINATION_DEFAULT_LIMIT": 3, "PAGINATION_MAX_LIMIT": 5}

    assert get(config=config)["limit"] == 3
    assert get("limit=6", config=config)["limit"] == 5


def test_the_offset_can_be_bounded(get):
    config = {"PAGINATION_MAX_OFFSET": 10}

    assert get("offset=10", config=config)["offset"] == 10
    with pytest.raises(InvalidPage, match=r"offset: Must be .* from 0 to 10"):
        get("offset=11", config=config, session=Broken())


def test_the_first_of_repeated_parameters_counts(get):
    assert get("limit=1&limit=2&offset=5&offset=x")["items"] == [{"n": 5}]


def test_the_largest_numbers(get):
    data = get({"offset": str(MOST), "limit": str(MOST)})

    assert (data["offset"], data["items"], data["totalItems"]) == (MOST, [], 150)


BAD = [
    "",
    " ",
    "-1",
    "+5",
    " 7 ",
    "7\n",
    "1_0",
    "٣",
    "\uff15",
    "²",
    "5.0",
    "1e3",
    "0x1",
    "None",
    "1,2",
    "\x00",
    str(MOST + 1),
    "9" * 5000,
]


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("name", ["limit", "offset"])
def test_what_is_no_number_is_refused_before_any_sql(get, name, value):
    with pytest.raises(InvalidPage) as caught:
        get({name: value}, session=Broken())

    error = caught.value
    assert error.code == 422
    assert error.data is None
    assert error.messages == {
        name: [f"Must be a whole number from 0 to {MOST}, in digits only."]
    }


def test_both_complaints_come_at_once(get):
    with pytest.raises(InvalidPage) as caught:
        get("limit=a&offset=b", session=Broken())

    assert set(caught.value.messages) == {"limit", "offset"}


@settings(max_examples=60, deadline=None)
@given(st.text() | st.integers().map(str) | st.from_regex(r"\A[-+ ]?[0-9_.]+\Z"))
@example("007")
def test_any_text_is_a_number_or_refused(numbers, text):
    app = Flask(__name__)

    with app.test_request_context("/", query_string={"offset": text}):
        if text.isascii() and text.isdigit() and int(text) <= MOST:
            data = paginated(NUMBERS, NumberSchema, session=numbers).data
            assert data["offset"] == int(text)
        else:
            with pytest.raises(InvalidPage):
                paginated(NUMBERS, NumberSchema, session=Broken())


@pytest.mark.parametrize("name", ["offset", "limit", "max_limit"])
@pytest.mark.parametrize("value", [-1, 2**63, -(2**70)])
def test_an_argument_out_of_range(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be from 0"):
        paginated(NUMBERS, NumberSchema, session=Broken(), **{name: value})


@pytest.mark.parametrize("name", ["offset", "limit", "max_limit"])
@pytest.mark.parametrize("value", [1.0, True, [1], b"1"])
def test_an_argument_of_another_type(name, value):
    with pytest.raises(TypeError, match=f"^{name} must be an int or None, not"):
        paginated(NUMBERS, NumberSchema, session=Broken(), **{name: value})


def test_arguments_may_be_strings_of_digits(numbers):
    data = paginated(NUMBERS, NumberSchema, "7", "03", session=numbers).data

    assert (data["offset"], data["limit"]) == (7, 3)
    assert data["items"] == [{"n": 7}, {"n": 8}, {"n": 9}]


@pytest.mark.parametrize("value", ["", "-1", "x", "1.0", str(MOST + 1)])
@pytest.mark.parametrize("name", ["offset", "limit"])
def test_an_argument_that_is_not_a_number(name, value):
    with pytest.raises(ValueError, match=f"^{name} is not valid. Must be a whole"):
        paginated(NUMBERS, NumberSchema, session=Broken(), **{name: value})


def post(numbers, query_string="", **request):
    with Flask(__name__).test_request_context(
        "/", method="POST", query_string=query_string, **request
    ):
        data = paginated(NUMBERS, NumberSchema, session=numbers).data
    return data["offset"], data["limit"]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"data": {"offset": "4", "limit": "3"}}, (4, 3)),
        ({"json": {"offset": "4", "limit": 3}}, (4, 3)),
        ({"json": {"limit": 3.0}}, (0, 3)),
        ({"json": {"limit": None}}, (0, 20)),
        ({"json": {"limit": 500}}, (0, 100)),
        ({"json": {"other": 3}}, (0, 20)),
        ({"json": [3]}, (0, 20)),
        ({"data": "{", "content_type": "application/json"}, (0, 20)),
        ({"data": b"limit=3", "content_type": "text/plain"}, (0, 20)),
        ({"json": {"limit": 3}, "query_string": "limit=9"}, (0, 9)),
        ({"data": {"limit": "3"}, "query_string": "offset=1"}, (1, 3)),
    ],
)
def test_a_form_or_json_object_is_read_after_the_query_string(
    numbers, request_, expected
):
    assert post(numbers, **request_) == expected


@pytest.mark.parametrize("value", [-1, 2.5, True, "x", "", [3], {}, MOST + 1, 1e300])
def test_a_bad_number_in_json(value):
    with pytest.raises(InvalidPage, match="limit: Must be") as caught:
        post(Broken(), json={"limit": value})

    assert set(caught.value.messages) == {"limit"}
