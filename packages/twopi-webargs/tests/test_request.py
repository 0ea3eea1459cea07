import inspect

import pytest
from flask import Flask
from marshmallow import Schema, ValidationError, fields

import twopi_webargs
from twopi_webargs import (
    BetterFlaskParser,
    RequestValidationError,
    use_args,
    use_kwargs,
    use_request,
)

MISSING = ["Missing data for required field."]
PLACES = {
    "json": {"name": fields.String(required=True)},
    "query": {"floor": fields.Integer(required=True)},
    "path": {"number": fields.Integer(required=True)},
}


@pytest.fixture(params=["sync", "async"])
def build(request):
    """Build a client of an app whose view reads three locations."""

    def build(style="nested", **options):
        app = Flask(__name__)
        twopi_webargs.init_app(app, style=style)
        take = use_request(**PLACES, **options)

        def view(number, json, query, path):
            return [number, json, query, path]

        async def async_view(number, json, query, path):
            return [number, json, query, path]

        chosen = view if request.param == "sync" else async_view
        app.add_url_rule("/<number>", "view", take(chosen), methods=["POST"])
        return app.test_client()

    return build


def test_each_location_is_a_keyword(build):
    answer = build().post("/7?floor=3", json={"name": "Ada"})

    assert answer.json == ["7", {"name": "Ada"}, {"floor": 3}, {"number": 7}]


def test_one_answer_has_the_errors_of_all_locations(build):
    answer = build().post("/x", json={})

    assert answer.status_code == 422
    assert answer.json == {
        "json": {"name": MISSING},
        "query": {"floor": MISSING},
        "path": {"number": ["Not a valid integer."]},
    }


def test_styles(build):
    flat = build("flat").post("/x", json={}).json
    pointers = build("pointers").post("/7", json={}).json

    assert sorted(flat) == ["floor", "name", "number"]
    assert [error["location"] for error in pointers["_errors"]] == ["json", "query"]


def test_a_body_that_is_no_json_is_a_400_beside_the_others(build):
    answer = build().post("/7", data="{", content_type="application/json")

    assert answer.status_code == 400
    assert answer.json == {
        "json": {"_schema": ["Invalid JSON body."]},
        "query": {"floor": MISSING},
    }


def test_status_and_headers(build):
    client = build(error_status_code=409, error_headers={"X-Why": "because"})
    answer = client.post("/x", json={})

    assert (answer.status_code, answer.headers["X-Why"]) == (409, "because")


def test_the_error_carries_the_messages_of_all():
    app = Flask(__name__)

    @use_request(**PLACES)
    def view(json, query, path):
        """Never get here."""

    with app.test_request_context("/", json={}), pytest.raises(ValidationError) as info:
        view()

    assert isinstance(info.value, RequestValidationError)
    assert info.value.messages.keys() == {"json", "query", "path"}
    assert info.value.data is None


def test_another_error_of_a_handler_passes_through():
    class Strict(BetterFlaskParser):
        def handle_error(self, error, *args, **kwargs):
            raise LookupError

    @Strict().use_request(**PLACES)
    def view(json, query, path):
        """Never get here."""

    with (
        Flask(__name__).test_request_context("/", json={}),
        pytest.raises(LookupError),
    ):
        view()


def test_a_location_has_to_exist():
    with pytest.raises(ValueError, match="jsn"):
        use_request(jsn={})
    with pytest.raises(TypeError, match="location"):
        use_request()


class Room(Schema):
    name = fields.String()


def test_views_say_what_they_read():
    @use_args(Room)
    @use_kwargs({"floor": fields.Integer()}, location="query")
    @use_request(path={"number": fields.Integer()}, cookies=Room)
    def view():
        """Show."""

    specs = view.__webargs_specs__

    assert [place for place, _ in specs] == ["json", "query", "path", "cookies"]
    assert specs[0][1] is specs[3][1] is Room
    assert isinstance(specs[1][1], Schema)
    assert list(specs[2][1].fields) == ["number"]
    assert view.__doc__ == "Show."


def test_specs_of_one_view_stay_with_it():
    @use_args(Room)
    async def first():
        """Show."""

    second = use_kwargs({"a": fields.Integer()}, location="form")(first)

    assert len(first.__webargs_specs__) == 1
    assert len(second.__webargs_specs__) == 2
    assert inspect.iscoroutinefunction(second)
