"""Documents of whole applications, valid by an independent validator."""

import json
import os
import subprocess
import sys
from functools import wraps
from pathlib import Path
from types import MappingProxyType

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView, View
from flask_restful import Api, Resource
from marshmallow import EXCLUDE, Schema, fields, validate
from openapi_spec_validator import validate as check
from webargs import fields as webfields
from werkzeug.routing import BaseConverter

from twopi_openapi import (
    AmbiguousPathError,
    DuplicateOperationError,
    UnknownLocationError,
    describes,
    document,
    hidden,
    returns,
)


class NoteSchema(Schema):
    """A note.

    It has more to say.
    """

    id = fields.Integer(dump_only=True)
    text = fields.String(required=True, validate=validate.Length(1, 200))
    secret = fields.String(load_only=True)
    parent = fields.Nested(lambda: NoteSchema(exclude=["parent"]), allow_none=True)


class Tags(Schema):
    tags = fields.List(fields.String())


class Even(BaseConverter):
    regex = "[02468]+"


def marked(**fragment):
    """A decorator of another package, which does not know ours."""

    def decorate(view):
        @wraps(view)
        def wrapper(*args, **kwargs):
            return view(*args, **kwargs)

        wrapper.__openapi__ = (fragment, *vars(view).get("__openapi__", ()))
        return wrapper

    return decorate


def reads(schema, location="json", status=422, unknown=None):
    """What twopi-webargs leaves on a view that reads arguments."""
    given = {"schema": schema, "location": location, "status": status}
    return marked(arguments=[given | {"unknown": unknown}])


BEARER = {"bearer": {"type": "http", "scheme": "bearer"}}


def locked(*scopes, required=True):
    """What twopi-token-auth leaves on a view that asks for a token."""
    auth = {"schemes": BEARER, "required": required, "scopes": list(scopes)}
    return marked(auth=auth)


def torture():  # noqa: C901 - one view of each sort
    """An application with something of everything."""
    app = Flask("torture")
    app.url_map.converters["even"] = Even
    app.version = "1.2.3"

    @app.get("/notes/<int(min=3, max=9):number>")
    @returns(NoteSchema, headers={"ETag": "Its version."})
    @returns(status=204)
    def show_note(number):
        """Show a note.

        All of it.
        """

    @app.get("/notes/<even:digits>/<path:rest>/<any(b, a):kind>/<uuid:key>")
    def odd_paths(**_):
        pass

    @app.get("/texts/<string(length=2):two>/<string(minlength=2, maxlength=5):few>")
    def texts(two, few):
        pass

    @app.get("/temperatures/<float(signed=True):degrees>")
    def temperature(degrees):
        pass

    @app.post("/notes")
    @reads(NoteSchema())
    @returns(NoteSchema, 201)
    def add_note(values):
        pass

    @app.route("/search", methods=["GET", "POST"], defaults={"page": 1})
    @reads({"q": fields.String(required=True)}, "query")
    @reads({"ids": webfields.DelimitedList(fields.Integer())}, "query")
    @reads({"tag": fields.List(fields.String())}, "query")
    @reads({"X-Trace": fields.String(), "Accept": fields.String()}, "headers")
    @reads({"theme": fields.String(load_default="dark")}, "cookies")
    @returns(NoteSchema, many=True)
    def search(**_):
        """Search."""

    @app.post("/upload")
    @reads({"picture": fields.Raw(required=True)}, "files")
    @reads({"more": fields.List(fields.Raw())}, "files")
    @reads({"title": fields.String(required=True)}, "form")
    def upload(*_):
        pass

    @app.put("/either")
    @reads(Tags, "json_or_form")
    @describes(
        summary="Either",
        description="JSON or a form.",
        tags=["other"],
        errors={409: "It is taken."},
        deprecated=True,
        external_docs="https://example.org",
        parameters=[{"in": "query", "name": "x", "schema": {"type": "string"}}],
    )
    def either(values):
        pass

    @app.get("/hidden")
    @hidden
    def hidden_view():
        pass

    class Item(MethodView):
        decorators = (locked("read"),)

        @returns(NoteSchema(only=["id", "text"]))
        def get(self, key):
            """Show an item."""

        @locked("write", required=False)
        def delete(self, key):
            """Delete an item."""

    app.add_url_rule("/items/<int:key>", view_func=Item.as_view("item"))

    class Old(View):
        methods = ("GET",)

        def dispatch_request(self):
            """Be old."""

    app.add_url_rule("/old", view_func=Old.as_view("old"))

    @app.get("/optional")
    @locked(required=False)
    @marked(responses={200: {"schema": {"type": "object"}}})
    @marked(responses={200: {"schema": Tags, "many": True}})
    @marked(responses={200: {"schema": {"type": "string"}, "content_type": "text/csv"}})
    def optional():
        pass

    class Thing(Resource):
        method_decorators = MappingProxyType({"get": [locked()]})

        @returns(Tags)
        def get(self, key):
            """Show a thing."""

        def put(self, key):
            """Replace a thing."""

    resources = Blueprint("api2", __name__, url_prefix="/v2")
    Api(resources).add_resource(Thing, "/things/<key>", "/things/<key>/of/<owner>")
    app.register_blueprint(resources)

    outer = Blueprint("outer", __name__, url_prefix="/api/<lang>")
    inner = Blueprint("inner", __name__)
    inner.get("/words")(lambda lang: lang)
    outer.register_blueprint(inner, url_prefix="/inner")
    app.register_blueprint(outer)
    app.register_blueprint(outer, url_prefix="/again/<lang>", name="again")
    return app


@pytest.fixture(scope="module")
def said():
    return document(torture())


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_the_document_is_valid(version):
    made = document(torture(), openapi=version, description="All of it.")

    check(made)
    assert made["openapi"].startswith(version)
    json.dumps(made)


def test_what_is_said_of_the_application(said):
    assert said["info"] == {"title": "torture", "version": "1.2.3"}
    assert said["servers"] == [{"url": "/"}]
    assert "/hidden" not in said["paths"]
    assert not [path for path in said["paths"] if "static" in path]


def test_a_view_and_its_docstring(said):
    operation = said["paths"]["/notes/{number}"]["get"]

    assert operation["summary"] == "Show a note"
    assert operation["description"] == "All of it."
    assert operation["operationId"] == "show_note"
    assert operation["parameters"] == [
        {
            "name": "number",
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 3, "maximum": 9},
        }
    ]
    assert list(operation["responses"]) == ["200", "204", "404"]
    assert operation["responses"]["200"]["headers"]["ETag"]["description"]
    assert operation["security"] == []


def test_variables_of_paths(said):
    path = "/notes/{digits}/{rest}/{kind}/{key}"
    found = {
        each["name"]: each["schema"]
        for each in said["paths"][path]["get"]["parameters"]
    }

    assert found == {
        "digits": {"type": "string", "pattern": "^(?:[02468]+)$"},
        "rest": {"type": "string", "x-slashes": True},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "key": {"type": "string", "format": "uuid"},
    }
    [two, few] = said["paths"]["/texts/{two}/{few}"]["get"]["parameters"]
    assert two["schema"] == {"type": "string", "minLength": 2, "maxLength": 2}
    assert few["schema"] == {"type": "string", "minLength": 2, "maxLength": 5}
    [degrees] = said["paths"]["/temperatures/{degrees}"]["get"]["parameters"]
    assert degrees["schema"] == {"type": "number"}


def test_what_is_taken_and_what_is_sent_are_two_schemas(said):
    operation = said["paths"]["/notes"]["post"]
    schemas = said["components"]["schemas"]

    body = operation["requestBody"]
    assert body["required"] is True
    assert body["content"]["application/json"]["schema"]["$ref"].endswith("/NoteInput")
    assert schemas["NoteInput"]["required"] == ["text"]
    assert schemas["NoteInput"]["additionalProperties"] is False
    assert set(schemas["NoteInput"]["properties"]) == {"text", "secret", "parent"}
    assert set(schemas["Note"]["properties"]) == {"id", "text", "parent"}
    assert schemas["Note"]["required"] == ["id", "text", "parent"]
    assert schemas["Note"]["description"] == "A note."
    assert "422" in operation["responses"]


def test_arguments_outside_of_the_body(said):
    operation = said["paths"]["/search"]["get"]
    found = {(each["in"], each["name"]): each for each in operation["parameters"]}

    assert set(found) == {
        ("query", "q"),
        ("query", "ids"),
        ("query", "tag"),
        ("header", "X-Trace"),
        ("cookie", "theme"),
    }
    assert found["query", "q"]["required"] is True
    assert found["query", "ids"]["explode"] is False
    assert found["query", "tag"]["explode"] is True
    assert found["cookie", "theme"]["schema"]["default"] == "dark"
    assert "requestBody" not in operation


def test_files_and_a_form_are_one_body(said):
    body = said["paths"]["/upload"]["post"]["requestBody"]
    parts = body["content"]["multipart/form-data"]["schema"]["allOf"]

    assert list(body["content"]) == ["multipart/form-data"]
    properties = {name for part in parts for name in part["properties"]}
    assert properties == {"picture", "more", "title"}


def test_tokens_and_scopes(said):
    item = said["paths"]["/items/{key}"]

    assert item["get"]["security"] == [{"bearer": ["read"]}]
    assert item["delete"]["security"] == [{"bearer": ["read", "write"]}]
    assert {"401", "403", "404"} <= set(item["get"]["responses"])
    assert "WWW-Authenticate" in item["get"]["responses"]["401"]["headers"]
    assert said["paths"]["/optional"]["get"]["security"] == [{}, {"bearer": []}]
    assert said["components"]["securitySchemes"] == BEARER


def test_a_resource_and_its_decorators(said):
    thing = said["paths"]["/v2/things/{key}"]

    assert thing["get"]["security"] == [{"bearer": []}]
    assert thing["put"]["security"] == []
    assert thing["get"]["operationId"] == "get_api2_thing"
    longer = said["paths"]["/v2/things/{key}/of/{owner}"]["get"]
    assert longer["operationId"] == "get_api2_thing_by_owner"


def test_two_bodies_of_one_status_are_alternatives(said):
    content = said["paths"]["/optional"]["get"]["responses"]["200"]["content"]

    assert len(content["application/json"]["schema"]["anyOf"]) == 2
    assert content["text/csv"]["schema"] == {"type": "string"}


def make(*rules):
    app = Flask("small")
    for rule, endpoint, view in rules:
        app.add_url_rule(rule, endpoint, view)
    return app


def view(**_):
    return ""


def test_paths_that_differ_in_names_are_one():
    app = make(("/a/<int:x>", "x", view))
    app.add_url_rule("/a/<y>", "y", view, methods=["POST"])

    made = document(app)

    check(made)
    assert list(made["paths"]) == ["/a/{x}"]
    assert set(made["paths"]["/a/{x}"]) == {"get", "post"}


def test_two_views_of_one_path_and_method_are_an_error():
    app = make(("/a/<int:x>", "x", view), ("/a/<string:y>", "y", view))

    with pytest.raises(
        AmbiguousPathError, match=r"GET /a/<string:y>.*/a/<int:x>"
    ) as caught:
        document(app)
    assert caught.value.rule


def test_one_id_for_two_operations_is_an_error():
    twice = [
        describes(operation_id="same")(lambda: ""),
        describes(operation_id="same")(lambda: ""),
    ]
    app = make(("/a", "a", twice[0]), ("/b", "b", twice[1]))

    with pytest.raises(DuplicateOperationError, match="GET /a and GET /b"):
        document(app)


def test_arguments_from_elsewhere_are_an_error():
    lunar = reads({"x": fields.String()}, "moon")(view)

    with pytest.raises(UnknownLocationError, match="'moon'"):
        document(make(("/a", "a", lunar)))


def test_the_specs_of_webargs_are_read_too():
    app = Flask("small")
    app.post("/a")(marked()(view))
    app.view_functions["view"].__webargs_specs__ = (("json", Tags()),)

    body = document(app)["paths"]["/a"]["post"]["requestBody"]

    assert body["content"]["application/json"]["schema"]["$ref"].endswith("TagsInput")


def test_nested_blueprints_and_two_registrations(said):
    inner = said["paths"]["/api/{lang}/inner/words"]["get"]
    again = said["paths"]["/again/{lang}/inner/words"]["get"]

    assert inner["tags"] == ["outer.inner"]
    assert again["tags"] == ["again.inner"]
    assert inner["operationId"] != again["operationId"]


def test_the_rules_of_one_use_are_in_the_document():
    app = Flask("small")
    app.post("/a")(reads(Tags, status=400, unknown=EXCLUDE)(view))

    operation = document(app)["paths"]["/a"]["post"]

    assert "400" in operation["responses"]
    assert "422" not in operation["responses"]
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = document(app)["components"]["schemas"][name.rpartition("/")[2]]
    assert "additionalProperties" not in schema


def test_fragments_may_depend_on_the_application():
    app = make(("/a", "a", marked()(view)))
    app.view_functions["a"].__openapi__ = (lambda app: {"summary": app.name},)

    assert document(app)["paths"]["/a"]["get"]["summary"] == "small"


def test_extensions_tell_the_form_of_errors():
    app = make(("/a/<x>", "a", view))
    form = {"application/problem+json": {"schema": {"type": "object"}}}
    app.extensions["errors"] = type("E", (), {"__openapi__": {"errors": form}})()

    responses = document(app)["paths"]["/a/{x}"]["get"]["responses"]

    assert responses["404"]["content"] == form
    own = document(app, error_schema={"type": "string"})
    responses = own["paths"]["/a/{x}"]["get"]["responses"]
    assert responses["404"]["content"]["application/json"]["schema"] == {
        "type": "string"
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"only": ["api2"]}, {"/v2/things/{key}", "/v2/things/{key}/of/{owner}"}),
        ({"only": ["/notes"], "hide": ["/notes/<e"]}, {"/notes", "/notes/{number}"}),
    ],
)
def test_parts_of_an_application(options, expected):
    assert set(document(torture(), **options)["paths"]) == expected


def test_what_is_added_by_hand():
    extra = {
        "info": {"contact": {"name": "Ada"}},
        "externalDocs": {"url": "https://x.example"},
    }

    made = document(make(), title="T", version="9", servers=["/v9"], extra=extra)

    assert made["info"] == {"title": "T", "version": "9", "contact": {"name": "Ada"}}
    assert made["servers"] == [{"url": "/v9"}]
    assert made["externalDocs"]


def test_a_version_that_is_not_made():
    with pytest.raises(ValueError, match=r"3\.1"):
        document(make(), openapi="2.0")


def test_two_classes_of_one_name_have_their_modules():
    other = type(
        "NoteSchema", (Schema,), {"__module__": "shop.other", "x": fields.Integer()}
    )
    app = make(
        ("/a", "a", returns(NoteSchema)(lambda: "")),
        ("/b", "b", returns(other)(lambda: "")),
    )

    names = set(document(app)["components"]["schemas"])

    assert "ShopOtherNote" in names
    assert "Note" not in names


def test_the_document_is_the_same_in_each_process():
    code = (
        "import json, test_document as t;"
        "print(json.dumps(t.document(t.torture()), sort_keys=False))"
    )
    texts = set()
    for seed in ("1", "2"):
        env = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": str(Path(__file__).parent),
        }
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        texts.add(done.stdout)
    assert len(texts) == 1


def test_names_stay_when_views_are_added(said):
    app = torture()

    @app.get("/new")
    @returns(NoteSchema(partial=True))
    def new():
        pass

    @app.get("/notes/<int:x>/new")
    @reads(NoteSchema(partial=True))
    def newer(values, x):
        pass

    later = document(app)

    for path, item in said["paths"].items():
        assert later["paths"][path] == item
    assert set(said["components"]["schemas"]) <= set(later["components"]["schemas"])
