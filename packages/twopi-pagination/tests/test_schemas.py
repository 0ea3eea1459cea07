import pytest
from apiflask import APIFlask
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from flask.views import MethodView
from flask_smorest import Api, Blueprint
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields
from sqlalchemy import create_engine, literal, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from twopi_pagination import (
    CursorParameters,
    OffsetParameters,
    Sort,
    SortField,
    cursor_paginated,
    page_schema,
    paginated,
    parameters,
)

COUNTER = select(literal(0).label("n")).cte(recursive=True)
COUNTER = COUNTER.union(select(COUNTER.c.n + 1).where(COUNTER.c.n < 149))
NUMBERS = select(COUNTER.c.n).order_by(COUNTER.c.n)
SORT = Sort({"n": COUNTER.c.n, "odd": COUNTER.c.n % 2}, default="-n")
MOST = 2**63 - 1


class NumberSchema(Schema):
    """With a field that cannot be dumped twice."""

    n = fields.Integer()
    half = fields.Function(lambda row: row.n / 2)


class SortedParameters(OffsetParameters):
    sort = SortField(SORT)


@pytest.fixture(scope="module")
def session():
    with Session(create_engine("sqlite://", poolclass=NullPool)) as session:
        yield session


@pytest.fixture
def smorest(session):
    app = Flask(__name__)
    app.config |= {
        "API_TITLE": "Numbers",
        "API_VERSION": "1",
        "OPENAPI_VERSION": "3.1.0",
        "SECRET_KEY": "s",
    }
    numbers = Blueprint("numbers", "numbers")

    @numbers.route("/numbers")
    class Numbers(MethodView):
        @numbers.arguments(SortedParameters, location="query")
        @numbers.response(200, page_schema(NumberSchema))
        def get(self, arguments):
            arguments.pop("sort", None)
            result = paginated(
                NUMBERS, NumberSchema, session=session, sort=SORT, **arguments
            )
            return result.data, result.headers

    @numbers.route("/walk")
    class Walk(MethodView):
        @numbers.arguments(CursorParameters, location="query")
        @numbers.response(200, page_schema(NumberSchema, "cursor", count="exact"))
        def get(self, arguments):
            options = {"session": session, "count": "exact", **arguments}
            return cursor_paginated(NUMBERS, NumberSchema, **options).data

    Api(app).register_blueprint(numbers)
    return app


@pytest.fixture
def apiflask(session):
    app = APIFlask(__name__)
    app.config["SECRET_KEY"] = "s"

    @app.get("/numbers")
    @app.input(SortedParameters, location="query")
    @app.output(page_schema(NumberSchema))
    def numbers(query_data):
        query_data.pop("sort", None)
        return paginated(
            NUMBERS, NumberSchema, session=session, sort=SORT, **query_data
        ).data

    @app.get("/walk")
    @app.input(CursorParameters, location="query")
    @app.output(page_schema(NumberSchema, "cursor", count="exact"))
    def walk(query_data):
        options = {"session": session, "count": "exact", **query_data}
        return cursor_paginated(NUMBERS, NumberSchema, **options).data

    return app


@pytest.fixture(params=["smorest", "apiflask"])
def app(request):
    return request.getfixturevalue(request.param)


def spec_of(app):
    found = app.test_client().get("/openapi.json")
    if found.status_code == 200:
        return found.json
    return app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()


def test_the_frameworks_page(app):
    data = app.test_client().get("/numbers?offset=3&limit=2&sort=n").json

    assert data == {
        "offset": 3,
        "limit": 2,
        "items": [{"n": 3, "half": 1.5}, {"n": 4, "half": 2.0}],
        "totalItems": 150,
    }
    assert app.test_client().get("/numbers?limit=1").json["items"][0]["n"] == 149


def test_the_frameworks_walk(app):
    client = app.test_client()
    found, cursor = [], None
    while True:
        asked = {"limit": 60} | ({"cursor": cursor} if cursor else {})
        data = client.get("/walk", query_string=asked).json
        assert data["totalItems"] == 150
        found += [item["n"] for item in data["items"]]
        cursor = data["next"]
        if cursor is None:
            break

    assert found == list(range(150))


def test_the_maximum_holds_in_the_frameworks(app):
    app.config["PAGINATION_MAX_LIMIT"] = 7
    client = app.test_client()

    assert client.get("/numbers?limit=500").json["limit"] == 7
    assert client.get("/walk?limit=500").json["limit"] == 7


@pytest.mark.parametrize(
    "asked",
    ["limit=-1", "offset=x", f"limit={MOST + 1}", "sort=half", "sort=", "offset=1_0"],
)
def test_the_frameworks_refuse(app, asked):
    answer = app.test_client().get(f"/numbers?{asked}")

    assert answer.status_code == 422
    assert "Must be" in answer.text


@pytest.mark.parametrize("asked", ["limit=0", "cursor=x", "cursor=" + 5000 * "a"])
def test_the_frameworks_refuse_cursors(app, asked):
    assert app.test_client().get(f"/walk?{asked}").status_code == 422


def test_the_frameworks_document_it(app):
    spec = spec_of(app)

    operation = spec["paths"]["/numbers"]["get"]
    documented = {each["name"]: each for each in operation["parameters"]}
    for expected in parameters("offset", sort=SORT):
        found = documented[expected["name"]]
        assert {key: found[key] for key in expected} == expected
    content = operation["responses"]["200"]["content"]["application/json"]
    assert content["schema"] == {"$ref": "#/components/schemas/NumberPage"}
    page = spec["components"]["schemas"]["NumberPage"]
    assert set(page["required"]) == {"offset", "limit", "items", "totalItems"}
    assert page["properties"]["items"]["items"]["$ref"].startswith(
        "#/components/schemas/Number"
    )
    walked = spec["components"]["schemas"]["NumberCursorPage"]
    assert set(walked["properties"]) == {"limit", "items", "next", "prev", "totalItems"}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("kind", "schema"), [("offset", SortedParameters), ("cursor", CursorParameters)]
)
def test_parameters_are_what_apispec_says(version, kind, schema):
    plugin = MarshmallowPlugin()
    APISpec("Numbers", "1", version, plugins=[plugin])

    expected = plugin.converter.schema2parameters(schema(), location="query")

    sort = SORT if kind == "offset" else None
    assert parameters(kind, sort=sort) == expected


@given(
    name=st.sampled_from(["offset", "limit", "sort"]),
    text=st.text() | st.integers().map(str) | st.sampled_from(["n", "-n,odd", "n,n"]),
)
def test_the_schema_says_what_paginated_says(name, text):
    app = Flask(__name__)
    with (
        Session(create_engine("sqlite://", poolclass=NullPool)) as session,
        app.test_request_context(query_string={name: text}),
    ):
        outcomes = [
            outcome(lambda: SortedParameters().load({name: text})),
            outcome(
                lambda: (
                    paginated(NUMBERS, NumberSchema, session=session, sort=SORT).data
                )
            ),
        ]

    loaded, page = outcomes
    if isinstance(page, ValidationError):
        assert loaded.messages == page.messages
    else:
        assert loaded == {name: page.get(name, text)}


def outcome(call):
    try:
        return call()
    except ValidationError as error:
        return error


def test_the_schema_knows_the_settings():
    app = Flask(__name__)
    app.config["PAGINATION_MAX_LIMIT"] = 7
    app.config["PAGINATION_MAX_OFFSET"] = 70
    with app.app_context():
        assert OffsetParameters().load({"limit": "8"}) == {"limit": 7}
        with pytest.raises(ValidationError, match="from 0 to 70"):
            OffsetParameters().load({"offset": "71"})
        app.config["PAGINATION_OVER_LIMIT"] = "reject"
        with pytest.raises(ValidationError, match="from 0 to 7,"):
            OffsetParameters().load({"limit": "8"})


def test_what_else_is_in_the_query_string_is_left_alone():
    assert OffsetParameters().load({"q": "x", "limit": "1"}) == {"limit": 1}
    assert CursorParameters().load({"q": "x"}) == {}


@pytest.mark.parametrize("count", ["exact", "none", "capped", "estimated", "window"])
def test_the_page_schema_is_the_shape_of_pages(session, count):
    data = paginated(NUMBERS, NumberSchema, 0, 5, session=session, count=count).data
    schema = page_schema(NumberSchema, count=count)()

    assert set(schema.fields) == set(data)
    assert schema.dump(data) == data
    if count == "window":
        return
    options = {"session": session, "secret": "s", "limit": 5, "count": count}
    walked = cursor_paginated(NUMBERS, NumberSchema, **options).data
    schema = page_schema(NumberSchema, "cursor", count=count)()
    assert set(schema.fields) == set(walked)
    assert schema.dump(walked) == walked


def test_a_page_schema_is_made_once():
    assert page_schema(NumberSchema) is page_schema(NumberSchema)
    assert page_schema(NumberSchema()).__name__ == "NumberPage"
    assert page_schema(NumberSchema(only=["n"])).__name__ == "NumberOnlyNPage"


@pytest.mark.parametrize("make", [parameters, lambda kind: page_schema(Schema, kind)])
def test_another_kind(make):
    with pytest.raises(ValueError, match="kind must be"):
        make("page")


def test_another_count():
    with pytest.raises(ValueError, match="count must be"):
        page_schema(NumberSchema, count="all")


def test_sorting_by_something_else():
    with pytest.raises(ValidationError):
        SortField(SORT).deserialize("m")
