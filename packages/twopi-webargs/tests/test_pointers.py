import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields

import twopi_webargs
from twopi_webargs import error_pointers

PROBLEM = "application/problem+json"


class Seat(Schema):
    number = fields.Integer(required=True)


class Room(Schema):
    name = fields.String(required=True)
    seats = fields.List(fields.Nested(Seat))


@pytest.mark.parametrize(
    ("messages", "pointers"),
    [
        ({}, []),
        ({"json": {"a": ["x", "y"]}}, [("json", "/a", ["x", "y"])]),
        ({"json": {"_schema": ["x"]}}, [("json", "", ["x"])]),
        ({"json": {"a": {"_schema": ["x"]}}}, [("json", "/a", ["x"])]),
        ({"json": {"a/b~c": ["x"]}}, [("json", "/a~1b~0c", ["x"])]),
        ({"json": {"": ["x"]}}, [("json", "/", ["x"])]),
        ({"json": {"a": "x"}}, [("json", "/a", ["x"])]),
        (
            {"query": {"a": ["x"]}, "json": {"b": {0: {"c": ["y"]}}}},
            [("query", "/a", ["x"]), ("json", "/b/0/c", ["y"])],
        ),
    ],
)
def test_messages_point_into_the_request(messages, pointers):
    names = ("location", "pointer", "messages")

    assert error_pointers(messages) == [
        dict(zip(names, pointer, strict=True)) for pointer in pointers
    ]


def resolve(document, pointer):
    """Follow a JSON Pointer as RFC 6901, section 4, says."""
    for step in pointer.split("/")[1:]:
        document = document[step.replace("~1", "/").replace("~0", "~")]
    return document


names = st.text("a/~01 \u00e9", max_size=4)


@given(
    errors=st.dictionaries(
        names,
        st.recursive(
            st.just(["Wrong."]),
            lambda inner: st.dictionaries(names, inner, min_size=1, max_size=3),
            max_leaves=5,
        ),
        max_size=3,
    )
)
def test_a_pointer_leads_to_its_messages(errors):
    for entry in error_pointers({"json": errors}):
        assert resolve(errors, entry["pointer"]) == entry["messages"]


BODY = {"seats": [{"number": 1}, {"number": "x"}]}
ERRORS = [
    {
        "location": "json",
        "pointer": "/name",
        "messages": ["Missing data for required field."],
    },
    {
        "location": "json",
        "pointer": "/seats/1/number",
        "messages": ["Not a valid integer."],
    },
]


def by_pointer(errors):
    return sorted(errors, key=lambda error: error["pointer"])


def test_pointers_style(build, kinds, testing):
    app = build(Room, testing=testing)
    twopi_webargs.init_app(app, style="pointers")
    client = app.test_client()

    for path in kinds:
        answer = client.post(path, json=BODY)
        assert answer.status_code == 422
        assert list(answer.json) == ["_errors"]
        assert by_pointer(answer.json["_errors"]) == ERRORS


def test_problem_style(build, kinds, testing):
    app = build(Room, testing=testing)
    twopi_webargs.init_app(app, style="problem")
    client = app.test_client()

    for path in kinds:
        answer = client.post(path, json=BODY, headers={"Accept": PROBLEM})
        assert (answer.status_code, answer.content_type) == (422, PROBLEM)
        assert answer.headers["Vary"] == "Accept"
        assert by_pointer(answer.json["errors"]) == ERRORS
        assert answer.json["title"].startswith("Unprocessable")
        assert answer.json["type"] == "about:blank"
        assert answer.json["status"] == 422
        assert answer.json["detail"] == "Arguments of the request are not valid."


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/json", f"application/json, {PROBLEM};q=0.5"]
)
def test_problem_style_for_clients_that_do_not_ask(build, kinds, testing, accept):
    app = build(Room, testing=testing)
    twopi_webargs.init_app(app, style="problem")
    client = app.test_client()

    for path in kinds:
        answer = client.post(path, json=[], headers={"Accept": accept})
        assert answer.mimetype == "application/json"
        assert answer.headers["Vary"] == "Accept"
        assert answer.json == {"json": {"_schema": ["Invalid input type."]}}
